"""The foundation's numbers: the gap of the built-in pairs, speed, exactness, bad inputs.

    python -m benchmarks.foundation            everything, resumable
    python -m benchmarks.foundation --quick    a smoke run
    python -m benchmarks.foundation --only gap speed

Per seed one start (the source alone) is shared by all that is compared: ``source_only`` goes on for
the further budget on the source, ``supervised`` with the target's training labels added; same
augmentation, same averaging, same number of steps.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from benchmarks import exactness, speed
from benchmarks.arms import FURTHER, START, Arm, begin, plan
from benchmarks.common import Bench, arguments, code_hash, kept_run, key_of
from benchmarks.pairs import WORLDS, find_pair, worlds
from poseshift.data.baked import open_pack
from poseshift.evaluation import evaluate
from poseshift.settings import dump_yaml

SEEDS = (0, 1, 2)
ARMS = {
    "source_only": Arm("source_only"),
    "supervised": Arm("supervised"),
    "supervised_double": Arm("supervised", steps=2 * FURTHER, checkpoints=8),
}


def gap_row(kind: str, arm: Arm, seed: int, quick: bool) -> Mapping[str, Any]:
    """Train one arm of one seed and measure it on held-out images of both worlds."""
    count = "?count=64" if quick else ""
    if quick:
        arm = replace(arm, steps=arm.steps // 100)
    begun = begin(kind, arm, seed, steps=START // 100 if quick else START, count=count)
    run, more = kept_run(plan(kind, arm, seed, begun.path, count=count), find_pair(kind).figure)
    found = {
        world: evaluate(run, open_pack(f"world:{world}/test{count}", run.config.side))[0].metrics
        for world in worlds(kind)
    }
    source, target = found.values()
    return {
        "pck": target["pck"],
        "pck_protocol": target["pck_protocol"],
        "median_px": target["pixel_error"]["median"],
        "source_pck": source["pck"],
        "choice": "last",
        "steps": START + arm.steps,
        "seconds": round(begun.seconds + more, 1),
    }


def arm_mean(bench: Bench, kind: str, name: str, quick: bool) -> float:
    """Mean PCK of one arm over seeds."""
    scores, arm = [], ARMS[name]
    code = code_hash(arm.method, find_pair(kind).figure)
    for seed in SEEDS if not quick else (0,):
        settings = key_of(START, dump_yaml(plan(kind, arm, seed)))
        what = {"pair": "->".join(WORLDS[kind]), "arm": name, "seed": seed, "settings": settings}
        row = bench.row(what, lambda s=seed: gap_row(kind, arm, s, quick), code=code)
        scores.append(row["pck"])
    return statistics.fmean(scores)


def gap(bench: Bench, quick: bool) -> None:
    """The room for adaptation on the named pairs."""
    for kind in ("body",) if quick else WORLDS:
        low = arm_mean(bench, kind, "source_only", quick)
        high = arm_mean(bench, kind, "supervised", quick)
        if kind == "body":
            bench.check("body_supervised_pck", high, ">=", 0.8)
            bench.check("body_source_only_pck", low, ">=", 0.2)
            bench.check("body_source_only_pck", low, "<=", 0.6)
        bench.check(f"{kind}_gap", high - low, ">=", 0.25 if kind == "body" else 0.15)


def double(bench: Bench, quick: bool) -> None:
    """What twice the supervised budget adds: little, if the bound is a bound."""
    if quick:
        return
    once = arm_mean(bench, "body", "supervised", quick)
    twice = arm_mean(bench, "body", "supervised_double", quick)
    bench.check("supervised_double_gain", twice - once, "<=", 0.01)


EXACT = ("exactness", "bad_inputs")
PARTS = {
    "gap": gap,
    "double": double,
    "speed": speed.speed,
    "exactness": exactness.exactness,
    "bad_inputs": exactness.bad_inputs,
    "wall": speed.wall,
}


def main() -> None:
    """Run the parts asked for."""
    options = arguments(__doc__, PARTS)
    bench = Bench("foundation", "python -m benchmarks.foundation", quick=options.quick)
    bench.run(PARTS, options.only)
    missed = [check["metric"] for check in bench.checks if not check["ok"]]
    if options.quick:  # what a smoke run can hold is exactness; the rest needs its full length
        exact = [check["metric"] for check in bench.checks if check["part"] in EXACT]
        sys.exit(int(any(metric in missed for metric in exact)))


if __name__ == "__main__":
    main()
