"""Numbers that can be recomputed from the file beside them; choices that say how they were made."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch

from poseshift import evaluation as module
from poseshift.data.domain import LabeledDomain
from poseshift.data.pack import Pack, PackWriter
from poseshift.data.types import Sample
from poseshift.errors import UserError
from poseshift.evaluation import evaluate, measure, protocol_cells
from poseshift.nn.posenet import PoseNet
from poseshift.predict import Predictions
from poseshift.run import Run, write_manifest
from poseshift.selection import Selection, write_selection
from poseshift.skeleton import joint_map, skeleton
from tests.tiny_runs import tiny

SIDE = 64


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Three checkpoints of nothing learned."""
    made = Run.create(tmp_path / "run", tiny())
    write_manifest(made, {}, skeleton("body16"))
    for step in (2, 4, 7):
        torch.manual_seed(step)
        network = PoseNet(made.config.network, 16)
        for parameter in network.head.parameters():
            torch.nn.init.normal_(parameter)
        made.save_checkpoint(network, step)
    return made


@pytest.fixture
def pack(tmp_path: Path, puppet_packs: dict[str, Pack]) -> Pack:
    """Studio crops that were cut from larger images, half size, each at its own place."""
    return rewritten(puppet_packs["studio"], tmp_path / "pack")


def matrix(index: int) -> Any:
    return np.array([[2, 0, 10.0 * index], [0, 2, 5], [0, 0, 1]], np.float32)


def rewritten(pack: Pack, path: Path, joints: str = "body16", **settings: Any) -> Pack:
    poses, kind = pack.poses, skeleton(joints)
    points, visible = poses.keypoints_NK2, poses.visibility_NK
    if joints != "body16":
        points, visible = joint_map(pack.skeleton, kind).apply(points, visible)
    with PackWriter(path, kind, pack.info.side, **settings) as writer:
        for i, name in enumerate(poses.id_N):
            image, category = bytes(pack.crops.encoded(i)), "abc"[i % 3]
            sample = Sample(name, image, points[i], visible[i], matrix(i), category=category)
            writer.add(sample)
    return Pack(path)


def predictions(folder: Path) -> dict[str, Any]:
    with pa.ipc.open_file(str(folder / "predictions.arrow")) as file:
        table = file.read_all()
    found: dict[str, Any] = {name: table[name].to_pylist() for name in ("id", "category")}
    for name in ("keypoints", "original", "confidence", "error"):
        flat = table[name].combine_chunks().flatten().to_numpy()
        found[name] = flat.reshape(table.num_rows, -1)
    return found


# --- what it writes -------------------------------------------------------------------------------


def test_the_numbers_follow_from_the_file(run: Run, pack: Pack):
    [found] = evaluate(run, pack)
    rows = predictions(found.folder)
    kind = pack.skeleton
    truth = pack.poses.keypoints_NK2
    error = np.linalg.norm(rows["keypoints"].reshape(-1, 16, 2) - truth, axis=-1)
    np.testing.assert_allclose(rows["error"], error, atol=1e-4)
    inside = ((truth >= -0.5) & (truth < SIDE - 0.5)).all(-1) & (pack.poses.visibility_NK > 0)
    hit = (rows["error"] <= 0.05 * SIDE) & inside
    per_joint = [hit[:, k].sum() / max(1, inside[:, k].sum()) for k in range(16)]
    expected = dict(zip(kind.keypoints, per_joint, strict=True))
    assert found.metrics["pck_per_joint"] == pytest.approx(expected)
    scored = [per_joint[k] for k in kind.scored if inside[:, k].any()]
    assert found.metrics["pck"] == pytest.approx(np.mean(scored))
    middle = np.median(rows["error"][:, list(kind.scored)][inside[:, list(kind.scored)]])
    assert found.metrics["pixel_error"]["median"] == pytest.approx(middle, rel=1e-4)


def test_original_coordinates_are_those_of_the_users_images(run: Run, pack: Pack):
    [found] = evaluate(run, pack)
    rows = predictions(found.folder)
    crop = rows["keypoints"].reshape(-1, 16, 2)
    expected = 2 * crop + np.array([[[10.0 * i, 5.0]] for i in range(len(pack))])
    np.testing.assert_allclose(rows["original"].reshape(-1, 16, 2), expected, atol=1e-3)
    assert rows["id"] == pack.poses.id_N
    assert rows["category"] == pack.poses.category_N
    assert set(found.metrics["pck_per_category"]) == {"a", "b", "c"}
    assert rows["confidence"].shape == (24, 16)


