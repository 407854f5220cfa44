"""``poseshift predict``: what it says, for people and for programs."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from poseshift.nn.posenet import PoseNet
from poseshift.run import Run, write_manifest
from poseshift.selection import Selection, write_selection
from poseshift.skeleton import skeleton
from tests.data import tiny as files
from tests.tiny_runs import Shell, tiny


@pytest.fixture
def poseshift(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(monkeypatch, capsys)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    run = Run.create(tmp_path / "run", tiny())
    write_manifest(run, {}, skeleton("body16"))
    torch.manual_seed(0)
    network = PoseNet(run.config.network, 16)
    run.save_checkpoint(network, 4)
    return run


def test_people_are_told_where_it_is(poseshift: Shell, run: Run, tmp_path: Path):
    files.photos(tmp_path / "in")
    (tmp_path / "in" / "img01.png").write_bytes(b"hello")
    said = poseshift("predict", run.path, tmp_path / "in", "--out", tmp_path / "out", "--skip-bad")
    assert said.code == 0
    assert f"{tmp_path}/out/predictions.json: 2 poses in 2 images, checkpoint 4" in said.out
    assert "left out: 1" in said.out
    assert "img01.png" in said.out
    names = sorted(
        p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("*")
    )
    assert names == [
        "overlays", "overlays/img00.jpg", "overlays/img02.jpg", "predictions.json",
    ]  # fmt: skip


def test_people_are_told_that_the_start_was_kept(poseshift: Shell, run: Run, tmp_path: Path):
    photo = files.photo(tmp_path / "a.png")
    write_selection(run, Selection(4, "default", {}, kept_start=True))
    assert (
        "adaptation looks worse" in poseshift("predict", run.path, photo, "-o", tmp_path / "a").out
    )
    write_selection(run, Selection(4, "default", {}, kept_start=False))
    assert "looks worse" not in poseshift("predict", run.path, photo, "-o", tmp_path / "b").out


def test_programs_get_one_object(poseshift: Shell, run: Run, tmp_path: Path):
    photo = files.photo(tmp_path / "a.png")
    (tmp_path / "boxes.csv").write_text("image,x,y,w,h\na.png,2,3,20,30\na.png,9,9,20,20\n")
    out = tmp_path / "out"
    said = poseshift(
        "predict", run.path, photo, "-o", out, "--boxes", tmp_path / "boxes.csv",
        "--no-overlays", "--threshold", "0", "--step", "4", "--json",
    )  # fmt: skip
    found = json.loads(said.out)
    assert (found["out"], found["images"], found["poses"]) == (str(out), 1, 2)
    data = json.loads((out / "predictions.json").read_text())
    assert [a["bbox"] for a in data["annotations"]] == [[2, 3, 20, 30], [9, 9, 20, 20]]
    assert np.isfinite([a["keypoints"] for a in data["annotations"]]).all()
    assert not (out / "overlays").exists()
