"""Priors of poses: every transfer on every pair of pose sets, with a handful of target poses.

    python -m benchmarks.prior            everything, resumable
    python -m benchmarks.prior --quick    a smoke run
    python -m benchmarks.prior --only twenty

The generator here makes coordinates: its rows are a coordinate analogue of FlexPose. Settings were
chosen on the development pairs (part ``develop``, ``prior_settings.py``) and are the same in all
other parts. Draws of target poses are paired over transfers.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from benchmarks.common import Bench, Row, alone, arguments, code_hash, lanes
from benchmarks.pairs import real_data
from benchmarks.pose_pairs import REAL, fitted, pose_pair
from benchmarks.prior_settings import ABLATED, CHOSEN, METHODS, OWN, RIVALS, SEARCHED
from poseshift.prior.generator import Generator
from poseshift.prior.pose_files import drawn
from poseshift.prior.transfers.base import TRANSFERS, Transfer
from poseshift.prior.transfers.chorus import VOICES
from poseshift.prior.yardstick import HeldOut, Values

DEVELOPMENT, REPORT = ("lottery-3", "lottery-9"), ("body", "MPII->LSPET")
DRAWS, SEEDS = 10, 2
METRICS = ("mmd2", "fd", "mmd2_hinge", "fd_hinge", "bone_spread_error", "precision", "recall",
           "coverage", "spread", "copying")  # fmt: skip
LIMBS = 0.25  # bone_spread_error up to which limbs are limbs
INFERIOR = 0.05  # of the way from the floor to the unadapted prior: as good as
DISTANCES, BELOW = ("mmd2", "fd"), "{} below {} in {}"
BASE = ("poseshift.prior.yardstick", "poseshift.prior.generator", "poseshift.prior.pose_files")


def modules_of(transfer: str) -> tuple[str, ...]:
    """Modules a transfer depends on; the chorus names its voices where no import shows them."""
    voices = [name for name, _ in VOICES] if transfer == "chorus" else []
    return tuple(f"poseshift.prior.transfers.{name}" for name in (transfer, *voices))


Differences = dict[str, list[float]]  # by what is claimed; above 0 where it holds


class Case(NamedTuple):
    """A row to be: a transfer, by its name in the table, on draws of n target poses of a pair."""

    pair: str
    arm: str
    transfer: str
    settings: dict[str, Any]
    n: int
    draws: int
    seeds: int

    @property
    def what(self) -> dict[str, Any]:
        """What tells the row from others."""
        return self._asdict()

    @property
    def code(self) -> str:
        """Hash of the code behind it."""
        return code_hash("source_only", "body16", (*BASE, *modules_of(self.transfer)))


def measure(case: Case, quick: bool = False) -> dict[str, Any]:
    """Fit all draws and measure their samples on held-out poses."""
    pair = pose_pair(case.pair, "?count=150" if quick else "")
    judge, kind = HeldOut(pair.held_out), TRANSFERS[case.transfer]
    shown = [drawn(pair.pool, case.n, draw) for draw in range(case.draws)]
    fits, values, seconds = list[Transfer](), list[Values](), 0.0
    for seed in range(case.seeds):
        generator, seeds = (
            fitted(case.pair, quick, seed),
            range(1000 * seed, 1000 * seed + len(shown)),
        )
        began = time.perf_counter()
        fits = kind.many(generator, shown, kind.Config(**case.settings), seeds)
        seconds += time.perf_counter() - began
        values += [
            judge.measure(fit.sample(judge.count, 10_000 + at), poses)
            for fit, poses, at in zip(fits, shown, seeds, strict=True)
        ]
    told = {name: [value.get(name) for value in values] for name in METRICS}
    return {
        **{k: v for k, v in told.items() if None not in v},
        "numbers": sum(value.numel() for value in fits[0].learned.values()),
        "seconds_a_fit": round(seconds / len(values), 2),
    }


def bounds(pair: str, quick: bool = False) -> dict[str, Any]:
    """What perfect poses get, and unadapted generators on average."""
    sets = pose_pair(pair, "?count=150" if quick else "")
    judge = HeldOut(sets.held_out)
    found = [
        judge.measure(fitted(pair, quick, seed).sample(judge.count, draw))
        for seed in range(SEEDS)
        for draw in range(DRAWS)
    ]
    unadapted = {key: statistics.fmean(values[key] for values in found) for key in found[0]}
    return {"floor": judge.floor, "unadapted": unadapted, "source_poses": len(sets.source),
            "pool": len(sets.pool), "held_out": len(sets.held_out)}  # fmt: skip


def table(bench: Bench, cases: Sequence[Case], quick: bool) -> list[Row]:
    """Rows of some cases; those that are missing are measured side by side."""
    pairs = list(dict.fromkeys(case.pair for case in cases))
    with lanes(os.cpu_count() or 1) as pool:
        # Generators are shared by the cases, so all are there before the first of these.
        for made in [pool.submit(_fit, pair, quick, s) for pair in pairs for s in range(SEEDS)]:
            made.result()
        for pair in pairs:
            code = code_hash("source_only", "body16", BASE)
            bench.row({"pair": pair, "arm": "bounds"}, partial(bounds, pair, quick), code=code)
        missing = [case for case in cases if bench.key(case.what, case.code) not in bench.kept]
        # From the end, where the dearest stand: no lane is left alone with one of them.
        waiting = {id(case): pool.submit(measure, case, quick) for case in reversed(missing)}
        return [
            bench.row(case.what, lambda case=case: waiting[id(case)].result(), code=case.code)  # type: ignore[misc]
            for case in cases
        ]


def _fit(pair: str, quick: bool, seed: int) -> None:
    fitted(pair, quick, seed)


def cases(
    pairs: Iterable[str],
    arms: Mapping[str, tuple[str, dict[str, Any]]],
    n: int,
    draws: int = DRAWS,
    seeds: int = SEEDS,
) -> list[Case]:
    """Every arm on every pair."""
    return [
        Case(pair, arm, transfer, settings, n, draws, seeds)
        for pair in pairs
        for arm, (transfer, settings) in arms.items()
    ]


def develop(bench: Bench, quick: bool) -> None:
    """Every setting that is searched, on the development pairs, three draws each."""
    arms = {
        f"{name} {settings}": (name, settings)
        for name, several in SEARCHED.items()
        for settings in (several[:1] if quick else several)
    }
    if quick:
        arms = {f"{k} brief": (t, {**s, **_brief(t)}) for k, (t, s) in arms.items()}
    pairs = DEVELOPMENT[:1] if quick else DEVELOPMENT
    rows = table(bench, cases(pairs, arms, 20, draws=2 if quick else 3, seeds=1), quick)
    for name in SEARCHED:
        mine = [row for row in rows if row["transfer"] == name]
        by = {
            str(row["settings"]): statistics.fmean(
                statistics.fmean(other["mmd2"])
                for other in mine
                if other["settings"] == row["settings"]
            )
            for row in mine
        }
        best = min(by, key=by.__getitem__)
        print(f"[prior] {name}: best on the development pairs {best}")
        if not quick:
            bench.check(f"chosen_{name}", float(best == str(CHOSEN[name])), "==", 1)


def _brief(transfer: str) -> dict[str, int]:
    return {"steps": 2} if "steps" in TRANSFERS[transfer].Config.model_fields else {}


def grid(n: int, bench: Bench, quick: bool) -> None:
    """All transfers on both report pairs at one number of target poses."""
    if quick:
        return
    rows = table(bench, cases(_at_hand(bench, REPORT), METHODS, n), quick)
    found: Differences = {}
    for pair in dict.fromkeys(row["pair"] for row in rows):
        mine = {row["arm"]: row for row in rows if row["pair"] == pair}
        bounds = next(r for r in bench.rows if r.get("pair") == pair and r.get("arm") == "bounds")
        told, where = flexpose_claims(mine) if n <= 20 else {}, f"{pair}, n = {n}"
        if n <= 20:
            rivals = [BELOW.format(OWN, rival, metric) for rival in RIVALS for metric in DISTANCES]
            ahead = [statistics.fmean(told[claim]) > 0 for claim in rivals]
            bench.check(f"flexpose_beats_baselines, {where}", statistics.fmean(ahead), "==", 1)
            bench.check(f"ours_beats_all, {where}", float(beats_all(mine)), "==", 1)
        told = {**told, **ours_claims(mine, None if n <= 20 else _way(bounds))}
        found |= {f"{where}: {claim}": apart for claim, apart in told.items()}
    bench.claims_together(found)


def flexpose_claims(mine: Mapping[str, Row]) -> Differences:
    """FlexPose below the paper's rivals in both distances, and below what has its very loss."""
    return {
        BELOW.format(OWN, rival, metric): paired(mine[rival], mine[OWN], metric)
        for rival in (*RIVALS, "finetune")
        for metric in DISTANCES
    }


