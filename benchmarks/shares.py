"""How much of a gap an arm closes: what tables, checks and claims share."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence

import numpy as np

from benchmarks.common import Row

Share = tuple[float, tuple[float, float]]


def scores(
    rows: Iterable[Row], arm: str, pair: str | None = None, what: str = "pck"
) -> list[float]:
    """PCK of one arm, of the checkpoint that was chosen or of another, by pair and seed."""
    mine = (r for r in rows if r["arm"] == arm and pair in (None, r["pair"]))
    return [r[what] for r in sorted(mine, key=lambda r: (r["pair"], r["seed"]))]


def closed(rows: Sequence[Row], arm: str, low: str = "source_only") -> Share:
    """Share of the gap an arm closes, on seed means, with a bootstrap interval over seeds."""
    columns = np.array([scores(rows, name) for name in (arm, low, "supervised")])
    drawn = np.random.default_rng(0).integers(columns.shape[1], size=(2000, columns.shape[1]))
    method, bottom, top = columns[:, drawn].mean(-1)
    low_end, high_end = np.quantile((method - bottom) / (top - bottom), [0.025, 0.975])
    method, bottom, top = columns.mean(1)
    return float((method - bottom) / (top - bottom)), (float(low_end), float(high_end))


def labels_saved(rows: Sequence[Row], arm: str = "ours") -> tuple[int | None, float]:
    """The fewest labelled frames with which fine-tuning reaches an arm, and that arm's PCK.

    ``None`` where the most frames tried do not reach it. Seeds are those that were fine-tuned.

    Example:
        >>> made = [("ours", 0.5), ("finetune-5", 0.4), ("finetune-20", 0.6)]
        >>> labels_saved([{"pair": "a", "seed": 0, "arm": arm, "pck": p} for arm, p in made])
        (20, 0.5)
    """
    tuned = {r["arm"]: int(r["arm"].partition("-")[2]) for r in rows if "finetune" in r["arm"]}
    seeds = {row["seed"] for row in rows if row["arm"] in tuned}
    mine = statistics.fmean(scores([row for row in rows if row["seed"] in seeds], arm))
    enough = [k for name, k in tuned.items() if statistics.fmean(scores(rows, name)) >= mine]
    return min(enough, default=None), mine
