"""How fast: drawing, loading, a training step against its floor, a newcomer's first minutes."""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.common import ROOT, Bench, alone
from poseshift.bench import bench_step
from poseshift.config import RunConfig, load_config
from poseshift.data.baked import open_pack
from poseshift.data.domain import LabeledDomain
from poseshift.data.loader import Loader, Plan, UniformSampler
from poseshift.data.puppets import world
from poseshift.engine import fit
from poseshift.nn.style import AdaIN
from poseshift.nn.style_networks import VGG, build_decoder
from poseshift.pictures import save_picture


def puppets(count: int) -> Mapping[str, Any]:
    """Images drawn a second at 128 px with labels, the slower of the pair, two processes."""
    speeds = {}
    for name in ("studio", "street"):
        home = world(name)
        list(home.samples(range(64), 128, "train", workers=2))  # start the processes
        rounds = []
        for _ in range(3):
            start = time.perf_counter()
            drawn = sum(1 for _ in home.samples(range(count), 128, "train", workers=2))
            rounds.append(drawn / (time.perf_counter() - start))
        speeds[name] = statistics.median(rounds)
    return {"puppet_images_per_s": min(speeds.values()), "worlds": speeds}


def loader(count: int) -> Mapping[str, Any]:
    """256 px JPEG images a second from a Pack, two threads, as batches of 32."""
    domain = LabeledDomain(open_pack(f"world:street?count={count}", 256))
    source = Loader(
        domain, UniformSampler(len(domain), 0), Plan(32), seed=0, stream=0, workers=2
    )  # fmt: skip
    steps, rounds = 2 * count // 32, []
    for _ in range(3):
        start = time.perf_counter()
        for _batch in source.steps(0, steps):
            pass
        rounds.append(32 * steps / (time.perf_counter() - start))
    size = statistics.fmean(len(domain.crops.encoded(i)) for i in range(min(100, count)))
    return {"loader_images_per_s": statistics.median(rounds), "jpeg_bytes": round(size)}


def step(precision: str, quick: bool) -> Mapping[str, Any]:
    """A source-only step against its floor."""
    big = not quick
    config = load_config(
        source="world:studio?count=256", side=256 if big else 64,
        network={"backbone": "resnet50", "widths": (256, 256, 256)} if big else {},
        train={"batch": 8, "precision": precision},
    )  # fmt: skip
    return bench_step(config, steps=12 if big else 3)


def method_speed(method: str, quick: bool) -> Mapping[str, Any]:
    """An adaptation step against its floor, and the memory the process has needed."""
    big = not quick
    config = load_config(
        source="world:studio?count=64", target="world:street?count=64", side=256 if big else 64,
        method=method,
        network={"backbone": "resnet50", "widths": (256, 256, 256)} if big else {},
        train={"batch": 8 if big else 2},
    )  # fmt: skip
    return {**bench_step(config, steps=7 if big else 3), "peak_gib": alone(peak, config)}


def peak(config: RunConfig) -> float:
    """Memory that a process needs for two steps, in GiB."""
    train = config.train.model_copy(update={"steps": 2})
    with tempfile.TemporaryDirectory() as folder:
        fit(config.model_copy(update={"train": train}), Path(folder) / "run", progress=False)
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2)


def udape_step(precision: str, quick: bool) -> Mapping[str, Any]:
    """A UDAPE step as heavy as it gets: ResNet-101, AdaIN in both directions on every step."""
    with tempfile.TemporaryDirectory() as folder:
        encoder = VGG()  # untrained: what it costs does not depend on its weights
        AdaIN(encoder, build_decoder(encoder.channels[-1], encoder.mirror)).save(Path(folder), {})
        config = load_config(
            source="world:studio?count=64", target="world:street?count=64",
            side=64 if quick else 256,
            method={"name": "udape", "style": folder, "source_style": 1.0, "target_style": 1.0},
            network={} if quick else {"backbone": "resnet101", "widths": (256, 256, 256)},
            train={"batch": 2 if quick else 8, "precision": precision},
        )  # fmt: skip
        return bench_step(config, steps=3)


def speed(bench: Bench, quick: bool) -> None:
    """All rates; each a median within one run."""
    row = bench.row({"case": "puppets"}, lambda: puppets(64 if quick else 1500), fresh=True)
    bench.check("puppet_images_per_s", row["puppet_images_per_s"], ">=", 1000)
    row = bench.row({"case": "loader"}, lambda: loader(64 if quick else 512), fresh=True)
    bench.check("loader_images_per_s", row["loader_images_per_s"], ">=", 3000)
    steps = {
        precision: bench.row(
            {"case": "step", "precision": precision},
            lambda p=precision: step(p, quick),
            fresh=True,
        )
        for precision in ("32", "bf16")
    }
    bench.check("step_over_floor", steps["32"]["step_over_floor"], "<=", 1.15)
    bench.check("step_over_floor_bf16", steps["bf16"]["step_over_floor"], "<=", 1.15)
    gain = steps["32"]["step_ms"] / steps["bf16"]["step_ms"]
    bench.check("bf16_speedup", gain, ">=", 1.0)
    row = bench.row({"case": "help"}, help_seconds, fresh=True)
    bench.check("help_seconds", row["help_seconds"], "<=", 0.5)


def help_seconds() -> Mapping[str, Any]:
    """Seconds of ``poseshift --help``, median of seven."""
    command = [str(Path(sys.executable).with_name("poseshift")), "--help"]
    times = []
    for _ in range(7):
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        times.append(time.perf_counter() - start)
    return {"help_seconds": statistics.median(times)}


def wall(bench: Bench, quick: bool) -> None:
    """What a newcomer waits for: the demo, the tests, and what the tests cover."""
    if quick:
        return
    row = bench.row({"case": "demo"}, demo_seconds, fresh=True)
    bench.check("demo_seconds", row["demo_seconds"], "<=", 360)
    row = bench.row({"case": "tests"}, test_seconds, fresh=True)
    bench.check("test_seconds", row["test_seconds"], "<=", 600)
    bench.check("coverage_percent", row["coverage_percent"], ">=", 90)


def demo_seconds() -> Mapping[str, Any]:
    """Seconds of ``poseshift demo`` with nothing drawn or trained beforehand."""
    with tempfile.TemporaryDirectory() as folder:
        command = [str(Path(sys.executable).with_name("poseshift")), "demo", "--json"]
        env = {**os.environ, "POSESHIFT_CACHE": f"{folder}/cache"}
        start = time.perf_counter()
        done = subprocess.run(
            [*command, "--out", f"{folder}/demo"],
            check=True, capture_output=True, text=True, env=env,
        )  # fmt: skip
        seconds = time.perf_counter() - start
        # The README's picture is this one.
        drawn = np.asarray(cv2.imread(f"{folder}/demo/predictions.png"), dtype=np.uint8)
        save_picture(ROOT / "docs" / "figures" / "demo.jpg", drawn[..., ::-1])
    return {"demo_seconds": seconds, "demo": json.loads(done.stdout)["rows"]}


def test_seconds() -> Mapping[str, Any]:
    """Seconds of the whole test suite, and the share of lines and branches it runs."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "coverage.json"
        start = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "--cov", f"--cov-report=json:{report}"],
            check=True, cwd=ROOT, capture_output=True,
        )  # fmt: skip
        seconds = time.perf_counter() - start
        percent = json.loads(report.read_text())["totals"]["percent_covered"]
    return {"test_seconds": seconds, "coverage_percent": float(np.round(percent, 2))}
