"""What is shown, and what is counted until it is shown."""

import io
import sys
import time
from pathlib import Path

import pytest
import torch

from poseshift import progress
from poseshift.progress import Meter, Progress
from poseshift.run import Run
from tests.tiny_runs import tiny


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path / "my_run", tiny("supervised"))


def test_a_terminal_gets_a_bar(run: Run, monkeypatch: pytest.MonkeyPatch):
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("COLUMNS", "120")
    with Progress(run, 2, 10, show=True) as bar:
        assert bar.bar is not None
        bar.advance(5, {"source": 0.25}, 123.4)
        [task] = bar.bar.tasks
        assert (task.completed, task.total) == (5, 10)
    shown = screen.getvalue()
    assert "supervised my_run" in shown
    assert "source 0.25" in shown
    assert "123 images/s" in shown
    assert "5/10" in shown
    assert "0:00:0" in shown or "-:--:--" in shown  # the time that is left


def test_a_file_gets_a_line_now_and_then_and_at_the_end(
    run: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    with Progress(run, 0, 10, show=True) as bar:
        for step in range(1, 11):
            now[0] += 12
            bar.advance(step, {"a": 0.5, "b": 2.0}, 9.7)
    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert [line.split("step ")[1].split("/")[0] for line in lines] == ["3", "6", "9", "10"]
    assert lines[-1] == "supervised my_run: step 10/10  a 0.5 b 2  10 images/s"
    assert out == ""


@pytest.mark.parametrize("screen", [io.StringIO, Terminal])
def test_nothing_is_said_where_nothing_should_be(
    run: Run, monkeypatch: pytest.MonkeyPatch, screen: type[io.StringIO]
):
    stream = screen()
    monkeypatch.setattr(sys, "stderr", stream)
    with Progress(run, 0, 1, show=False) as bar:
        bar.advance(1, {"a": 1.0}, 1.0)
    assert stream.getvalue() == ""


def test_a_meter_tells_means_and_speed_and_starts_anew(monkeypatch: pytest.MonkeyPatch):
    now = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    meter = Meter(images=8)
    for value in (1.0, 2.0, 6.0):
        meter.add({"a": torch.tensor(value), "b": torch.tensor(-value)})
    now[0] = 2.0
    assert meter.flush() == ({"a": 3.0, "b": -3.0}, 12.0)
    meter.add({"a": torch.tensor(5.0)})
    now[0] = 3.0
    assert meter.flush() == ({"a": 5.0}, 8.0)


def test_a_meter_goes_on_where_it_was(monkeypatch: pytest.MonkeyPatch):
    now = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    first, second = Meter(images=4), Meter(images=4)
    first.add({"a": torch.tensor(1.0)})
    second.restore(first.state())
    second.add({"a": torch.tensor(3.0)})
    now[0] = 1.0
    assert second.flush() == ({"a": 2.0}, 4.0)  # the speed is of this process alone
    assert first.state()["sums"]["a"] == 1.0
