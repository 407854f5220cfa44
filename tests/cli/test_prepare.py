"""``poseshift prepare``: what it prints, as words and as JSON."""

import json
import sys
from pathlib import Path

import pytest

from poseshift.cli import main
from poseshift.data.pack import Pack
from tests.data import tiny


def run(monkeypatch: pytest.MonkeyPatch, *words: object) -> None:
    """Type a command; it must end well."""
    monkeypatch.setattr(sys, "argv", ["poseshift", *map(str, words)])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 0


def crowd(data):
    data["annotations"][0]["iscrowd"] = 1


def test_says_what_it_made_what_it_left_out_and_what_to_type_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    out = tmp_path / "my pack"
    run(monkeypatch, "prepare", tiny.coco(tmp_path / "in", crowd), out, "--side", "32")
    said = capsys.readouterr().out
    assert f"{out}: 2 samples, joints3, crops from user" in said
    assert "left out: 1" in said
    assert "1  a crowd, not one individual" in said
    assert "left_wing/right_wing" in said
    assert f"poseshift check '{out}'" in said
    assert Pack(out).info.side == 32


def test_json_is_one_object(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    path = tiny.coco(tmp_path / "in", crowd)
    options = ["--json", "--box", "image", "--workers", "1", "--rows", "0:2", "--overwrite"]
    run(monkeypatch, "prepare", path, tmp_path / "out", *options)
    told = json.loads(capsys.readouterr().out)
    assert (told["count"], told["crop_from"]) == (1, "image")
    assert told["skipped"] == ["annotation 100: a crowd, not one individual"]
    assert Path(told["pack"]) == tmp_path / "out"


def test_help_shows_examples(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    run(monkeypatch, "prepare", "--help")
    said = capsys.readouterr().out
    assert "poseshift prepare photos/ packs/target --skeleton body16" in said
