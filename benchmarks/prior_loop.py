"""The loop: what a prior adapted to k target poses buys an adaptation, and what labels would.

    python -m benchmarks.prior_loop            everything, resumable
    python -m benchmarks.prior_loop --quick    a smoke run
    python -m benchmarks.prior_loop --only k20

Per k and seed one prior is adapted to the poses of k target frames. Then, on ``studio->street``, it

* weighs the pseudo-labels (``plausible``), * draws the source's samples (``sampler``),
* adds labelled puppets in its poses to the source (``puppets``), or all three (``all``).

Beside them ``ours`` without a prior; ``finetune-k``, the source with the labels of those very
frames, images and all; and *labels*, ours with the same. *unadapted* is all three by the prior as
the source left it: what any prior, and more puppets, would do. All start from the same start.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from benchmarks.adapted import adapted_prior, puppets_of
from benchmarks.arms import Arm
from benchmarks.common import Bench, Row, arguments
from benchmarks.methods_compared import ARMS
from benchmarks.pairs import find_pair
from benchmarks.rows import QUICK_COUNT, table

PAIR, TRANSFER, SEEDS = "body", "chorus", 3
SHOWN = (10, 20, 50)
PUPPETS = 1000  # behind the source's 4000
USES = ("plausible", "sampler", "puppets", "all")
OURS = ARMS["ours"]


def uses(prior: Path, seed: int, quick: bool) -> dict[str, Arm]:
    """Ours with a prior, used in each way."""
    world = find_pair(PAIR, QUICK_COUNT if quick else "").source
    puppets = puppets_of(prior, world, 16 if quick else PUPPETS, seed, own=True)
    plausible = {**OURS.settings, "prior": str(prior)}
    sampler = ("sampler.name=prior", f"sampler.folder={prior}")
    if quick:
        sampler = (*sampler, "sampler.score=mean")
    source = (f"source={puppets}",)
    return {
        "plausible": replace(OURS, settings=plausible),
        "sampler": replace(OURS, sets=(*OURS.sets, *sampler)),
        "puppets": replace(OURS, sets=(*OURS.sets, *source)),
        "all": replace(OURS, settings=plausible, sets=(*OURS.sets, *source, *sampler)),
    }


def arms(shown: int, seed: int, quick: bool) -> dict[str, Arm]:
    """All that is compared at one k: with a prior, without one, and with labels."""
    labels = Arm("source_only", few=shown, checkpoints=1)
    prior = adapted_prior(PAIR, TRANSFER, shown, seed, quick)
    told = {f"ours, {name}": arm for name, arm in uses(prior, seed, quick).items()}
    unadapted = uses(adapted_prior(PAIR, "source", SHOWN[0], seed, quick), seed, quick)
    told = {"ours": OURS, **told, "ours, all, unadapted": unadapted["all"]}
    # Labels are drawn from all the target's frames, of which a smoke run has few.
    labelled = {f"finetune-{shown}": labels, "ours, labels": replace(OURS, few=shown)}
    return told if quick else told | labelled


def gains(rows: Sequence[Row], arm: str, rival: str) -> list[float]:
    """By seed, what an arm gains over another.

    Example:
        >>> made = [("a", 0, 0.75), ("b", 0, 0.5), ("b", 1, 1.0), ("a", 1, 0.5)]
        >>> gains([{"arm": arm, "seed": seed, "pck": pck} for arm, seed, pck in made], "a", "b")
        [0.25, -0.5]
    """
    by = {(row["arm"], row["seed"]): float(row["pck"]) for row in rows}
    seeds = sorted({seed for _, seed in by})
    return [by[arm, seed] - by[rival, seed] for seed in seeds]


def loop(bench: Bench, quick: bool, shown: int) -> None:
    """One k: every use of the prior, three seeds, and what it gains over ours without one."""
    rows = list[Row]()
    for seed in range(1 if quick else SEEDS):
        rows += table(bench, arms(shown, seed, quick), [PAIR], [seed], quick)
    if quick:
        return
    for use in USES:
        bench.claim(f"{use} helps ours at k = {shown}", gains(rows, f"ours, {use}", "ours"))
    adapted = gains(rows, "ours, all", "ours, all, unadapted")
    bench.claim(f"all helps more for adapting the prior to {shown} poses", adapted)
    against = gains(rows, "ours, all", "ours, labels")
    bench.claim(f"a prior of {shown} poses helps ours more than their frames' labels", against)


PARTS = {f"k{shown}": partial(loop, shown=shown) for shown in SHOWN}


def main() -> None:
    """Run the parts asked for."""
    options = arguments(__doc__, PARTS)
    bench = Bench("prior_loop", "python -m benchmarks.prior_loop", quick=options.quick)
    bench.run(PARTS, options.only)


if __name__ == "__main__":
    main()
