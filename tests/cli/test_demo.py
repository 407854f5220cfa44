"""``poseshift demo``: a table and what to open next."""

import json
from pathlib import Path
from typing import Any

import pytest

from poseshift import demo as module
from poseshift.demo import Demo
from poseshift.evaluation import Evaluation
from tests.tiny_runs import Shell


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Path, int, int]]:
    calls: list[tuple[Path, int, int]] = []

    def row(method: str, pck: float) -> Evaluation:
        metrics = {
            "method": method, "pack": "street/test", "pck": pck, "pck_protocol": pck,
            "pck_interval": [pck - 0.01, pck + 0.01], "pixel_error": {"median": 1.5},
            "pck_per_group": {"wrist": pck},
        }  # fmt: skip
        return Evaluation(5, "last", metrics, Path("x"))

    def run_demo(out: Path, steps: int, seed: int) -> Demo:
        calls.append((out, steps, seed))
        return Demo([row("source_only", 0.25), row("supervised", 0.75)], out / "predictions.png")

    monkeypatch.setattr(module, "run_demo", run_demo)
    return calls


@pytest.fixture
def poseshift(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Shell:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    return Shell(monkeypatch, capsys)


def test_it_ends_with_a_table_and_the_path_to_open(poseshift: Shell, asked: Any, tmp_path: Path):
    said = poseshift("demo", "--out", "a[x]", "--steps", "9", "--seed", "3")
    assert said.code == 0
    assert "25.0" in said.out
    assert "75.0" in said.out
    assert f"open next: {tmp_path / 'a[x]' / 'predictions.png'}" in said.out
    assert asked == [(Path("a[x]"), 9, 3)]


def test_json_holds_the_rows(poseshift: Shell, asked: Any):
    found = json.loads(poseshift("demo", "--json").out)
    assert [row["pck"] for row in found["rows"]] == [0.25, 0.75]
    assert found["rows"][0]["method"] == "source_only"
    assert found["picture"].endswith("predictions.png")
    assert asked == [(Path("demo"), 400, 0)]