def ours_claims(mine: Mapping[str, Row], way: float | None) -> Differences:
    """Ours below the best other row whose limbs are limbs; with many poses, not inferior to it.

    Args:
        mine: Rows by their arms.
        way: From the floor to the unadapted prior, in MMD^2, where inferiority is the question.
    """
    found: Differences = {}
    for metric in DISTANCES:
        best = best_other(mine, metric)
        apart = paired(mine[best], mine["ours"], metric)
        found[BELOW.format("ours", f"{best}, the best other,", metric)] = apart
        if way is not None and metric == "mmd2":
            margin = INFERIOR * way
            found[f"ours not inferior to {best} in mmd2"] = [d + margin for d in apart]
    return found


def best_other(mine: Mapping[str, Row], metric: str) -> str:
    """The arm next to ours, among those whose limbs are limbs."""
    means = {
        arm: statistics.fmean(row[metric])
        for arm, row in mine.items()
        if arm != "ours" and statistics.fmean(row["bone_spread_error"]) <= LIMBS
    }
    return min(means, key=means.__getitem__)


def beats_all(mine: Mapping[str, Row]) -> bool:
    """Whether ours is below every such row on average, and one of them itself."""
    ours = mine["ours"]
    return statistics.fmean(ours["bone_spread_error"]) <= LIMBS and all(
        statistics.fmean(ours[metric]) < statistics.fmean(mine[best_other(mine, metric)][metric])
        for metric in DISTANCES
    )


