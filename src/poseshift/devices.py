"""Where the loop runs and in which precision: one place decides, ``doctor`` explains."""

from __future__ import annotations

import ctypes
import logging
import os
import platform
from pathlib import Path
from typing import Any, TypeVar

import torch
from lightning_fabric import Fabric
from torch import nn

from poseshift.config import TrainConfig
from poseshift.errors import UserError

Net = TypeVar("Net", bound=nn.Module)


def pick_device(wanted: str) -> str:
    """The accelerator to use; a wanted one that is not there is a user's error."""
    here = {
        "cpu": True,
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }
    if wanted == "auto":
        return next(name for name in ("cuda", "mps", "cpu") if here[name])
    if not here[wanted]:
        raise UserError(
            f"this machine's torch sees no {wanted} device",
            where="train.device",
            fix="run 'poseshift doctor' for the reason, or --set train.device=auto",
        )
    return wanted


def native_bf16(device: str) -> bool:
    """Whether the device multiplies bfloat16 in hardware."""
    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device == "cpu" and platform.machine() in ("x86_64", "AMD64"):
        try:
            return "avx512_bf16" in Path("/proc/cpuinfo").read_text()
        except OSError:
            return False
    return False


def pick_precision(wanted: str, device: str) -> str:
    """Resolve ``auto`` to ``bf16`` where it is native, else ``32``."""
    if wanted != "auto":
        return wanted
    return "bf16" if native_bf16(device) else "32"


def make_fabric(config: TrainConfig) -> Fabric:
    """The engine underneath: processes, device, autocast, collectives."""
    device = pick_device(config.device)
    precision = pick_precision(config.precision, device)
    keep_freed_memory()
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)  # the run says it better
    _agree_with_torchrun(config)
    several = config.devices * config.nodes > 1 or "TORCHELASTIC_RUN_ID" in os.environ
    return Fabric(
        accelerator=device,
        devices=config.devices,
        num_nodes=config.nodes,
        strategy="ddp" if several else "auto",
        precision="bf16-mixed" if precision == "bf16" else "32-true",
    )


def is_chief() -> bool:
    """Whether this process speaks for all: alone, or the first of several."""
    several = torch.distributed.is_available() and torch.distributed.is_initialized()
    return not several or torch.distributed.get_rank() == 0


def _agree_with_torchrun(config: TrainConfig) -> None:
    """Settings are what a resumed run goes by, so they must say what torchrun does."""
    if "TORCHELASTIC_RUN_ID" not in os.environ:
        return
    world, here = int(os.environ["WORLD_SIZE"]), int(os.environ["LOCAL_WORLD_SIZE"])
    if (config.devices, config.nodes) != (here, world // here):
        raise UserError(
            f"torchrun started {here} processes on each of {world // here} machines, the settings "
            f"say {config.devices} on each of {config.nodes}",
            where="train.devices, train.nodes",
            fix=f"--devices {here} --set train.nodes={world // here}",
        )


def place(module: Net, device: torch.device | str, channels_last: bool = True) -> Net:
    """Move a network to a device, its convolutions channels-last."""
    move: Any = module.to  # the type stubs do not know memory_format
    move(device=device)
    if channels_last:
        move(memory_format=torch.channels_last)
    return module


def keep_freed_memory() -> None:
    """Tell glibc to keep freed blocks: a CPU step frees and asks for the same large ones again.

    Without it every large tensor is a fresh mapping that the kernel must zero.
    """
    if platform.system() != "Linux":
        return
    try:
        libc = ctypes.CDLL("libc.so.6")
        m_trim_threshold, m_mmap_max = -1, -4
        libc.mallopt(m_mmap_max, 0)
        libc.mallopt(m_trim_threshold, 2**31 - 1)
    except (OSError, AttributeError):
        return  # another C library: nothing to tell it