def test_the_json_says_what_was_measured(run: Run, pack: Pack):
    [found] = evaluate(run, pack)
    place = f"pack-{pack.info.fingerprint[:8]}"
    assert found.folder == run.path / "evaluations" / place / "000007"
    said = json.loads((found.folder / "metrics.json").read_text())
    assert said == found.metrics
    about = {"run": "run", "method": "source_only", "seed": 0, "step": 7, "choice": "last"}
    about |= {"pack": "pack", "fingerprint": pack.info.fingerprint, "crop_from": "user"}
    assert about.items() <= said.items()
    assert said["mapping"] == ""
    assert said["images"] == 24


def test_a_packs_name_cannot_leave_the_folder(run: Run, pack: Pack, tmp_path: Path):
    named = rewritten(pack, tmp_path / "other", name="../../a b")
    [found] = evaluate(run, named)
    assert found.folder.parent.parent == run.path / "evaluations"
    assert found.folder.parent.name.startswith(".._.._a_b-")


def test_packs_of_one_name_do_not_overwrite_each_other(run: Run, pack: Pack, tmp_path: Path):
    with PackWriter(tmp_path / "other", pack.skeleton, SIDE, name=pack.info.name) as writer:
        points, seen = pack.poses.keypoints_NK2[0], pack.poses.visibility_NK[0]
        writer.add(Sample("a", bytes(pack.crops.encoded(0)), points, seen))
    folders = [evaluate(run, p)[0].folder for p in (pack, Pack(tmp_path / "other"))]
    assert folders[0] != folders[1]


@pytest.mark.parametrize("role", ["source", "target"])
def test_it_says_when_the_run_was_trained_on_these_samples(run: Run, pack: Pack, role: str):
    assert evaluate(run, pack)[0].metrics["trained_on"] is None
    data = {role: {"fingerprint": pack.info.fingerprint, "crop_from": "keypoints"}}
    write_manifest(run, data, skeleton("body16"))
    again = Run.open(run.path)
    metrics = evaluate(again, pack)[0].metrics
    assert metrics["trained_on"] == role
    assert metrics["target_crop_from"] == ("keypoints" if role == "target" else None)


def test_a_full_disk_is_told(run: Run, pack: Pack, monkeypatch: pytest.MonkeyPatch):
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module.pa.ipc, "new_file", full)
    with pytest.raises(UserError, match=r"predictions\.arrow: could not be written"):
        evaluate(run, pack)
    assert not list(run.path.rglob("metrics.json"))


# --- which checkpoint -----------------------------------------------------------------------------


def scored_by(scores: dict[int, float | None]) -> Callable[..., dict[str, Any]]:
    """Pretend that checkpoints reach these PCKs, in the order they are measured."""
    order = iter([7, 2, 4])

    def measure(*_: Any) -> dict[str, Any]:
        return {"pck": scores[next(order)]}

    return measure


