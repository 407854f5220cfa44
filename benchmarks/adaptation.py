"""Adaptation: every method between the two bounds, on report pairs, chosen without target labels.

    python -m benchmarks.adaptation            everything, resumable; one to two minutes a row,
                                               as many rows side by side as there are cores
    python -m benchmarks.adaptation --quick    a smoke run
    python -m benchmarks.adaptation --only body

One row a run: ``pck`` is that of the checkpoint chosen without target labels, beside it those of
the start, of the last checkpoint and of the one that target labels would pick (``peek``, by images
of their own). All are scored on the same held-out target images. What a part costs is printed
before it begins.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from functools import partial

import numpy as np

from benchmarks import choosing
from benchmarks.ablations import ABLATIONS, FEW, OWN_PRETRAINING, WEIGHTS
from benchmarks.arms import Arm
from benchmarks.common import Bench, Row, alone, arguments
from benchmarks.methods_compared import ADAPTED, ARMS, TUNED, some
from benchmarks.pairs import real_data
from benchmarks.rows import table
from benchmarks.shares import closed, labels_saved, scores
from benchmarks.speed import method_speed, udape_step
from benchmarks.styles import adain

AIMS = {"regda": 0.2, "udape": 0.5, "ours": 0.7}  # share of the gap closed, on the body
RIVALS = (("ours", "mla"), ("ours", "udape"), ("mla", "udape"))
TUNED_RIVALS = tuple(("ours", name) for name in TUNED)  # added with them, after the first run
THIRD = 20 / 3  # seconds; the public code's step takes 20 on two cores
POOLED = ("body", "lottery")
DEVELOPED = ("lottery-0", "lottery-1", "lottery-0-hand", "lottery-0-animal")
LOTTERY = tuple(f"lottery-{seed}" for seed in range(1000, 1006))


def body(bench: Bench, quick: bool) -> None:
    """All arms on studio->street, six seeds, and the claims made of them."""
    rows = table(bench, {**ARMS, **TUNED}, ["body"], range(1 if quick else 6), quick)
    bench.check("body_supervised_pck", statistics.fmean(scores(rows, "supervised")), ">=", 0.8)
    aims = {**AIMS, "mla": closed(rows, "udape")[0]}
    for arm in ADAPTED:
        bench.check(f"closed_{arm}", closed(rows, arm)[0], ">=", aims.get(arm, 0.0))
    for arm, aim in AIMS.items():
        bench.claim(f"{arm} closes at least {aim:.0%} of the gap", _above(rows, arm, aim))
    for arm, rival in (*RIVALS, *TUNED_RIVALS):
        bench.claim(f"{arm} beats {rival} on the body", _ahead(rows, arm, rival))
    for arm, rival in (*RIVALS, *TUNED_RIVALS):  # without the choice of a checkpoint; added later
        ahead = _ahead(rows, arm, rival, "pck_last")
        bench.claim(f"{arm} beats {rival} on the body, last checkpoints", ahead)


def _ahead(rows: Sequence[Row], arm: str, rival: str, what: str = "pck") -> list[float]:
    pairs = zip(scores(rows, arm, what=what), scores(rows, rival, what=what), strict=True)
    return [a - b for a, b in pairs]


def _above(rows: Sequence[Row], arm: str, share: float) -> list[float]:
    """By seed, how far an arm is above a share of the gap, in PCK."""
    three = (scores(rows, name) for name in (arm, "source_only", "supervised"))
    return [m - (low + share * (high - low)) for m, low, high in zip(*three, strict=True)]


def lottery(bench: Bench, quick: bool) -> None:
    """Pairs nobody designed, one run each: who wins, and does ours ever harm."""
    rivals = ("udape", "mla", *TUNED)
    names = ("source_only", *rivals, "ours", "supervised")
    rows = table(bench, some(*names), LOTTERY[: 1 if quick else None], [0], quick)
    by = {name: np.array(scores(rows, name)) for name in names}
    wins = by["ours"] >= np.max([by[name] for name in rivals], axis=0)
    harm = by["ours"] < by["source_only"] - 0.01
    bench.check("lottery_wins_ours", float(wins.mean()), ">=", 0.7)
    bench.check("lottery_harm_ours", float(harm.mean()), "==", 0.0)


def pooled(bench: Bench, quick: bool) -> None:
    """The claims again, on the body's seeds and the lottery's pairs together, Holm-corrected."""
    kept = {part: [r for r in bench.kept.values() if r["part"] == part] for part in POOLED}
    if quick or not all(kept.values()):
        print("[adaptation] pooled: run the parts body and lottery first")
        return
    every = (*RIVALS, *TUNED_RIVALS)
    there = [pair for pair in every if all(scores(rows, pair[1]) for rows in kept.values())]
    for _, rival in set(every) - set(there):
        print(f"[adaptation] pooled: nothing of {rival}, whose rows are not all measured")
    found = {
        f"{arm} beats {rival}, body and lottery{said}": [
            difference for rows in kept.values() for difference in _ahead(rows, arm, rival, what)
        ]
        for what, said in (("pck", ""), ("pck_last", ", last checkpoints"))
        for arm, rival in there
    }
    bench.claims_together(found)


def selection(bench: Bench, quick: bool) -> None:
    """Choosing without labels, on development pairs: sound runs, and runs that harm."""
    if quick:
        return
    healthy = table(bench, some(*choosing.SOUND), choosing.PAIRS, [0], quick)
    stressed = table(bench, choosing.STRESS, choosing.PAIRS, [0], quick)
    reported = [
        row for row in bench.kept.values()
        if row["part"] in POOLED and row["arm"] in choosing.SOUND and "curve" in row
    ]  # fmt: skip
    for runs, rows in (("development", healthy), ("report", reported)):
        for name, found in choosing.summary(rows).items() if rows else ():
            bench.row(
                {"rule": name, "pairs": runs, "runs": len(rows)}, partial(dict, found), fresh=True
            )
    regrets = list[float]()
    for pair, told in choosing.left_out([*healthy, *stressed]).items():
        bench.row({"left_out": pair}, partial(dict, told), fresh=True)
        regrets += told["regrets"]
    for kind, told in choosing.harm_told([*healthy, *stressed]).items():
        bench.row({"harm": kind}, partial(dict, told), fresh=True)
    bench.check("selection_regret_mean", statistics.fmean(regrets), "<=", 0.015)
    bench.check("selection_regret_max", max(regrets), "<=", 0.05)
    if reported:
        lost = choosing.summary(reported)["default"]
        bench.check("selection_regret_mean_report", lost["regret_mean"], "<=", 0.015)
        bench.check("selection_regret_max_report", lost["regret_max"], "<=", 0.05)
    harmed = [row for row in [*healthy, *stressed] if choosing.harms(row)]
    fine = [row for row in [*healthy, *stressed] if not choosing.harms(row)]
    bench.check("harm_caught", statistics.fmean(map(choosing.caught, harmed)), ">=", 0.8)
    bench.check("false_alarm", statistics.fmean(map(choosing.alarmed, fine)), "<=", 0.1)


def photos(bench: Bench, quick: bool) -> None:
    """Puppets to the photos of LSP extended: the papers' own setting, where the data is at hand."""
    if quick or real_data() is None:
        print("[adaptation] photos: needs POSESHIFT_DATA, and its full length")
        return
    table(bench, {**ARMS, **FEW}, ["lspet"], range(3), quick)


