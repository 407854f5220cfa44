"""Real processes: killed, interrupted, and several at once, through the installed command."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from safetensors.torch import load_file
from torch import Tensor

from poseshift.config import RunConfig
from poseshift.data.baked import open_pack
from poseshift.engine import fit
from poseshift.run import Run
from tests.tiny_runs import SOURCE, TARGET, TEST, assert_same_run, tiny, without_speed, words

POSESHIFT = str(Path(sys.executable).with_name("poseshift"))
TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", autouse=True)
def baked(cache: Path) -> None:
    """The worlds are there, so that a process that is killed has no helpers of its own."""
    for name in (SOURCE, TARGET, TEST):
        open_pack(name, 32)


def adapt(config: RunConfig, out: Path) -> list[str]:
    method = config.method.name
    return ["adapt", SOURCE, TARGET, "--method", method, "--out", str(out), *words(config)]


def start(*argv: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [POSESHIFT, *argv], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def wait_for_checkpoint(process: subprocess.Popen[str], run: Path, step: int) -> None:
    """Until a step's weights are there; the process must still be at work then."""
    for _ in range(12_000):
        if (run / "checkpoints" / f"{step:06d}" / "network.safetensors").exists():
            break
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    assert process.poll() is None


def test_killed_then_interrupted_then_resumed_is_the_uninterrupted_run(tmp_path: Path):
    config = tiny("supervised", steps=120, checkpoint_every=10, log_every=7)
    killed = start(*adapt(config, tmp_path / "parts"))
    wait_for_checkpoint(killed, tmp_path / "parts", 20)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    assert Run.open(tmp_path / "parts").last() < 120

    stopped = start("adapt", "--resume", str(tmp_path / "parts"))
    wait_for_checkpoint(stopped, tmp_path / "parts", 60)
    stopped.send_signal(signal.SIGINT)
    _, err = stopped.communicate()
    assert stopped.returncode == 130
    assert f"continue with: poseshift adapt --resume {tmp_path / 'parts'}" in err
    assert "Traceback" not in err
    at = Run.open(tmp_path / "parts").last()
    assert f"stopped after step {at};" in err
    assert 60 <= at < 120

    parts = fit(config, tmp_path / "parts", resume=True, progress=False)
    whole = fit(config, tmp_path / "whole", progress=False)
    assert_same_run(whole, parts)


def furthest(a: dict[str, Tensor], b: dict[str, Tensor]) -> float:
    """Largest difference between two networks, their counters included."""
    assert a.keys() == b.keys()
    return max(float((a[name].double() - b[name].double()).abs().max()) for name in a)


@pytest.mark.parametrize(
    ("method", "launch"),
    [("source_only", [POSESHIFT]), ("supervised", [*TORCHRUN, POSESHIFT])],
    ids=["devices", "torchrun"],
)
def test_two_processes_are_one_that_accumulates_twice(
    method: str, launch: list[str], tmp_path: Path
):
    config = tiny(method, steps=20, batch=4, log_every=5)
    asked = ["--devices", "2", "--test", TEST, "--json"]
    environment = {k: v for k, v in os.environ.items() if k not in ("LOCAL_RANK", "RANK")}
    two = subprocess.run(
        [*launch, *adapt(config, tmp_path / "two"), *asked],
        text=True, capture_output=True, check=False, env=environment, timeout=150,
    )  # fmt: skip
    assert two.returncode == 0, two.stderr
    [line] = two.stdout.strip().splitlines()  # said once
    [found] = json.loads(line)["evaluations"]
    assert found["metrics"]["images"] == 24
    assert [path.name for path in tmp_path.iterdir()] == ["two"]

    told = tiny(method, steps=20, batch=4, log_every=5, accumulate=2)
    one, run = fit(told, tmp_path / "one", progress=False), Run.open(tmp_path / "two")
    kept, other = (load_file(r.weights(20)) for r in (run, one))
    assert any(name.endswith("running_var") for name in kept)
    assert furthest(kept, other) <= 1e-5
    mine, theirs = (r.load_state() for r in (run, one))
    assert mine is not None
    assert theirs is not None
    assert furthest(mine["method"], theirs["method"]) <= 1e-5
    for line, expected in zip(without_speed(run), without_speed(one), strict=True):
        assert line == pytest.approx(expected, rel=1e-4)

    alone = fit(tiny(method, steps=20, batch=4), tmp_path / "alone", progress=False)
    assert furthest(kept, load_file(alone.weights(20))) > 1e-3
