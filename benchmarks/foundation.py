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
from collections.abc import Mapping
from typing import Any

from benchmarks import exactness, speed
from benchmarks.common import Bench, arguments, kept_run
from poseshift.config import RunConfig, load_config
from poseshift.data.baked import open_pack
from poseshift.evaluation import evaluate

PAIRS = {
    "body": ("studio", "street"),
    "hand": ("desk", "kitchen"),
    "animal": ("barn", "savanna"),
}
SEEDS = (0, 1, 2)
START, FURTHER, RATE = 600, 600, 4e-3  # steps, steps, learning rate


def plan(
    pair: tuple[str, str],
    method: str,
    steps: int,
    seed: int,
    init: str | None = None,
    count: str = "",
) -> RunConfig:
    """Settings of one run."""
    source, target = (f"world:{name}{count}" for name in pair)
    return load_config(
        source=source, target=target, method=method, init=init,
        train={"steps": steps, "seed": seed, "lr": RATE, "checkpoint_every": steps},
    )  # fmt: skip


def gap_row(kind: str, arm: str, seed: int, quick: bool) -> Mapping[str, Any]:
    """Train one arm of one seed and measure it on held-out images of both worlds."""
    pair, scale = PAIRS[kind], 100 if quick else 1
    count = "?count=64" if quick else ""
    start, spent = kept_run(plan(pair, "source_only", START // scale, seed, count=count))
    steps = FURTHER * (2 if arm == "supervised_double" else 1) // scale
    method = "source_only" if arm == "source_only" else "supervised"
    run, more = kept_run(plan(pair, method, steps, seed, str(start.path), count))
    found = {
        world: evaluate(run, open_pack(f"world:{world}/test{count}", run.config.side))[0].metrics
        for world in pair
    }
    source, target = (found[world] for world in pair)
    return {
        "pck": target["pck"],
        "pck_protocol": target["pck_protocol"],
        "median_px": target["pixel_error"]["median"],
        "source_pck": source["pck"],
        "choice": "last",
        "steps": START // scale + steps,
        "seconds": round(spent + more, 1),
    }


def gap(bench: Bench, quick: bool) -> None:
    """The room for adaptation on the named pairs."""
    means: dict[tuple[str, str], float] = {}
    for kind in PAIRS if not quick else ("body",):
        arms = ["source_only", "supervised"]
        if kind == "body" and not quick:
            arms.append("supervised_double")
        for arm in arms:
            scores = []
            for seed in SEEDS if not quick else (0,):
                what = {"pair": "->".join(PAIRS[kind]), "arm": arm, "seed": seed}
                row = bench.row(what, lambda k=kind, a=arm, s=seed: gap_row(k, a, s, quick))
                scores.append(row["pck"])
            means[kind, arm] = statistics.fmean(scores)
    low, high = means["body", "source_only"], means["body", "supervised"]
    bench.check("body_supervised_pck", high, ">=", 0.8)
    bench.check("body_source_only_pck", low, ">=", 0.2)
    bench.check("body_source_only_pck", low, "<=", 0.6)
    bench.check("body_gap", high - low, ">=", 0.25)
    if quick:
        return
    for kind in ("hand", "animal"):
        room = means[kind, "supervised"] - means[kind, "source_only"]
        bench.check(f"{kind}_gap", room, ">=", 0.15)
    gain = means["body", "supervised_double"] - high
    bench.check("supervised_double_gain", gain, "<=", 0.01)


PARTS = {
    "gap": gap,
    "speed": speed.speed,
    "exactness": exactness.exactness,
    "bad_inputs": exactness.bad_inputs,
    "wall": speed.wall,
}


def main() -> None:
    """Run the parts asked for."""
    options = arguments(__doc__)
    bench = Bench("foundation", "python -m benchmarks.foundation", quick=options.quick)
    for name, part in PARTS.items():
        if not options.only or name in options.only:
            bench.start(name)
            part(bench, options.quick)
    if not options.quick:
        bench.write()
    print(f"{sum(check['ok'] for check in bench.checks)} of {len(bench.checks)} targets met")


if __name__ == "__main__":
    main()