def _way(bounds: Row) -> float:
    return float(bounds["unadapted"]["mmd2"] - bounds["floor"]["mmd2"])


def paired(higher: Row, lower: Row, metric: str) -> list[float]:
    """Differences of two rows, draw by draw; seeds are averaged."""
    apart = [a - b for a, b in zip(higher[metric], lower[metric], strict=True)]
    return [statistics.fmean(apart[draw :: higher["draws"]]) for draw in range(higher["draws"])]


def others(bench: Bench, quick: bool) -> None:
    """The other pairs, at n = 20."""
    if not quick:
        table(bench, cases(_at_hand(bench, REAL[1:]), METHODS, 20, seeds=1), quick)


def ablation(bench: Bench, quick: bool) -> None:
    """FlexPose without each of its regularisers."""
    if quick:
        return
    arms = {name: ("flexpose", settings) for name, settings in ABLATED.items()}
    found: Differences = {}
    for n in (10, 20):
        rows = table(bench, cases(_at_hand(bench, REPORT), arms, n), quick)
        for pair in dict.fromkeys(row["pair"] for row in rows):
            mine = {row["arm"]: row for row in rows if (row["pair"], row["n"]) == (pair, n)}
            found |= {
                f"{pair}, n = {n}: {OWN} {name} is worse in mmd2": paired(
                    mine[name], mine[OWN], "mmd2"
                )
                for name in tuple(ABLATED)[1:]
            }
    bench.claims_together(found)


def control(bench: Bench, quick: bool) -> None:
    """FlexPose with a weaker pull; decided on after ``twenty``, to say why it is where it is."""
    if quick:
        return
    arms = {
        f"{OWN}, lambda {pull}": ("flexpose", {**CHOSEN["flexpose"], "sparse": pull})
        for pull in (0.0, 0.03, 0.1)
    }
    table(bench, cases(_at_hand(bench, REPORT), arms, 20), quick)


def speed(bench: Bench, quick: bool) -> None:
    """Seconds of adapting to twenty poses, and poses a second."""
    row = bench.row({"case": "speed"}, partial(alone, cost, quick), fresh=True)
    bench.check("adapt_seconds_n20", row["adapt_seconds"], "<=", 60)
    bench.check("sampled_poses_per_s", row["sampled_per_s"], ">=", 2e5)
    bench.check("sampled_poses_per_s, ours", row["ours_sampled_per_s"], ">=", 2e5)


def cost(quick: bool) -> dict[str, float]:
    """Of FlexPose with its own search for lambda, and of the default transfer."""
    pair, generator = (
        pose_pair(DEVELOPMENT[0], "?count=150" if quick else ""),
        fitted(DEVELOPMENT[0], quick),
    )
    poses, told = drawn(pair.pool, 20, 0), {}
    for name, settings in (("flexpose", {"sparse": None}), ("chorus", {})):
        began = time.perf_counter()
        adapted = TRANSFERS[name](generator, poses, TRANSFERS[name].Config(**settings))
        told[name] = time.perf_counter() - began
    count = 2_000 if quick else 500_000
    mapped = TRANSFERS["flexpose"](generator, poses, TRANSFERS["flexpose"].Config(sparse=0.03))
    rates = [_rate(sampler, count) for sampler in (generator, mapped, adapted)]
    return {"adapt_seconds": max(told.values()), "flexpose_seconds": told["flexpose"],
            "ours_seconds": told["chorus"], "sampled_per_s": min(rates[:2]),
            "ours_sampled_per_s": rates[2]}  # fmt: skip


def _rate(sampler: Generator | Any, count: int) -> float:
    began = time.perf_counter()
    sampler.sample(count, 0)
    return count / (time.perf_counter() - began)


def _at_hand(bench: Bench, pairs: Iterable[str]) -> list[str]:
    """Pairs whose data is there; kept rows of one that is not are never dropped in silence."""
    if real_data() is not None:
        return list(pairs)
    absent = [pair for pair in pairs if pair in REAL]
    kept = [row for row in bench.kept.values() if row["part"] == bench.part]
    if any(row.get("pair") in absent for row in kept):
        raise SystemExit(f"[prior] {bench.part}: rows of {', '.join(absent)} need POSESHIFT_DATA")
    print(f"[prior] {bench.part}: without POSESHIFT_DATA there is no {', '.join(absent)}")
    return [pair for pair in pairs if pair not in REAL]


PARTS = {
    "develop": develop,
    "twenty": partial(grid, 20),
    "ten": partial(grid, 10),
    "ablation": ablation,
    "control": control,
    "others": others,
    "fifty": partial(grid, 50),
    "hundred": partial(grid, 100),
    "speed": speed,
}


def main() -> None:
    """Run the parts asked for."""
    options = arguments(__doc__, PARTS)
    bench = Bench("prior", "python -m benchmarks.prior", quick=options.quick)
    bench.run(PARTS, options.only)


if __name__ == "__main__":
    main()
