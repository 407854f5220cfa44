"""What a person sees while a run goes on: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from torch import Tensor

from poseshift.run import Run

LINE_EVERY = 30.0  # seconds between lines where there is no terminal


class Progress:
    """Shows how far a run is; use as a context."""

    def __init__(self, run: Run, start: int, steps: int, *, show: bool) -> None:
        self.label = f"{run.config.method.name} {run.path.name}"
        self.start, self.steps = start, steps
        self.console = Console(stderr=True, quiet=not show)
        self.bar: Bar | None = None
        self.told = time.monotonic()
        if show and sys.stderr.isatty():
            self.bar = Bar(
                TextColumn("[bold]{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[text]}"),
                TimeRemainingColumn(),
                console=self.console,
            )

    def __enter__(self) -> Self:
        if self.bar is not None:
            self.bar.start()
            self.bar.add_task(self.label, total=self.steps, completed=self.start, text="")
        return self

    def advance(self, done: int, losses: Mapping[str, float], images_per_s: float) -> None:
        """Tell the newest losses and speed."""
        text = " ".join(f"{name} {value:.3g}" for name, value in losses.items())
        text = f"{text}  {images_per_s:.0f} images/s"
        if self.bar is not None:
            self.bar.update(self.bar.task_ids[0], completed=done, text=text)
        elif time.monotonic() - self.told > LINE_EVERY or done == self.steps:
            self.told = time.monotonic()
            self.console.print(f"{self.label}: step {done}/{self.steps}  {text}", highlight=False)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        if self.bar is not None:
            self.bar.stop()


class Meter:
    """Means of losses and the speed since it was last asked, kept on the device until then.

    Args:
        images: Samples of each domain in a step.
    """

    def __init__(self, images: int) -> None:
        self.images, self.sums = images, dict[str, Tensor]()
        self.steps, self.timed, self.since = 0, 0, time.perf_counter()

    def add(self, losses: Mapping[str, Tensor]) -> None:
        """Count one step."""
        self.steps, self.timed = self.steps + 1, self.timed + 1
        for name, value in losses.items():
            self.sums[name] = self.sums[name] + value if name in self.sums else value

    def state(self) -> dict[str, Any]:
        """What has been counted and not yet told, for a run's resumable state."""
        return {"sums": dict(self.sums), "steps": self.steps}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on counting where :meth:`state` was taken."""
        self.sums, self.steps = dict(state["sums"]), int(state["steps"])

    def flush(self) -> tuple[dict[str, float], float]:
        """Mean losses and images a second; starts anew."""
        means = {name: float(value) / self.steps for name, value in self.sums.items()}
        now = time.perf_counter()
        speed = self.images * self.timed / (now - self.since)
        self.sums, self.steps, self.timed, self.since = {}, 0, 0, now
        return means, speed