@pytest.mark.parametrize(
    ("scores", "best"),
    [({2: 0.1, 4: 0.3, 7: 0.2}, 4), ({2: 0.1, 4: 0.3, 7: 0.5}, 7), ({2: None, 4: 0.1, 7: 0.0}, 4)],
)
def test_a_peek_is_the_best_by_these_labels_and_says_so(
    scores: dict[int, float | None],
    best: int,
    run: Run,
    pack: Pack,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(module, "measure", scored_by(scores))
    last, peek = evaluate(run, pack, peek=True)
    assert (last.step, last.choice, last.metrics["choice"]) == (7, "last", "last")
    assert (peek.step, peek.choice, peek.metrics["choice"]) == (best, "peek", "peek")
    assert peek.metrics["pck"] == scores[best]
    kept = {
        int(file.parent.name): json.loads(file.read_text())["choice"]
        for file in run.path.rglob("metrics.json")
    }
    assert kept == {2: "step", 4: "step", 7: "last"}


@pytest.mark.parametrize("step", [2, 4, 7])
def test_what_was_selected_stands_between_last_and_peek(
    step: int, run: Run, pack: Pack, monkeypatch: pytest.MonkeyPatch
):
    assert [e.choice for e in evaluate(run, pack)] == ["last"]
    write_selection(run, Selection(step, "default", {}, kept_start=False))
    order = []
    real = module._evaluate_one
    monkeypatch.setattr(
        module, "_evaluate_one", lambda *given: order.append(given[2]) or real(*given)
    )
    last, selected, peek = evaluate(run, pack, peek=True)
    assert sorted(order) == [2, 4, 7], "none is measured twice"
    assert (last.step, last.choice, last.metrics["choice"]) == (7, "last", "last")
    assert (selected.step, selected.choice) == (step, "selected")
    assert selected.metrics["choice"] == "selected"
    assert selected.folder.name == f"{step:06d}"
    assert peek.metrics["pck"] >= max(last.metrics["pck"], selected.metrics["pck"])
    kept = json.loads((selected.folder.parent / "selected.json").read_text())
    assert kept == selected.metrics
    assert [e.choice for e in evaluate(run, pack, step=4)] == ["step"]


def test_a_selection_of_no_checkpoint_is_told_before_the_work(
    run: Run, pack: Pack, monkeypatch: pytest.MonkeyPatch
):
    write_selection(run, Selection(5, "default", {}, kept_start=False))
    monkeypatch.setattr(module, "_evaluate_one", None)
    with pytest.raises(UserError, match=r"selection\.json: names no checkpoint(.|\n)*delete it"):
        evaluate(run, pack)


def test_a_step_can_be_asked_for(run: Run, pack: Pack):
    [found] = evaluate(run, pack, step=4)
    assert (found.step, found.choice) == (4, "step")
    with pytest.raises(UserError, match=r"no checkpoint of step 5(.|\n)*2, 4, 7"):
        evaluate(run, pack, step=5)


def test_an_unlabelled_pack_cannot_be_measured(run: Run, pack: Pack, tmp_path: Path):
    with PackWriter(tmp_path / "bare", pack.skeleton, SIDE) as writer:
        nothing = np.full((16, 2), np.nan, np.float32)
        image = bytes(pack.crops.encoded(0))
        writer.add(Sample("a", image, nothing, np.zeros(16, np.uint8)))
    with pytest.raises(UserError, match="has no labels"):
        evaluate(run, Pack(tmp_path / "bare"))


# --- other joints ---------------------------------------------------------------------------------


def test_a_pack_of_another_skeleton_is_mapped_by_name(run: Run, pack: Pack, tmp_path: Path):
    [same] = evaluate(run, pack)
    [found] = evaluate(run, rewritten(pack, tmp_path / "lsp", "lsp14"))
    assert "lsp14" in found.metrics["mapping"]
    mine, theirs = skeleton("body16"), skeleton("lsp14")
    shared = set(mine.keypoints) & set(theirs.keypoints)
    assert len(shared) >= 12
    for name in mine.keypoints:
        told = found.metrics["pck_per_joint"][name]
        if name in shared:
            assert told == same.metrics["pck_per_joint"][name]
    assert found.metrics["labelled_joints"] <= same.metrics["labelled_joints"]


def test_joints_that_do_not_meet_are_refused(
    run: Run, tmp_path: Path, puppet_packs: dict[str, Pack]
):
    image = bytes(puppet_packs["studio"].crops.encoded(0))
    with PackWriter(tmp_path / "hands", skeleton("hand21"), SIDE) as writer:
        writer.add(Sample("a", image, np.ones((21, 2), np.float32), np.full(21, 2, np.uint8)))
    with pytest.raises(UserError, match="no keypoint in common"):
        evaluate(run, Pack(tmp_path / "hands"))


# --- the published computation --------------------------------------------------------------------


def test_protocol_cells_are_rounded_and_zero_where_the_map_is_empty():
    points = torch.tensor([[[0.0, 63.0], [5.9, 6.1], [62.0, 1.0], [-3.0, 8.0], [7.0, 7.0]]])
    seen = torch.tensor([[2, 1, 2, 2, 0]])
    cells = protocol_cells(points, seen, side=64, cells=16)
    # 63 px is cell 15.75, rounded to 16: beyond the last of 16, so its label map is empty.
    assert cells.tolist() == [[[0, 0], [1, 2], [0, 0], [0, 0], [0, 0]]]


@pytest.mark.parametrize(("joints", "batch"), [("body16", 32), ("animal18", 1)])
def test_published_averages_go_by_32_images_and_for_animals_by_one(
    joints: str, batch: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    puppet_packs: dict[str, Pack],
):  # fmt: skip
    image, count = bytes(puppet_packs["studio"].crops.encoded(0)), len(skeleton(joints))
    points = np.full((count, 2), 20, np.float32)
    with PackWriter(tmp_path / "pack", skeleton(joints), SIDE) as writer:
        writer.add(Sample("a", image, points, np.full(count, 2, np.uint8)))
    domain = LabeledDomain(Pack(tmp_path / "pack"))
    given: list[Any] = []
    real = module.summarize
    monkeypatch.setattr(
        module, "summarize", lambda *a, **k: given.append(k["cells"]) or real(*a, **k)
    )
    found = Predictions(
        torch.from_numpy(points)[None], torch.ones(1, count), torch.full((1, count, 2), 5.0), 16
    )
    metrics = measure(found, domain)
    assert given[0].batch_size == batch
    assert metrics["pck"] == 1.0
    assert metrics["pck_protocol"] == 1.0
