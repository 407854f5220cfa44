"""Which source samples: every sampler under every method, scores against truth, and their speed.

    python -m benchmarks.sampling            everything, resumable
    python -m benchmarks.sampling --quick    a smoke run
    python -m benchmarks.sampling --only claims

Rows start from the same starts as those of the adaptation tables, and the uniform rows are the same
runs. PCK and EvalPose stand for all held-out images and for the hardest third, told by the frozen
source VAE and, independently, by how rare a pose truly is in the source world.
"""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from benchmarks import scoring
from benchmarks.arms import Arm
from benchmarks.common import Bench, Row, alone, arguments
from benchmarks.hard import measure_hard
from benchmarks.methods_compared import ARMS
from benchmarks.pairs import real_data
from benchmarks.rows import table
from poseshift.sampling.scores import USUAL

CLAIMED = ("uniform", "vae-hm", "target-aware")
SAMPLERS = ("uniform", "random-subset", "vae-balanced", "vae-cl", "vae-hm", "target-aware")
MEASURES = ("vae", "rarity")  # of what is hard: a claim needs both


def arms(methods: Sequence[str], samplers: Sequence[str]) -> dict[str, Arm]:
    """Every method under every sampler, as ``ours, vae-hm``."""
    return {
        f"{method}, {sampler}": with_sampler(ARMS[method], sampler)
        for method in methods
        for sampler in samplers
    }


def with_sampler(arm: Arm, *sets: str) -> Arm:
    """An arm under a sampler, given by name and settings."""
    name, *rest = sets
    words = () if name == "uniform" else (f"sampler.name={name}", *rest)
    return replace(arm, sets=(*arm.sets, *words))


def gains(rows: Sequence[Row], method: str, sampler: str, rival: str, metric: str) -> list[float]:
    """By seed, what a sampler gains over another under one method."""

    def scores(name: str) -> dict[int, float]:
        return {row["seed"]: row[metric] for row in rows if row["arm"] == f"{method}, {name}"}

    ours, theirs = scores(sampler), scores(rival)
    return [ours[seed] - theirs[seed] for seed in sorted(ours)]


def claims(bench: Bench, quick: bool) -> None:
    """The cells that claims rest on: six seeds under ours and UDAPE."""
    methods = ("ours",) if quick else ("ours", "udape")
    samplers = CLAIMED[:2] if quick else CLAIMED
    also = None if quick else measure_hard
    rows = table(bench, arms(methods, samplers), ["body"], range(1 if quick else 6), quick, also)
    if quick:
        return
    for method in methods:
        for metric in (*(f"pck_{name}" for name in MEASURES), "pck_all"):
            found = gains(rows, method, "vae-hm", "uniform", metric)
            bench.claim(f"vae-hm beats uniform under {method}: {metric}", found)
            found = gains(rows, method, "target-aware", "vae-hm", metric)
            bench.claim(f"target-aware beats vae-hm under {method}: {metric}", found)
    afterwards(bench, rows)
    gain = partial(gains, rows, "ours")
    hard = [statistics.fmean(gain("vae-hm", "uniform", f"pck_{name}")) for name in MEASURES]
    bench.check("hm_hard_gain", min(hard), ">=", 0.01)
    overall = statistics.fmean(gain("vae-hm", "uniform", "pck_all"))
    bench.check("hm_overall_gain", overall, ">=", -0.005)
    aware = [statistics.fmean(gain("target-aware", "vae-hm", f"pck_{name}")) for name in MEASURES]
    bench.check("target_aware_gain", min(aware), ">=", 0.0)


def afterwards(bench: Bench, rows: Sequence[Row]) -> None:
    """The same of the last checkpoints: not claimed before, told because choices are noisy."""
    for method, (sampler, rival) in itertools.product(
        ("ours", "udape"), (("vae-hm", "uniform"), ("target-aware", "vae-hm"))
    ):
        for name in ("all", *MEASURES):
            found = gains(rows, method, sampler, rival, f"pck_{name}_last")
            bench.claim(f"afterwards: {sampler} beats {rival} under {method}: {name}, last", found)


def grid(bench: Bench, quick: bool) -> None:
    """The other cells, three seeds; these claim nothing."""
    if quick:
        return
    rest = [name for name in SAMPLERS if name not in CLAIMED]
    cells = {
        **arms(("ours", "udape"), rest),
        **arms(("mla",), SAMPLERS),
        **arms(("regda",), ("uniform", "vae-cl", "vae-hm")),
    }
    table(bench, cells, ["body"], range(3), quick, measure_hard)


def mixture(bench: Bench, quick: bool) -> None:
    """Hard mining under ours: how much of it, over how many bins, and scored with which lambda."""
    if quick:
        return
    words = [
        *((f"sampler.p={p}",) for p in (0.25, 0.75, 1.0)),
        *((f"sampler.k={k}",) for k in (10, 50)),
        *((f"sampler.score.kl={kl}",) for kl in (1e-4, 1e-2)),
    ]
    cells = {
        f"ours, vae-hm, {', '.join(w.removeprefix('sampler.') for w in word)}": with_sampler(
            ARMS["ours"], "vae-hm", *word
        )
        for word in words
    }
    table(bench, cells, ["body"], range(3), quick, measure_hard)


def score(bench: Bench, quick: bool) -> None:
    """Scores against the true density of the worlds, over seeds, and over lambda."""
    count = 400 if quick else 4000
    rows = []
    for world in scoring.WORLDS[:1] if quick else scoring.WORLDS:
        case = {"case": "worlds", "world": world}
        rows.append(bench.row(case, partial(scoring.against_truth, world, count), fresh=quick))
    if quick:
        return
    best = {name: statistics.fmean(row[name] for row in rows) for name in scoring.NAMES}
    print(f"[sampling] mean Spearman with the true density: {best}")
    bench.check("score_spearman", best[USUAL], ">=", 0.6)
    bench.check("score_spearman_vae", best["vae"], ">=", 0.6)
    row = bench.row({"case": "stability"}, partial(scoring.stability, "studio", count))
    bench.check("score_stability", row["seeds"], ">=", 0.95)
    if real_data() is not None:
        for name in scoring.REAL:
            bench.row({"case": "real", "poses": name}, partial(scoring.real, name))


def speed(bench: Bench, quick: bool) -> None:
    """What scores cost."""
    count = 2_000 if quick else 100_000
    row = bench.row({"case": "learning"}, partial(alone, scoring.learning, count), fresh=True)
    bench.check("vae_train_seconds_100k", row["seconds"], "<=", 300)
    bench.check("scored_poses_per_s", row["scored_per_s"], ">=", 1e5)
    count = 5_000 if quick else 1_000_000
    row = bench.row({"case": "streaming"}, partial(scoring.streaming, count), fresh=True)
    bench.check("stream_peak_mb", row["peak_mb"], "<=", 800)
    row = bench.row({"case": "ray"}, partial(alone, scoring.ray_equals_local, 3_000), fresh=True)
    if row["ray_equals_local"] is not None:
        bench.check("ray_equals_local", row["ray_equals_local"], "==", 1)


PARTS = {"claims": claims, "score": score, "speed": speed, "grid": grid, "mixture": mixture}


def main() -> None:
    """Run the parts asked for."""
    options = arguments(__doc__, PARTS)
    bench = Bench("sampling", "python -m benchmarks.sampling", quick=options.quick)
    bench.run(PARTS, options.only)


if __name__ == "__main__":
    main()
