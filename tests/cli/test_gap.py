"""``poseshift gap``: a table for people, one object for programs, figures where asked for."""

import json
from pathlib import Path

import pytest

from poseshift.data.pack import Pack
from poseshift.gap import pose
from poseshift.sampling.pose_vae import VaeConfig
from tests.gap.made import draw, relabelled
from tests.tiny_runs import Shell


@pytest.fixture
def poseshift(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(pose, "VAE", VaeConfig(steps=20))
    return Shell(monkeypatch, capsys)


@pytest.fixture
def packs(tmp_path: Path) -> list[Path]:
    names = ("studio", "street")
    return [draw(f"world:{name}?count=48", tmp_path / name).path for name in names]


def test_people_get_a_table_reasons_and_a_line_to_paste(poseshift: Shell, packs: list[Path]):
    said = poseshift("gap", *packs, "--labelled")
    assert said.code == 0, said.err
    for word in (
        "appearance", "crop", "pose", "distance", "floor: the same", "noise", "clear", "same",
        "read for this comparison alone", "tenths of the source", "the pictures differ",
    ):  # fmt: skip
        assert word in said.out, word
    (line,) = [line for line in said.out.splitlines() if line.startswith("try: ")]
    assert line.startswith(f"try: poseshift adapt {packs[0]} {packs[1]} --method lodestar")


def test_programs_get_one_object_and_figures_are_named(
    poseshift: Shell, packs: list[Path], tmp_path: Path
):
    said = poseshift("gap", *packs, "--json", "--figures", tmp_path / "figures")
    assert said.code == 0, said.err
    found = json.loads(said.out)
    looks = {d["name"]: d for d in found["sections"]["appearance"]["distances"]}
    assert looks["noise"]["level"] == "clear"
    assert looks["noise"]["value"] > looks["noise"]["floor"]
    assert found["support"] is None
    assert [Path(path).name for path in found["figures"]] == ["appearance.png", "distances.png"]
    assert all(Path(path).is_file() for path in found["figures"])


def test_where_nothing_can_be_compared_nothing_is_advised(
    poseshift: Shell, packs: list[Path], tmp_path: Path
):
    bare = [Pack(pack) for pack in packs]
    bare = [
        relabelled(pack, tmp_path / f"{i}", pack.poses.keypoints_NK2, images=False)
        for i, pack in enumerate(bare)
    ]
    said = poseshift("gap", *(pack.path for pack in bare))
    assert said.code == 0, said.err
    assert "nothing could be compared" in said.out
    assert "try: " not in said.out
    assert json.loads(poseshift("gap", *(p.path for p in bare), "--json").out)["advice"][
        "command"
    ] is None  # fmt: skip


def test_a_folder_that_is_taken_is_told_before_the_work(
    poseshift: Shell, packs: list[Path], tmp_path: Path
):
    said = poseshift("gap", *packs, "--figures", tmp_path)
    assert said.code == 2
    assert "is not empty" in said.err
    assert "choose another folder for the figures" in said.err
