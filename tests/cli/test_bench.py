"""``poseshift bench``: what is typed is what is timed."""

import json
from pathlib import Path
from typing import Any

import pytest

from poseshift import bench as module
from poseshift.config import RunConfig
from tests.tiny_runs import Shell


@pytest.fixture
def poseshift(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    monkeypatch.setenv("COLUMNS", "200")
    return Shell(monkeypatch, capsys)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[RunConfig, int]]:
    calls: list[tuple[RunConfig, int]] = []

    def bench_step(config: RunConfig, steps: int) -> dict[str, Any]:
        calls.append((config, steps))
        return {
            "method": config.method.name, "backbone": config.network.backbone,
            "side": config.side, "batch": config.train.batch, "precision": "32",
            "step_ms": 200.0, "floor_ms": 100.0, "step_over_floor": 2.0, "images_per_s": 50.0,
            "parts_ms": {"decode": 30.0, "view": 10.0},
        }  # fmt: skip

    monkeypatch.setattr(module, "bench_step", bench_step)
    return calls


def test_a_table_shows_shares(poseshift: Shell, asked: Any):
    said = poseshift("bench", "--steps", "3")
    assert said.code == 0
    assert "source_only, tiny, 96 px, batch 32" in " ".join(said.out.split())
    assert "step / floor = 2.00" in said.out
    assert "50.0 images/s" in said.out
    for part, share in (("floor", "50 %"), ("decode", "15 %"), ("view", "5 %")):
        [row] = [line for line in said.out.splitlines() if f"│ {part} " in line]
        assert share in row
    [(_, steps)] = asked
    assert steps == 3


def test_options_reach_the_settings_with_the_published_head(poseshift: Shell, asked: Any):
    said = poseshift(
        "bench", "-m", "supervised", "--backbone", "resnet50", "--side", "256", "--batch", "8",
        "--set", "train.precision=32", "--json",
    )  # fmt: skip
    assert json.loads(said.out)["step_over_floor"] == 2.0
    [(config, _)] = asked
    assert config.method.name == "supervised"
    assert config.network.backbone == "resnet50"
    assert config.network.widths == (256, 256, 256)
    assert (config.side, config.train.batch, config.train.precision) == (256, 8, "32")


def test_the_tiny_network_keeps_its_own_head(poseshift: Shell, asked: Any):
    poseshift("bench", "--backbone", "tiny")
    [(config, _)] = asked
    assert config.network.widths == (64, 48, 32)


def test_what_is_not_typed_is_left_to_the_file(poseshift: Shell, asked: Any, tmp_path: Path):
    file = tmp_path / "mine.yaml"
    file.write_text(
        "method: supervised\nside: 64\ntrain: {batch: 5}\nnetwork: {backbone: resnet18}\n"
    )
    assert poseshift("bench", "--config", file).code == 0
    [(config, _)] = asked
    assert (config.method.name, config.side, config.train.batch) == ("supervised", 64, 5)
    assert config.network.backbone == "resnet18"
