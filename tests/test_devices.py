"""Device, precision and processes are decided in one place, and mistakes are explained."""

import ctypes
import platform
from pathlib import Path

import pytest
import torch
from torch import nn

from poseshift.config import TrainConfig
from poseshift.devices import (
    is_chief,
    keep_freed_memory,
    make_fabric,
    native_bf16,
    pick_device,
    pick_precision,
    place,
)
from poseshift.errors import UserError


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch):
    def is_like(cuda: bool = False, mps: bool = False, cpu: str = "x86_64", flags: str = "avx2"):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
        monkeypatch.setattr(platform, "machine", lambda: cpu)
        monkeypatch.setattr(Path, "read_text", lambda self: flags)

    return is_like


@pytest.mark.parametrize(
    ("cuda", "mps", "best"),
    [(True, True, "cuda"), (False, True, "mps"), (True, False, "cuda"), (False, False, "cpu")],
)
def test_auto_is_the_best_there_is(machine, cuda: bool, mps: bool, best: str):
    machine(cuda=cuda, mps=mps)
    assert pick_device("auto") == best
    assert pick_device("cpu") == "cpu"
    for name, there in (("cuda", cuda), ("mps", mps)):
        if there:
            assert pick_device(name) == name
        else:
            with pytest.raises(UserError, match=f"no {name} device(.|\n)*poseshift doctor"):
                pick_device(name)


def test_bf16_is_native_where_the_processor_says_so(machine, monkeypatch: pytest.MonkeyPatch):
    machine(flags="flags: avx2 avx512_bf16 amx")
    assert native_bf16("cpu")
    assert pick_precision("auto", "cpu") == "bf16"
    machine(flags="flags: avx2")
    assert not native_bf16("cpu")
    assert pick_precision("auto", "cpu") == "32"
    machine(cpu="arm64", flags="avx512_bf16")
    assert not native_bf16("cpu")
    assert not native_bf16("mps")
    assert pick_precision("bf16", "cpu") == "bf16"
    assert pick_precision("32", "cuda") == "32"


def test_a_machine_that_does_not_say_has_none(machine, monkeypatch: pytest.MonkeyPatch):
    machine()

    def unreadable(self: Path) -> str:
        raise FileNotFoundError

    monkeypatch.setattr(Path, "read_text", unreadable)
    assert not native_bf16("cpu")


@pytest.mark.parametrize("native", [True, False])
def test_a_gpu_is_asked_without_emulation(monkeypatch: pytest.MonkeyPatch, native: bool):
    def supported(including_emulation: bool = True) -> bool:
        return including_emulation or native

    monkeypatch.setattr(torch.cuda, "is_bf16_supported", supported)
    assert native_bf16("cuda") is native


def test_a_network_is_placed_channels_last():
    conv = nn.Conv2d(8, 8, 3)
    assert place(conv, "cpu") is conv
    assert conv.weight.is_contiguous(memory_format=torch.channels_last)
    other = place(nn.Conv2d(8, 8, 3), "cpu", channels_last=False)
    assert other.weight.is_contiguous()


@pytest.mark.parametrize(("precision", "inside"), [("32", torch.float32), ("bf16", torch.bfloat16)])
def test_the_engine_underneath_computes_as_told(precision: str, inside: torch.dtype):
    fabric = make_fabric(TrainConfig(device="cpu", precision=precision))
    assert (fabric.device.type, fabric.world_size, fabric.is_global_zero) == ("cpu", 1, True)
    with fabric.autocast():
        assert nn.Linear(2, 2)(torch.ones(2, 2)).dtype == inside


def test_several_processes_are_planned(monkeypatch: pytest.MonkeyPatch):
    assert make_fabric(TrainConfig(device="cpu", devices=3)).world_size == 3
    assert make_fabric(TrainConfig(device="cpu", devices=2, nodes=2)).world_size == 4


def test_settings_that_contradict_torchrun_are_refused(monkeypatch: pytest.MonkeyPatch):
    told = {"TORCHELASTIC_RUN_ID": "x", "WORLD_SIZE": "8", "LOCAL_WORLD_SIZE": "4"}
    told |= {"RANK": "5", "LOCAL_RANK": "1", "GROUP_RANK": "1"}
    told |= {"MASTER_ADDR": "here", "MASTER_PORT": "1"}
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(UserError, match=r"4 processes(.|\n)*--devices 4 --set train\.nodes=2"):
        make_fabric(TrainConfig(device="cpu"))
    fabric = make_fabric(TrainConfig(device="cpu", devices=4, nodes=2))
    assert (fabric.world_size, fabric.global_rank, fabric.is_global_zero) == (8, 5, False)


def test_the_first_process_speaks(monkeypatch: pytest.MonkeyPatch):
    assert is_chief()
    monkeypatch.setattr(torch.distributed, "is_initialized", lambda: True)
    for rank in (0, 1):
        monkeypatch.setattr(torch.distributed, "get_rank", lambda rank=rank: rank)
        assert is_chief() is (rank == 0)


def test_the_allocator_is_told_where_it_listens(monkeypatch: pytest.MonkeyPatch):
    told: list[tuple[int, int]] = []

    class Libc:
        def __init__(self, name: str) -> None:
            self.mallopt = lambda key, value: told.append((key, value))

    monkeypatch.setattr(ctypes, "CDLL", Libc)
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    keep_freed_memory()
    assert told == []
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    keep_freed_memory()
    assert dict(told) == {-4: 0, -1: 2**31 - 1}

    def missing(name: str) -> None:
        raise OSError(name)

    monkeypatch.setattr(ctypes, "CDLL", missing)
    keep_freed_memory()
