"""Runs of a second or two, what is compared between them, and the command line in this process."""

import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch

from poseshift.cli import main
from poseshift.config import RunConfig, load_config
from poseshift.run import Run

SOURCE, TARGET = "world:studio?count=24", "world:street?count=24"
TEST = "world:street/test?count=24"
TRAIN: dict[str, Any] = {
    "steps": 7, "batch": 2, "checkpoint_every": 2, "log_every": 3,
    "device": "cpu", "precision": "32",
}  # fmt: skip
NETWORK = {"widths": [8, 8]}


def tiny(method: str | dict[str, Any] = "source_only", **train: Any) -> RunConfig:
    """Seven steps of two images of 32 px, in full precision."""
    return load_config(
        source=SOURCE, target=TARGET, method=method, side=32, network=NETWORK,
        train={**TRAIN, **train},
    )  # fmt: skip


def words(config: RunConfig) -> list[str]:
    """``--set`` words that say the same as a config of :func:`tiny`."""
    train = {key: value for key, value in config.train if key in config.train.model_fields_set}
    pairs = ["side=32", "network.widths=[8,8]", *(f"train.{k}={v}" for k, v in train.items())]
    return [word for pair in pairs for word in ("--set", pair)]


def same(a: Any, b: Any) -> bool:
    """Whether two nested states are equal to the bit."""
    if isinstance(a, torch.Tensor):
        return (
            a.dtype == b.dtype and a.shape == b.shape and a.numpy().tobytes() == b.numpy().tobytes()
        )
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b)


def without_speed(run: Run) -> list[dict[str, Any]]:
    """The metrics stream but for what depends on the clock."""
    lines = [dict(line) for line in run.metrics()]
    assert all(line.pop("images_per_s") > 0 for line in lines)
    return lines


def assert_same_run(one: Run, other: Run) -> None:
    """Weights, averages, optimisers, counters, weights on disk and the stream: all to the bit."""
    assert same(one.load_state(), other.load_state())
    assert one.last() == other.last()
    assert one.weights(one.last()).read_bytes() == other.weights(other.last()).read_bytes()
    assert without_speed(one) == without_speed(other)


class Said(NamedTuple):
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str


class Shell:
    """``poseshift ...`` in this process."""

    def __init__(self, patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.patch, self.capsys = patch, capsys

    def __call__(self, *argv: str | Path) -> Said:
        self.patch.setattr(sys, "argv", ["poseshift", *map(str, argv)])
        self.capsys.readouterr()
        with pytest.raises(SystemExit) as leaving:
            main()
        out, err = self.capsys.readouterr()
        return Said(int(leaving.value.code or 0), out, err)
