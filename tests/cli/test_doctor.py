"""``poseshift doctor``: the report, for people and for programs."""

import json
from typing import Any

import pytest

from poseshift import doctor as module
from tests.tiny_runs import Shell


@pytest.fixture
def poseshift(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    monkeypatch.setattr(module, "step_seconds", lambda *_: 0.06)
    return Shell(monkeypatch, capsys)


def say(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    report = {**module.diagnose(), **changes}
    monkeypatch.setattr(module, "diagnose", lambda: report)


def test_a_healthy_machine(poseshift: Shell, monkeypatch: pytest.MonkeyPatch):
    machine = {"machine": "x86_64", "cores": 2, "gpus": []}
    say(monkeypatch, findings=[], device="cpu", native_bf16=True, hardware=machine)
    lines = poseshift("doctor").out.splitlines()
    assert lines[0] == "device      cpu"
    assert lines[1] == "machine     x86_64, 2 cores"
    assert "bfloat16 is native here" in lines[2]
    assert "torch" in lines[3]
    assert "tiny step   60.0 ms (96 px, 32 images)" in lines
    assert "expect      1.2 min for source_only, 1000 steps" in lines
    assert lines[-1] == "all well"


def test_what_is_wrong_comes_with_the_line_that_mends_it(
    poseshift: Shell, monkeypatch: pytest.MonkeyPatch
):
    machine = {"machine": "x86_64", "cores": 2, "gpus": ["H1", "H2"]}
    found = [{"problem": "a GPU and no CUDA", "fix": module.CUDA_FIX}]
    say(monkeypatch, findings=found, device="cuda", native_bf16=False, hardware=machine)
    said = poseshift("doctor")
    assert said.code == 0
    assert "device      cuda H1, H2" in said.out
    assert "bfloat16 is not native here" in said.out
    assert f"! a GPU and no CUDA\n  fix: {module.CUDA_FIX}\n" in said.out
    assert "all well" not in said.out


def test_programs_get_json(poseshift: Shell):
    assert json.loads(poseshift("doctor", "--json").out) == module.diagnose()
