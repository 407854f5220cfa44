"""What ``poseshift prior annotate`` leaves: files that other verbs read, with the same numbers."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from poseshift.data.frames import TeacherPredictions, match_frames
from poseshift.data.pack import Pack, PackWriter
from poseshift.data.types import Sample
from poseshift.errors import UserError
from poseshift.prior.annotate import annotating
from poseshift.prior.annotate.annotated import FILE, SHEET, write_annotated
from poseshift.prior.annotate.annotating import annotate_frames, ensure_poses
from poseshift.prior.annotate.placing import Placing
from poseshift.prior.annotate.unpaired import UnpairedConfig
from poseshift.prior.folder import Prior
from poseshift.prior.pose_writer import write_poses
from tests.prior.made import BODY, bodies, body_generator
from tests.tiny_runs import Shell

BRIEF = ("--steps", "2", "--set", "batch=2", "--set", "side=32")


@pytest.fixture
def poseshift(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(monkeypatch, capsys)


@pytest.fixture
def frames(tmp_path: Path, poseshift: Shell, puppet_packs: dict[str, Pack]) -> Pack:
    """Two folders of three pictures each, wider than high, prepared; and a prior beside them."""
    rng = np.random.default_rng(0)
    for clip in ("anna", "ben"):
        (tmp_path / "photos" / clip).mkdir(parents=True)
        for number in range(3):
            picture = rng.integers(0, 255, (90, 120, 3), np.uint8)
            cv2.imwrite(str(tmp_path / "photos" / clip / f"{number}.png"), picture)
    said = poseshift("prepare", tmp_path / "photos", tmp_path / "pack", "--skeleton", "body16")
    assert said.code == 0, said.err
    (tmp_path / "prior").mkdir()
    Prior(body_generator()).save(tmp_path / "prior", {})
    return Pack(tmp_path / "pack")


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two steps teach nobody anything, and that is no error here."""
    monkeypatch.setattr(annotating, "SHRUNK", 0.0)


def test_what_is_found_starts_a_method_with_the_same_numbers(tmp_path: Path, frames: Pack):
    found_NK2 = 5 + 250 * torch.rand(6, 16, 2, generator=torch.Generator().manual_seed(0))
    sure_NK = torch.linspace(0, 1, 6 * 16).view(6, 16)
    (tmp_path / "out").mkdir()
    write_annotated(tmp_path / "out", frames, BODY, found_NK2, sure_NK, "a test")
    teacher = match_frames(TeacherPredictions, tmp_path / "out" / FILE, frames, BODY)
    seen_NK = sure_NK.numpy()[3:] >= 0.5  # nothing is sure in the first three
    assert len(teacher) == 3
    assert np.array_equal(teacher.visibility_MK > 0, seen_NK)
    gap_NK2 = np.abs(teacher.keypoints_MK2 - found_NK2.numpy()[3:])
    assert np.nanmax(gap_NK2) < 1e-2
    assert cv2.imread(str(tmp_path / "out" / SHEET)).shape[0] > 192


def test_the_command_annotates_every_frame_and_scores_on_others(
    tmp_path: Path, frames: Pack, poseshift: Shell, puppet_packs: dict[str, Pack], brief: None
):
    ends = ("--source", puppet_packs["studio"].path, "--test", puppet_packs["street"].path)
    said = poseshift(
        "prior", "annotate", tmp_path / "prior", frames.path, *ends, "-o", tmp_path / "out", *BRIEF
    )
    assert said.code == 0, said.err
    assert "6 frames annotated, learned from 6 of 2 tracks" in said.out
    assert "it is sure of 0% of the joints: train it for longer" in said.out
    assert "--teacher-predictions" not in said.out
    assert "pck_joint@.05" in said.out
    found = json.loads((tmp_path / "out" / FILE).read_text())
    assert [image["file_name"] for image in found["images"]][::3] == ["anna/0.png", "ben/0.png"]
    assert len(found["annotations"]) == 6
    told = json.loads((tmp_path / "out" / "annotated.json").read_text())
    assert told["settings"]["steps"] == 2
    low, high = told["scores"]["error_interval"]
    assert low <= told["scores"]["error"] <= high


