"""What ``poseshift prior annotate`` leaves: files that other verbs read, with the same numbers."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from poseshift.data.frames import TeacherPredictions, match_frames
from poseshift.data.pack import Pack
from poseshift.prior.annotate.annotated import FILE, SHEET, write_annotated
from poseshift.prior.folder import Prior
from tests.prior.made import BODY, body_generator
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


def test_what_is_found_starts_a_method_with_the_same_numbers(tmp_path: Path, frames: Pack):
    found_NK2 = 255 * torch.rand(6, 16, 2, generator=torch.Generator().manual_seed(0))
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
    tmp_path: Path, frames: Pack, poseshift: Shell, puppet_packs: dict[str, Pack]
):
    ends = ("--source", puppet_packs["studio"].path, "--test", puppet_packs["street"].path)
    said = poseshift(
        "prior", "annotate", tmp_path / "prior", frames.path, *ends, "-o", tmp_path / "out", *BRIEF
    )
    assert said.code == 0, said.err
    assert "6 frames annotated, learned from 2 tracks" in said.out
    assert "pck_joint@.05" in said.out
    assert f"--teacher-predictions {tmp_path / 'out' / FILE}" in said.out
    found = json.loads((tmp_path / "out" / FILE).read_text())
    assert [image["file_name"] for image in found["images"]][::3] == ["anna/0.png", "ben/0.png"]
    assert len(found["annotations"]) == 6
    told = json.loads((tmp_path / "out" / "annotated.json").read_text())
    assert told["settings"]["steps"] == 2
    low, high = told["scores"]["error_interval"]
    assert low <= told["scores"]["error"] <= high


def test_frames_of_no_individual_are_refused(
    tmp_path: Path, frames: Pack, poseshift: Shell, puppet_packs: dict[str, Pack]
):
    said = poseshift(
        "prior", "annotate", tmp_path / "prior", puppet_packs["street"].path,
        "--source", puppet_packs["studio"].path, "-o", tmp_path / "out",
    )  # fmt: skip
    assert said.code == 2
    assert "no two frames of one individual" in said.err
    assert "subfolder" in said.err
    assert not (tmp_path / "out").exists()
