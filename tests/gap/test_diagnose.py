"""Diagnoses: what differs is found, what is the same is not, and no label is read unasked."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from poseshift.data.frames import write_frames
from poseshift.data.pack import Pack
from poseshift.errors import BadInput, UserError
from poseshift.gap import pose
from poseshift.gap.diagnose import Gap, diagnose, to_dict
from poseshift.gap.distance import Distance
from poseshift.nn.posenet import PoseNet
from poseshift.run import Run, write_manifest
from poseshift.sampling.pose_vae import VaeConfig
from poseshift.skeleton import joint_map, skeleton
from tests.gap.made import draw, relabelled
from tests.tiny_runs import tiny


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pose, "VAE", VaeConfig(steps=40))


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """As training leaves one, but for the training."""
    run = Run.create(tmp_path / "run", tiny())
    write_manifest(run, {}, skeleton("body16"))
    torch.manual_seed(0)
    run.save_checkpoint(PoseNet(run.config.network, 16), 4)
    return run


def named(gap: Gap) -> dict[str, Distance]:
    return {d.name: d for section in gap.sections for d in section.distances}


def ends(worlds: dict[str, Pack], source: str = "studio", target: str = "street") -> list[str]:
    return [str(worlds[source].path), str(worlds[target].path)]


def test_a_world_against_itself_is_at_its_floor(worlds: dict[str, Pack]):
    for target in ("studio", "studio/test"):
        gap = diagnose(*ends(worlds, target=target), use_labels=True)
        assert not [d for d in named(gap).values() if d.level == "clear"]
        assert gap.support is not None
        assert max(gap.support.share_k) < 0.35
        assert gap.advice.command.endswith("--method source_only")


def test_studio_and_street_differ_in_looks_and_it_is_told_what_was_not_compared(
    worlds: dict[str, Pack],
):
    gap = diagnose(*ends(worlds))
    assert [section.name for section in gap.sections] == ["appearance", "crop"]
    assert named(gap)["features, probe"].level == "clear"
    assert "random 'tiny' backbone, which was taught nothing" in gap.sections[0].said
    assert (gap.angles, gap.support, gap.evidence.facts) == ([], None, None)
    assert any("no pose of the target is known" in note for note in gap.notes)
    assert "--method lodestar" in gap.advice.command


def test_no_label_of_the_target_is_read_unless_asked_for(worlds: dict[str, Pack], tmp_path: Path):
    wrong = np.random.default_rng(0).uniform(0, 31, (64, 16, 2)).astype(np.float32)
    street = worlds["street"]
    packs = (
        street,
        relabelled(street, tmp_path / "wrong", wrong),
        relabelled(street, tmp_path / "bare", None),
    )
    source = str(worlds["studio"].path)
    told = []
    for pack in packs:
        gap = to_dict(diagnose(source, str(pack.path)))
        told.append(json.dumps({**gap, "target": "", "advice": gap["advice"]["reasons"]}))
    assert told[0] == told[1] == told[2]
    asked = [diagnose(source, str(pack.path), use_labels=True) for pack in packs[:2]]
    assert named(asked[0])["rarity"] != named(asked[1])["rarity"]
    assert "labels of both" in asked[0].sections[-1].said
    with pytest.raises(UserError, match="has no labels"):
        diagnose(source, str(packs[2].path), use_labels=True)


def test_the_same_question_has_the_same_answer(
    worlds: dict[str, Pack], run: Run, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("poseshift.gap.poses.SURE", 0.0)  # it is sure of nothing
    one, other = (to_dict(diagnose(*ends(worlds), run=run.path)) for _ in range(2))
    assert one == other
    json.dumps(one, allow_nan=False)  # and JSON can hold it


def test_a_run_lends_its_eyes_and_its_predictions(
    worlds: dict[str, Pack], run: Run, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("poseshift.gap.poses.SURE", 0.0)  # it is sure of nothing
    gap = diagnose(*ends(worlds), run=run.path)
    assert f"the backbone of {run.path}, checkpoint 4" in gap.sections[0].said
    assert "at 32 px" in gap.sections[0].said
    assert "its mistakes count as gap" in gap.sections[-1].said
    assert any("mistakes look like rare poses" in note for note in gap.notes)
    assert "unseen" not in named(gap)  # of a prediction nobody knows
    assert f"--init {run.path}" in gap.advice.command


def test_a_run_that_is_sure_of_nothing_gives_no_poses_but_still_looks(
    worlds: dict[str, Pack], run: Run
):
    gap = diagnose(*ends(worlds), run=run.path)
    assert [section.name for section in gap.sections] == ["appearance", "crop"]
    assert f"the backbone of {run.path}" in gap.sections[0].said
    assert gap.notes == [f"{run.path} is sure of hardly any joint: no poses are compared"]


def test_poses_that_were_asked_for_and_share_no_joints_are_refused(
    worlds: dict[str, Pack], tmp_path: Path
):
    street = worlds["street"]
    points = np.where(np.arange(16)[:, None] < 2, street.poses.keypoints_NK2, np.nan)
    seen = street.poses.visibility_NK * (np.arange(16) < 2)
    two = relabelled(street, tmp_path / "two", points.astype(np.float32), seen_NK=seen)
    with pytest.raises(UserError, match="2 joints are known in both domains, at least 3"):
        diagnose(str(worlds["studio"].path), str(two.path), use_labels=True)


def test_a_file_of_predictions_stands_for_labels(worlds: dict[str, Pack], tmp_path: Path):
    street = worlds["street"]
    file = write_frames(street, range(64), tmp_path / "found.json")
    told = diagnose(*ends(worlds), predictions=file)
    asked = diagnose(*ends(worlds), use_labels=True)
    assert "64 of 64 poses matched" in told.sections[-1].said
    assert not [note for note in asked.notes if "mistakes" in note]
    for name in ("rarity", "turned", "angles"):
        assert named(told)[name].value == pytest.approx(named(asked)[name].value, abs=0.15)
    assert told.sections[1].name == "crop"
    assert "fill" in named(told)


def test_poses_without_images_are_compared_too(worlds: dict[str, Pack], tmp_path: Path):
    points = worlds["street"].poses.keypoints_NK2
    bare = relabelled(worlds["street"], tmp_path / "bare", points, images=False)
    gap = diagnose(str(worlds["studio"].path), str(bare.path), use_labels=True)
    assert [section.name for section in gap.sections] == ["crop", "pose"]
    assert any("has no images" in note for note in gap.notes)
    assert gap.evidence.crops is None


def test_joints_that_one_skeleton_lacks_are_left_out_and_named(
    worlds: dict[str, Pack], tmp_path: Path
):
    from poseshift.data.pack import PackWriter
    from poseshift.data.types import Sample

    pack, joints = worlds["street"], skeleton("lsp14")
    points, seen = joint_map(pack.skeleton, joints).apply(
        pack.poses.keypoints_NK2.copy(), pack.poses.visibility_NK.copy()
    )
    with PackWriter(tmp_path / "lsp", joints, 32, crop_from="keypoints") as writer:
        for i in range(64):
            writer.add(Sample(f"{i}", None, points[i], seen[i]))
    gap = diagnose(str(worlds["studio"].path), str(tmp_path / "lsp"), use_labels=True)
    assert "one side lacks it: pelvis, thorax" in gap.sections[-1].said
    assert any(note.startswith("lsp14 -> body16: 14 of 16") for note in gap.notes)
    assert any("cropped around its labels" in note for note in gap.notes)
    assert named(gap)["fill"].level != "clear"


def test_what_cannot_be_compared_is_refused_before_the_work(
    worlds: dict[str, Pack], tmp_path: Path
):
    source = str(worlds["studio"].path)
    few = draw("world:studio?count=20", tmp_path / "few")
    hand = draw("world:desk?count=8", tmp_path / "hand")
    with pytest.raises(UserError, match="20 samples are too few to compare, at least 32"):
        diagnose(str(few.path), source)
    with pytest.raises(BadInput, match="have no keypoint in common"):
        diagnose(source, str(hand.path))
    with pytest.raises(UserError, match="both give poses"):
        diagnose(source, source, predictions=tmp_path / "a.json", use_labels=True)
    file = write_frames(worlds["street"], range(3), tmp_path / "three.json")
    with pytest.raises(UserError, match="at least 8 poses of the target are needed, found 3"):
        diagnose(source, str(worlds["street"].path), predictions=file)
