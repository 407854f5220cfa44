"""The demo: three runs, four rows, one picture; taken up where it was left."""

from pathlib import Path
from typing import Any

import cv2
import pytest

from poseshift import demo
from poseshift.config import RunConfig, load_config
from poseshift.data.baked import open_pack
from poseshift.demo import run_demo
from poseshift.engine import fit
from poseshift.errors import UserError
from poseshift.run import Run
from tests.tiny_runs import NETWORK


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch):
    """The same at a size for tests."""

    def plan(method: str, steps: int, seed: int, init: str | None = None) -> RunConfig:
        full = real(method, steps, seed, init)
        train = full.train.model_copy(update={"batch": 2, "precision": "32", "device": "cpu"})
        network = load_config(source="a", network=NETWORK).network
        return full.model_copy(update={"side": 32, "train": train, "network": network})

    real = demo.plan
    monkeypatch.setattr(demo, "COUNT", 24)
    monkeypatch.setattr(demo, "plan", plan)
    monkeypatch.setattr(demo, "open_pack", lambda name, side: open_pack(f"{name}?count=8", side))


def test_the_methods_share_a_start_and_a_budget():
    start, adapted = demo.plan("source_only", 5, 3), demo.plan("supervised", 5, 3, "start")
    assert (adapted.init, adapted.method.name, start.init) == ("start", "supervised", None)
    assert adapted.source == "world:studio?count=24"
    assert adapted.target == "world:street?count=24"
    assert adapted.train == start.train
    assert (start.train.steps, start.train.seed) == (5, 3)


def test_it_leaves_rows_and_a_picture_and_trains_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    first = run_demo(tmp_path, steps=2)
    assert [(row.metrics["method"], row.metrics["pack"]) for row in first.rows] == [
        (method, pack) for pack in ("studio/test", "street/test") for method in demo.METHODS
    ]
    assert all(row.metrics["images"] == 8 for row in first.rows)
    picture = cv2.imread(str(first.picture))
    assert picture.shape[1] > 3 * 32
    assert picture.std() > 5
    for name in demo.METHODS:
        assert Run.open(tmp_path / name).config.init == str(tmp_path / "start")

    def no_more(*_: Any, **__: Any) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr(demo, "fit", no_more)
    assert [row.metrics for row in run_demo(tmp_path, steps=2).rows] == [
        row.metrics for row in first.rows
    ]


def test_a_run_that_was_stopped_is_finished(tmp_path: Path):
    def stop(step: int) -> None:
        raise RuntimeError("power cut")

    config = demo.plan("source_only", 2, 0)
    with pytest.raises(RuntimeError, match="power cut"):
        fit(config, tmp_path / "start", progress=False, on_step=stop)
    assert demo._finished(tmp_path / "start", config).last() == 2


@pytest.mark.parametrize(("steps", "seed"), [(3, 0), (2, 1)])
def test_a_run_of_other_settings_is_not_passed_off_as_this_one(
    tmp_path: Path, steps: int, seed: int
):
    Run.create(tmp_path / "start", demo.plan("source_only", 2, 0))
    with pytest.raises(UserError, match=r"other settings(.|\n)*another --out"):
        run_demo(tmp_path, steps=steps, seed=seed)
