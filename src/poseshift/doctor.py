"""What this machine can do for a run, what stands in the way, and the line that mends it."""

from __future__ import annotations

import importlib
import importlib.util
import shutil
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from poseshift.config import TrainConfig
from poseshift.devices import (
    keep_freed_memory,
    native_bf16,
    pick_device,
    pick_precision,
    place,
)
from poseshift.nn.posenet import NetworkConfig, PoseNet
from poseshift.run import hardware, package_versions

CUDA_FIX = "pip install --force-reinstall torch --index-url https://download.pytorch.org/whl/cu128"
TORCHVISION_FIX = "pip uninstall torchvision"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that stands in the way."""

    problem: str
    fix: str


def gpu_without_cuda() -> bool:
    """Whether an NVIDIA driver is here while torch was built without CUDA."""
    driver = shutil.which("nvidia-smi") or Path("/proc/driver/nvidia/version").exists()
    return bool(driver) and torch.version.cuda is None


def findings() -> list[Finding]:
    """All that is wrong, worst first."""
    found = []
    if gpu_without_cuda():
        found.append(Finding("there is an NVIDIA GPU, and this torch has no CUDA", CUDA_FIX))
    elif torch.version.cuda and not torch.cuda.is_available() and shutil.which("nvidia-smi"):
        found.append(
            Finding(
                f"torch has CUDA {torch.version.cuda} and cannot use the GPU: the driver is older",
                "update the NVIDIA driver, or install a torch built for an older CUDA",
            )
        )
    if importlib.util.find_spec("torchvision") and not _torchvision_works():
        found.append(
            Finding("torchvision is installed and does not match this torch", TORCHVISION_FIX)
        )
    return found


def _torchvision_works() -> bool:
    try:
        importlib.import_module("torchvision")
    except Exception:  # a mismatched build raises RuntimeError, a broken one anything
        return False
    return True


def step_seconds(batch: int, side: int, repeats: int = 6) -> float:
    """Seconds of one bare training step of the tiny network here."""
    device = pick_device("auto")
    bf16 = pick_precision("auto", device) == "bf16"
    keep_freed_memory()
    network = place(PoseNet(NetworkConfig(), 16), device).train()
    optimizer = torch.optim.Adam(network.parameters(), fused=True)
    image = torch.randn(batch, 3, side, side, device=device)
    image = image.contiguous(memory_format=torch.channels_last)
    times = []
    for _ in range(repeats + 2):
        start = time.perf_counter()
        with torch.autocast(device, torch.bfloat16, enabled=bf16):
            loss = network(image).float().square().mean()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        float(loss.detach())  # waits for the device
        times.append(time.perf_counter() - start)
    return statistics.median(times[2:])


def expected_minutes(seconds: float) -> dict[str, float]:
    """Minutes of built-in runs, given the seconds of a bare step; views and loading add a fifth."""
    return {
        "source_only, 1000 steps": round(1.2 * 1000 * seconds / 60, 1),
        "supervised, 1000 steps": round(2.4 * 1000 * seconds / 60, 1),
    }


def diagnose() -> dict[str, Any]:
    """Everything ``poseshift doctor`` says."""
    train = TrainConfig()
    device, wrong = pick_device("auto"), findings()
    # A torchvision that does not match breaks the networks too, so nothing can be timed beside it.
    broken = any(finding.fix == TORCHVISION_FIX for finding in wrong)
    seconds = None if broken else step_seconds(train.batch, 96)
    return {
        "device": device,
        "hardware": hardware(),
        "precision": pick_precision("auto", device),
        "native_bf16": native_bf16(device),
        "versions": package_versions(),
        "threads": torch.get_num_threads(),
        "step_ms": None if seconds is None else round(1e3 * seconds, 1),
        "expected_minutes": {} if seconds is None else expected_minutes(seconds),
        "findings": [{"problem": f.problem, "fix": f.fix} for f in wrong],
    }