def mouse(bench: Bench, quick: bool) -> None:
    """One mouse, from the upper view of a mirror to the lower: it illustrates, it ranks nothing."""
    if quick or real_data() is None:
        print("[adaptation] mouse: needs POSESHIFT_DATA, and its full length")
        return
    table(bench, ARMS, ["mouse"], [0], quick)


def kin(bench: Bench, quick: bool) -> None:
    """Hands and animals, three seeds."""
    arms = some("source_only", "mean_teacher", "udape", "mla", *TUNED, "ours", "supervised")
    for pair in ("hand",) if quick else ("hand", "animal"):
        rows = table(bench, arms, [pair], range(1 if quick else 3), quick)
        bench.check(f"{pair}_closed_ours", closed(rows, "ours")[0], ">=", 0.5)


def ablation(bench: Bench, quick: bool) -> None:
    """What each part of MLA and UDAPE adds, and how much the weights matter; claims nothing."""
    if quick:
        return
    table(bench, ABLATIONS, ["body"], range(3), quick)
    for seed in range(3):
        style = {"udape, AdaIN style": Arm("udape", {"style": str(adain("body", seed))})}
        table(bench, style, ["body"], [seed], quick)


def develop(bench: Bench, quick: bool) -> None:
    """How much the teacher should weigh, on development pairs: bodies, a hand and an animal."""
    if not quick:
        table(bench, WEIGHTS, DEVELOPED, [0], quick)


def own_pretraining(bench: Bench, quick: bool) -> None:
    """UDAPE and RegDA with their published pre-training, at the same total number of steps."""
    if not quick:
        table(bench, OWN_PRETRAINING, ["body"], range(3), quick)


def few_labels(bench: Bench, quick: bool) -> None:
    """Fine-tuning on k labelled target frames: what adaptation saves."""
    if not quick:
        own = [row for row in bench.kept.values() if row["part"] == "body" and row["arm"] == "ours"]
        rows = [*own, *table(bench, FEW, ["body"], range(3), quick)]
        print(f"[adaptation] frames that reach ours: {labels_saved(rows)[0] if own else 'unknown'}")


def speed(bench: Bench, quick: bool) -> None:
    """A step of every method against its floor, ResNet-50 at 256 px."""
    for name in ("regda", "udape", "mla", "lodestar"):
        found = bench.row({"case": name}, partial(alone, method_speed, name, quick), fresh=True)
        metric = "ours" if name == "lodestar" else name
        bench.check(f"step_over_floor_{metric}", found["step_over_floor"], "<=", 1.2)
    for precision in ("32", "bf16"):
        case = {"case": "udape r101 b8, AdaIN both ways", "precision": precision}
        found = bench.row(case, partial(alone, udape_step, precision, quick), fresh=True)
        name = "udape_step_seconds_r101_b8" + ("" if precision == "bf16" else "_fp32")
        bench.check(name, found["step_ms"] / 1e3, "<=", THIRD)


PARTS = {
    "body": body,
    "lottery": lottery,
    "pooled": pooled,
    "kin": kin,
    "few_labels": few_labels,
    "selection": selection,
    "photos": photos,
    "mouse": mouse,
    "ablation": ablation,
    "develop": develop,
    "own_pretraining": own_pretraining,
    "speed": speed,
}


def main() -> None:
    """Run the parts asked for."""
    options = arguments(__doc__, PARTS)
    bench = Bench("adaptation", "python -m benchmarks.adaptation", quick=options.quick)
    bench.run(PARTS, options.only)


if __name__ == "__main__":
    main()
