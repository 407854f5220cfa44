"""``poseshift check``: findings as words and as JSON, and a contact sheet."""

import json
import sys
from pathlib import Path

import cv2
import pytest

from poseshift.cli import main
from poseshift.data.prepare import prepare
from tests.data import tiny


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    return prepare(tiny.coco(tmp_path / "in"), tmp_path / "pack", box="keypoints", side=32).pack


def run(monkeypatch: pytest.MonkeyPatch, *words: object) -> None:
    """Type a command; it must end well."""
    monkeypatch.setattr(sys, "argv", ["poseshift", *map(str, words)])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 0


def test_says_what_it_found_and_draws_a_sheet(
    pack: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    run(monkeypatch, "check", pack)
    said = capsys.readouterr().out
    assert "3 labelled samples, joints3, crops from keypoints" in said
    assert "! warning: crops were made from keypoints" in said
    assert "never labelled: right_wing" in said
    assert cv2.imread(str(pack / "contact_sheet.png")) is not None


def test_json_is_one_object(
    pack: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    run(monkeypatch, "check", pack, "--json", "--sheet", tmp_path / "sheet.png")
    told = json.loads(capsys.readouterr().out)
    assert {"crop_leak", "tiny", "joint_never"} <= {f["kind"] for f in told["findings"]}
    assert Path(told["sheet"]).is_file()
    assert not (pack / "contact_sheet.png").exists()


def test_a_picture_that_is_there_is_left_alone(
    pack: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    mine = tmp_path / "holiday.png"
    mine.write_bytes(b"mine")
    monkeypatch.setattr(sys, "argv", ["poseshift", "check", str(pack), "--sheet", str(mine)])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code != 0
    assert mine.read_bytes() == b"mine"
    assert "choose another --sheet" in capsys.readouterr().err
