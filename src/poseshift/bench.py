"""How close a training step is to its floor (:mod:`poseshift.floor`), on this machine.

Step and floor are timed alternately within one run and told as medians, so the ratio means
something on a busy machine too.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from poseshift.build import open_domains
from poseshift.config import RunConfig
from poseshift.data.draws import Draws
from poseshift.data.loader import Loader, Plan, UniformSampler
from poseshift.data.views import random_view
from poseshift.devices import make_fabric
from poseshift.engine import fit
from poseshift.floor import bare_step
from poseshift.methods.base import MethodConfig

WARMUP = 3  # steps before the clock counts


def bench_step(config: RunConfig, steps: int = 12) -> dict[str, Any]:
    """Time training steps against their floor.

    Args:
        config: What would be run; its ``steps``, checkpoints and pre-training are set aside.
        steps: Timed steps.

    Returns:
        Milliseconds a step and a floor step, of that the pass table alone, the step's ratio to
        either, images a second, shares of the parts.
    """
    train = config.train.model_copy(
        update={
            "steps": steps + WARMUP,
            "checkpoint_every": 10**9,
            "log_every": 10**9,
            "schedule": "constant",
        }
    )
    config = config.model_copy(update={"train": train, "method": _adapting(config.method)})
    passes, beside = bare_step(config)
    spent: list[float] = []
    floors: list[tuple[float, float]] = []
    clock = [time.perf_counter()]

    def after(step: int) -> None:
        _wait(config)
        spent.append(time.perf_counter() - clock[0])
        floors.append((_timed(config, passes), _timed(config, beside)))
        clock[0] = time.perf_counter()

    with tempfile.TemporaryDirectory() as folder:
        fit(config, Path(folder) / "run", progress=False, on_step=after)
    # The last step also writes its checkpoint, so it is left out.
    step_s = statistics.median(spent[WARMUP:-1])
    passes_s, beside_s = map(statistics.median, zip(*floors[WARMUP:-1], strict=True))
    floor_s = passes_s + beside_s
    images = train.batch * train.accumulate
    return {
        "method": config.method.name,
        "backbone": config.network.backbone,
        "side": config.side,
        "batch": train.batch,
        "precision": train.precision,
        "step_ms": 1e3 * step_s,
        "floor_ms": 1e3 * floor_s,
        "passes_ms": 1e3 * passes_s,
        "step_over_floor": step_s / floor_s,
        "step_over_passes": step_s / passes_s,
        "images_per_s": images / step_s,
        "parts_ms": _parts(config),
    }


def _adapting(method: MethodConfig) -> MethodConfig:
    """The same method without steps on the source alone, which cost less than its others."""
    spared = {"pretrain": 0.0} if "pretrain" in type(method).model_fields else {}
    return method.model_copy(update=spared)


def _parts(config: RunConfig, repeats: int = 8) -> dict[str, float]:
    """What feeding a step costs by itself: decoding on its threads, and making the view."""
    source, _ = open_domains(config)
    device = make_fabric(config.train).device
    plan = Plan(config.train.batch)
    loader = Loader(
        source, UniformSampler(len(source), 0), plan,
        seed=0, stream=0, workers=config.train.workers, device=device,
    )  # fmt: skip
    start = time.perf_counter()
    batches = [micro for step in loader.steps(0, repeats) for micro in step]
    decode = (time.perf_counter() - start) / repeats

    def view() -> None:
        draws = Draws(0, 0, 0, slice(0, plan.batch), plan.batch, device)
        random_view(replace(batches[0], draws=draws), config.view, config.side)

    times = [_timed(config, view) for _ in range(repeats)]
    return {"decode": 1e3 * decode, "view": 1e3 * statistics.median(times)}


def _timed(config: RunConfig, work: Callable[[], None]) -> float:
    _wait(config)
    start = time.perf_counter()
    work()
    _wait(config)
    return time.perf_counter() - start


def _wait(config: RunConfig) -> None:
    if torch.cuda.is_available() and config.train.device in ("auto", "cuda"):
        torch.cuda.synchronize()
