"""A step is timed against its floor, and the floor is the method's pass table."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
import torch

from poseshift import bench as module
from poseshift.bench import bench_step
from poseshift.nn.posenet import PoseNet
from tests.planted import toys
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
    assert result["images_per_s"] == pytest.approx(8000 / result["step_ms"])
    assert set(result["parts_ms"]) == {"decode", "view"}
    assert min(result["parts_ms"].values()) > 0
    assert json.loads(json.dumps(result)) == result


def test_the_floor_runs_the_pass_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    seen: list[tuple[int, bool]] = []
    forward = PoseNet.forward

    def counted(self: PoseNet, image: torch.Tensor) -> torch.Tensor:
        seen.append((len(image), torch.is_grad_enabled()))
        return forward(self, image)

    with toys(tmp_path):
        floor = module._floor(tiny("toy_mean_teacher", batch=3, accumulate=2))
        monkeypatch.setattr(PoseNet, "forward", counted)
        floor()
    assert seen == [(6, True), (3, False)] * 2


@pytest.mark.parametrize("channels_last", [True, False])
def test_the_floor_moves_weights_as_a_step_does(channels_last: bool, monkeypatch: Any):
    built: list[Any] = []
    real = module.build_method
    monkeypatch.setattr(module, "build_method", lambda *a: built.append(real(*a)) or built[-1])
    floor = module._floor(tiny(channels_last=channels_last))
    before = [p.detach().clone() for p in built[0].network.parameters()]
    floor()
    after = list(built[0].network.parameters())
    assert sum(not torch.equal(a, b) for a, b in zip(before, after, strict=True)) > len(after) / 2
    assert all(p.grad is None for p in after)


def test_a_gpu_is_waited_for(monkeypatch: pytest.MonkeyPatch):
    waited: list[int] = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda: waited.append(1))
    module._wait(tiny(device="auto"))
    module._wait(tiny(device="cpu"))
    assert waited == [1]