def test_two_crops_of_one_image_stay_apart(tmp_path: Path):
    picture = np.zeros((32, 32, 3), np.uint8)
    matrices = [
        np.array([[z, 0, x], [0, z, 5], [0, 0, 1]], np.float32) for x, z in ((0, 2), (40, 3))
    ]
    with PackWriter(tmp_path / "pack", BODY, 32) as writer:
        for number, matrix_33 in enumerate(matrices):
            bare = np.full((16, 2), np.nan, np.float32), np.zeros(16, np.uint8)
            writer.add(Sample(str(number), picture, *bare, matrix_33, source="both.png"))
    pack, found_NK2 = Pack(tmp_path / "pack"), 31 * torch.rand(2, 16, 2)
    (tmp_path / "out").mkdir()
    write_annotated(tmp_path / "out", pack, BODY, found_NK2, torch.ones(2, 16), "a test")
    told = json.loads((tmp_path / "out" / FILE).read_text())
    assert [image["file_name"] for image in told["images"]] == ["both.png"]
    # The corner -0.5 of a crop, through its matrix, from the image's edge.
    assert [pose["bbox"] for pose in told["annotations"]] == [[-0.5, 4.5, 64, 64], [39, 4, 96, 96]]
    teacher = match_frames(TeacherPredictions, tmp_path / "out" / FILE, pack, BODY)
    assert np.abs(teacher.keypoints_MK2 - found_NK2.numpy()).max() < 1e-2


@pytest.mark.parametrize(
    ("kind", "problem"), [("labels", "no labels to score on"), ("images", "no images to score on")]
)
def test_a_test_that_cannot_be_scored_is_refused_before_training(
    tmp_path: Path, puppet_packs: dict[str, Pack], kind: str, problem: str, frames: Pack
):
    if kind == "images":
        write_poses(tmp_path / "poses", [bodies(4, 0).points_NK2], BODY)
    test = frames.path if kind == "labels" else tmp_path / "poses"
    studio = puppet_packs["studio"].path
    with pytest.raises(UserError, match=problem):
        annotate_frames(tmp_path / "prior", frames.path, studio, tmp_path / "out", test=test)


def test_a_rate_that_breaks_training_is_said(
    tmp_path: Path, frames: Pack, poseshift: Shell, puppet_packs: dict[str, Pack]
):
    said = poseshift(
        "prior", "annotate", tmp_path / "prior", frames.path, "--source",
        puppet_packs["studio"].path, "-o", tmp_path / "out", *BRIEF, "--set", "lr=1e20",
    )  # fmt: skip
    assert said.code == 2
    assert "training broke down by step 2" in said.err
    assert not (tmp_path / "out").exists()


def test_joints_in_a_dot_are_no_poses():
    placing = Placing(torch.zeros(3, 2), torch.tensor([0.5, 0.6, 0.7]))
    pose_NK2 = placing(body_generator().sample(9, 0), torch.Generator().manual_seed(0))
    ensure_poses(pose_NK2, placing)
    with pytest.raises(UserError, match="dots, not poses: 10% as large"):
        ensure_poses(0.1 * pose_NK2 + 0.9, Placing(torch.zeros(1, 2), pose_NK2.amax() * 0 + 0.6))


def test_crops_cut_by_another_rule_are_told(
    tmp_path: Path, frames: Pack, puppet_packs: dict[str, Pack], brief: None
):
    brief = UnpairedConfig(steps=1, batch=2, side=32)
    order: list[str] = []
    told = annotate_frames(
        tmp_path / "prior", frames.path, puppet_packs["studio"].path, tmp_path / "out",
        config=brief, note=order.append, report=lambda *_: order.append("an update"),
    )  # fmt: skip
    assert order == [*told.notes, "an update"]  # before hours of training, not after them
    assert (told.frames, told.learned_from, told.tracks) == (6, 6, 2)
    assert "were cut by image, those of" in told.notes[0]
    about = json.loads((tmp_path / "out" / "annotated.json").read_text())
    assert about["packs"]["target"] == [str(frames.path), frames.info.fingerprint]
    assert (about["seed"], about["scores"], about["settings"]["side"]) == (0, None, 32)


def test_frames_of_no_individual_are_refused(
    tmp_path: Path, frames: Pack, poseshift: Shell, puppet_packs: dict[str, Pack]
):
    said = poseshift(
        "prior", "annotate", tmp_path / "prior", puppet_packs["street"].path,
        "--source", puppet_packs["studio"].path, "-o", tmp_path / "out",
    )  # fmt: skip
    assert said.code == 2
    assert "no two frames of one individual" in said.err
    assert "which is then filmed" in said.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("pairs", [1.0, 0.0])
def test_a_source_of_poses_alone_gives_no_pictures_and_that_is_told(
    tmp_path: Path, frames: Pack, pairs: float, brief: None
):
    write_poses(tmp_path / "poses", [bodies(4, 0).points_NK2], BODY)
    config = UnpairedConfig(steps=1, batch=2, side=32, pairs=pairs)
    told = annotate_frames(
        tmp_path / "prior", frames.path, tmp_path / "poses", tmp_path / "out", config=config
    )
    # Nobody is told that what was switched off is missing.
    assert any("has no images" in note for note in told.notes) == bool(pairs)
