"""The doctor names what stands in the way, and the line that mends it."""

import importlib
import importlib.util
import json
import shutil
from pathlib import Path

import pytest
import torch

from poseshift import doctor
from poseshift.doctor import CUDA_FIX, TORCHVISION_FIX, diagnose, findings, step_seconds


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch):
    """A machine with or without an NVIDIA driver, torch's CUDA, a usable GPU, torchvision."""

    def is_like(
        smi: bool = False, driver: bool = False, cuda: str | None = None, usable: bool = False,
        torchvision: Exception | str | None = None,
    ) -> None:  # fmt: skip
        exists, find, load = Path.exists, importlib.util.find_spec, importlib.import_module

        def import_module(name: str, package: str | None = None) -> object:
            if name == "torchvision" and isinstance(torchvision, Exception):
                raise torchvision
            return object() if name == "torchvision" else load(name, package)

        def is_there(path: Path, **kwargs: bool) -> bool:
            nvidia = str(path) == "/proc/driver/nvidia/version"
            return driver if nvidia else exists(path, **kwargs)

        which = "/usr/bin/nvidia-smi" if smi else None
        monkeypatch.setattr(shutil, "which", lambda name: which)
        monkeypatch.setattr(Path, "exists", is_there)
        monkeypatch.setattr(torch.version, "cuda", cuda)
        monkeypatch.setattr(torch.cuda, "is_available", lambda: usable)
        monkeypatch.setattr(importlib, "import_module", import_module)
        monkeypatch.setattr(
            importlib.util,
            "find_spec",
            lambda name, *a: torchvision if name == "torchvision" else find(name, *a),
        )

    return is_like


@pytest.mark.parametrize(("smi", "driver"), [(True, False), (False, True), (True, True)])
def test_a_gpu_beside_a_torch_without_cuda_is_found(machine, smi: bool, driver: bool):
    machine(smi=smi, driver=driver)
    [found] = findings()
    assert "no CUDA" in found.problem
    assert found.fix == CUDA_FIX
    assert found.fix.startswith("pip install")
    assert "torch" in found.fix


def test_a_driver_that_is_too_old_is_found(machine):
    machine(smi=True, cuda="13.0")
    [found] = findings()
    assert "CUDA 13.0" in found.problem
    assert "driver" in found.fix


@pytest.mark.parametrize(
    "error", [RuntimeError("operator torchvision::nms does not exist"), ImportError("x")]
)
def test_a_torchvision_of_another_torch_is_found(machine, error: Exception):
    machine(torchvision=error)
    [found] = findings()
    assert "torchvision" in found.problem
    assert found.fix == TORCHVISION_FIX


def test_nothing_is_timed_beside_a_torchvision_that_breaks_the_networks(
    machine, monkeypatch: pytest.MonkeyPatch
):
    broken = doctor.Finding("torchvision does not match", doctor.TORCHVISION_FIX)
    monkeypatch.setattr(doctor, "findings", lambda: [broken])
    monkeypatch.setattr(doctor, "step_seconds", lambda *_: pytest.fail("timed"))
    report = doctor.diagnose()
    assert (report["step_ms"], report["expected_minutes"]) == (None, {})
    assert report["findings"] == [{"problem": broken.problem, "fix": doctor.TORCHVISION_FIX}]


def test_a_healthy_machine_has_no_findings(machine):
    for healthy in (
        {},
        {"smi": True, "cuda": "13.0", "usable": True},
        {"torchvision": "works"},
        {"cuda": "13.0"},
    ):
        machine(**healthy)
        assert findings() == []


def test_several_findings_come_worst_first(machine):
    machine(smi=True, torchvision=RuntimeError())
    assert [found.fix for found in findings()] == [CUDA_FIX, TORCHVISION_FIX]


def test_a_step_takes_time():
    assert 0 < step_seconds(batch=2, side=32, repeats=2) < 10


def test_the_diagnosis_scales_a_step_to_a_run(machine, monkeypatch: pytest.MonkeyPatch):
    machine(smi=True)
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(doctor, "step_seconds", lambda *a: asked.append(a) or 0.06)
    report = diagnose()
    assert asked == [(32, 96)]
    assert report["device"] == "cpu"
    assert report["precision"] in ("32", "bf16")
    assert report["step_ms"] == 60.0
    assert report["expected_minutes"] == {
        "source_only, 1000 steps": 1.2,
        "supervised, 1000 steps": 2.4,
    }
    assert report["findings"] == [
        {"problem": "there is an NVIDIA GPU, and this torch has no CUDA", "fix": CUDA_FIX}
    ]
    assert report["versions"]["torch"] == torch.__version__
    assert json.loads(json.dumps(report)) == report
