"""A step is timed against its floor."""

import json
import time

import pytest
import torch

from poseshift import bench as module
from poseshift.bench import bench_step
from tests.tiny_runs import tiny


@pytest.mark.parametrize("method", ["source_only", "supervised"])
def test_a_short_measurement_is_sane(method: str, monkeypatch: pytest.MonkeyPatch):
    # Two steps are too few for the clock on the wall where others are at work.
    monkeypatch.setattr(time, "perf_counter", time.process_time)
    result = bench_step(tiny(method, batch=4, accumulate=2), steps=2)
    assert result["method"] == method
    assert (result["side"], result["batch"], result["precision"]) == (32, 4, "32")
    assert result["floor_ms"] > 0
    assert 0.5 < result["step_over_floor"] < 50
    assert result["step_over_floor"] == pytest.approx(result["step_ms"] / result["floor_ms"])
    assert result["step_over_passes"] == pytest.approx(result["step_ms"] / result["passes_ms"])
    assert 0 < result["passes_ms"] <= result["floor_ms"]
    assert result["images_per_s"] == pytest.approx(8000 / result["step_ms"])
    assert set(result["parts_ms"]) == {"decode", "view"}
    assert min(result["parts_ms"].values()) > 0
    assert json.loads(json.dumps(result)) == result


def test_a_gpu_is_waited_for(monkeypatch: pytest.MonkeyPatch):
    waited: list[int] = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda: waited.append(1))
    module._wait(tiny(device="auto"))
    module._wait(tiny(device="cpu"))
    assert waited == [1]


def test_what_is_timed_is_an_adapting_step():
    spared = module._adapting(tiny({"name": "mla", "pretrain": 0.5}).method)
    assert spared.model_dump()["pretrain"] == 0.0
    plain = tiny("source_only").method
    assert module._adapting(plain) == plain
