"""Rows of a training table: a run each, side by side where there are cores for it."""

from __future__ import annotations

import os
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from benchmarks.arms import START, Arm, Begun, begin, plan
from benchmarks.common import (
    CHOOSING,
    MEASURING,
    TRAINING,
    Bench,
    Row,
    bench_folder,
    code_hash,
    kept_run,
    key_of,
    lanes,
    told_modules,
)
from benchmarks.measured import curve
from benchmarks.pairs import find_pair
from poseshift.config import RunConfig
from poseshift.methods.base import METHODS
from poseshift.run import Run
from poseshift.selection import choose, scores_to_json
from poseshift.settings import dump_yaml

QUICK_STEPS, QUICK_COUNT = 10, "?count=64"


Also = Callable[[Run, int, str], Mapping[str, Any]]


class Cell(NamedTuple):
    """A row to be: an arm, by its name in the table, on a pair with a seed."""

    pair: str
    seed: int
    name: str
    arm: Arm

    @property
    def what(self) -> dict[str, Any]:
        """What tells the row from others."""
        told = dump_yaml(self.config).replace(str(bench_folder()), "")  # wherever runs are kept
        settings = key_of(START, told)
        return {"pair": self.pair, "arm": self.name, "seed": self.seed, "settings": settings}

    @property
    def code(self) -> str:
        """Hash of the code behind it, the choice of its checkpoint included."""
        entries = (*TRAINING, *MEASURING, *told_modules(self.config))
        if METHODS[self.arm.method].target == "unlabeled":
            entries += CHOOSING
        return code_hash(self.arm.method, find_pair(self.pair).figure, entries)

    @property
    def config(self) -> RunConfig:
        """Settings of its run, but for the start."""
        return plan(self.pair, self.arm, self.seed)

    @property
    def start(self) -> str:
        """What tells the start it goes on from."""
        return key_of(self.pair, self.seed, self.arm.begun)


def table(
    bench: Bench,
    arms: Mapping[str, Arm],
    pairs: Sequence[str],
    seeds: Iterable[int],
    quick: bool,
    also: Also | None = None,
) -> list[Row]:
    """Rows of some arms on some pairs; those that are missing are measured side by side.

    Args:
        bench: Where they are kept.
        arms: By their names.
        pairs: By their names.
        seeds: A row each.
        quick: A smoke run.
        also: What else to measure of the checkpoint that is chosen.
    """
    cells = [Cell(pair, seed, *arm) for pair in pairs for seed in seeds for arm in arms.items()]
    missing = [
        index
        for index, cell in enumerate(cells)
        if bench.key(cell.what, cell.code) not in bench.kept
    ]
    minutes = sum(_seconds(bench, cells[index].arm.method) for index in missing) / 60
    print(
        f"[{bench.name}] {bench.part}: {len(cells)} rows, {len(missing)} to measure, "
        f"about {minutes:.0f} minutes on a core and as many starts",
        flush=True,
    )
    with lanes(os.cpu_count() or 1) as pool:
        first = {cells[index].start: cells[index] for index in missing}
        starts = {name: pool.submit(start_of, cell, quick) for name, cell in first.items()}
        rows = {}
        for index in missing:
            starts[cells[index].start].result()  # shared, so never trained by two rows at once
            rows[index] = pool.submit(measure_row, cells[index], quick, also)
        return [
            bench.row(cell.what, lambda index=index: rows[index].result(), code=cell.code)  # type: ignore[misc]
            for index, cell in enumerate(cells)
        ]


def _seconds(bench: Bench, method: str) -> float:
    """What rows of a method took so far, on average; else what lodestar's take."""
    own = [row for row in bench.kept.values() if row.get("method") == method]
    rows = [row["seconds"] for row in own if "seconds" in row]  # rows of speed have none
    return statistics.fmean(rows) if rows else 300.0


def start_of(cell: Cell, quick: bool) -> Begun:
    """The start a row goes on from, trained if it is not kept."""
    steps, count = (QUICK_STEPS, QUICK_COUNT) if quick else (START, "")
    return begin(cell.pair, cell.arm, cell.seed, steps=steps, count=count)


def measure_row(cell: Cell, quick: bool = False, also: Also | None = None) -> dict[str, Any]:
    """Train one arm from its start, let it choose a checkpoint, and measure what it chose."""
    count = QUICK_COUNT if quick else ""
    arm = replace(cell.arm, steps=QUICK_STEPS) if quick else cell.arm
    begun = start_of(cell, quick)
    settings = plan(cell.pair, arm, cell.seed, begun.path, count=count)
    pair = find_pair(cell.pair, tested=32, peeked=16) if quick else find_pair(cell.pair)
    run, seconds = kept_run(settings, pair.figure)
    found = curve(run, pair)
    chosen = found.last()
    about: dict[str, Any] = {"choice": "last"}
    if METHODS[arm.method].target == "unlabeled":
        selection = choose(run)
        chosen = selection.step
        about = {
            "choice": "selected",
            "kept_start": selection.kept_start,
            "curve": {str(step): found.pck(step) for step in found.test},
            "scores": scores_to_json(selection.scores),
        }
    return {
        "method": arm.method,
        "sampler": settings.sampler.name,
        "pck": found.pck(chosen),
        "pck_protocol": found.test[chosen]["pck_protocol"],
        "pck_last": found.pck(found.last()),
        "pck_peek": found.pck(found.peek()),
        "pck_start": found.pck(0) if begun.path else None,
        "step": chosen,
        "steps": arm.steps,
        "passes": sum(part.images for part in METHODS[arm.method].passes),
        "seconds": round(seconds, 1),
        "start_seconds": round(begun.seconds, 1),
        **about,
        **(also(run, chosen, cell.pair) if also else {}),
    }
