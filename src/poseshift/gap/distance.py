"""Distances between two domains, each beside its floor: the same distance inside the source.

A part of the source is compared with as many samples of the target, and with another part of the
source, several times over. The value is the mean of the first, the floor the largest of the second:
what is below it may be chance.

Legend: N, M samples, F features.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from poseshift.data.domain import Indices
from poseshift.data.draws import mix

Array = NDArray[np.floating[Any]]
Unit = Literal["share", "accuracy", "variances", "degrees"]
Level = Literal["same", "slight", "clear"]

SPLITS = 32  # enough for the largest floor to be a bound
FEWEST = 8  # samples a part
WIDE = 30.0  # degrees between poses that have nothing in common
RIDGE = 1.0  # of the probe, for each sample and standardised feature


@dataclass(frozen=True, slots=True)
class Distance:
    """One number of a diagnosis.

    Attributes:
        name: What was compared.
        value: How far the target is from the source.
        floor: The largest such distance between two parts of the source.
        matters: From where on it is worth doing something about.
        unit: ``share``: largest difference of the cumulative shares, 0 to 1; ``accuracy``: how
            often a linear probe tells the domain; ``variances``: of the source; ``degrees``.
        source: Median of the source, where one number describes a sample.
        target: Median of the target.
    """

    name: str
    value: float
    floor: float
    matters: float
    unit: Unit = "share"
    source: float | None = None
    target: float | None = None

    @property
    def level(self) -> Level:
        """``same``: not above the floor; ``slight``: above it; ``clear``: enough to matter."""
        if self.value <= self.floor:
            return "same"
        return "clear" if self.value >= self.matters else "slight"

    @property
    def extent(self) -> float:
        """The value for drawing, whatever its unit: 0 for the same, 1 for nothing in common."""
        return _extent(self.value, self.unit)

    @property
    def floor_extent(self) -> float:
        """The floor on the same scale."""
        return _extent(self.floor, self.unit)


def _extent(value: float, unit: Unit) -> float:
    if unit == "accuracy":
        return max(0.0, 2 * value - 1)
    if unit == "variances":
        return max(0.0, value) / (1 + max(0.0, value))
    return value if unit == "share" else min(1.0, value / WIDE)


@dataclass(frozen=True, slots=True)
class Split:
    """Rows of one comparison: of the source, of the source again, of the target; equally many."""

    one_n: Indices
    other_n: Indices
    target_n: Indices


def splits(source: int, target: int, most: int) -> list[Split]:
    """Rows to compare for so many samples of either domain; the same for the same numbers.

    Example:
        >>> [first, *_] = splits(source=20, target=15, most=500)
        >>> len(first.one_n), len(first.other_n), len(first.target_n)
        (10, 10, 10)
    """
    n, found = min(source // 2, target, most), []
    for number in range(SPLITS):
        rng = np.random.default_rng(mix(source, target, number))
        both_N, target_M = rng.permutation(source), rng.permutation(target)
        found.append(Split(both_N[:n], both_N[n : 2 * n], target_M[:n]))
    return found


def against_floor(
    measure: Callable[[Array, Array], float], source_N: Array, target_M: Array, found: list[Split]
) -> tuple[float, float]:
    """A distance of the domains and its floor; NaN where too little is known."""
    values = [measure(source_N[s.one_n], target_M[s.target_n]) for s in found]
    floors = [measure(source_N[s.one_n], source_N[s.other_n]) for s in found]
    return float(np.mean(values)), float(np.max(floors))


def compare(
    name: str, source_N: Array, target_M: Array, found: list[Split], matters: float
) -> Distance | None:
    """Compare one number a sample by :func:`shift`; ``None`` where too few samples have it."""
    both = against_floor(shift, source_N, target_M, found)
    if not all(map(math.isfinite, both)):
        return None
    source, target = float(np.nanmedian(source_N)), float(np.nanmedian(target_M))
    return Distance(name, *both, matters, "share", source, target)


def where_finite(distance: Distance) -> Distance | None:
    """The distance, or ``None`` where too little was known for it."""
    return distance if math.isfinite(distance.value + distance.floor) else None


def shift(a_N: Array, b_M: Array) -> float:
    """Largest difference of the cumulative shares of two samples (Kolmogorov-Smirnov), 0 to 1.

    NaN is left out; where fewer than eight numbers stay, the answer is NaN.

    Example:
        >>> low, high = np.arange(10.0), np.arange(5.0, 15.0)
        >>> shift(low, low), shift(low, high), shift(low, low + 10)
        (0.0, 0.5, 1.0)
    """
    a_N, b_M = np.sort(a_N[np.isfinite(a_N)]), np.sort(b_M[np.isfinite(b_M)])
    if min(len(a_N), len(b_M)) < FEWEST:
        return math.nan
    every = np.concatenate([a_N, b_M])
    share_a, share_b = (np.searchsorted(x, every, "right") / len(x) for x in (a_N, b_M))
    return float(np.abs(share_a - share_b).max())


def probe(a_NF: Array, b_MF: Array) -> float:
    """How often ridge regression tells which domain a sample it did not learn from is of.

    Half of either sample is learned from and the other half judged, then the other way round.

    Example:
        >>> noise = np.random.default_rng(0).normal(size=(2000, 3))
        >>> round(probe(noise[:1000], noise[1000:]), 1), probe(noise[:1000], noise[1000:] + 9)
        (0.5, 1.0)
    """
    halves = [(x[: len(x) // 2], x[len(x) // 2 :]) for x in (a_NF, b_MF)]
    both = list(zip(*halves, strict=True))
    return (_told(*both[0], *both[1]) + _told(*both[1], *both[0])) / 2


def _told(a_NF: Array, b_NF: Array, unseen_a_NF: Array, unseen_b_NF: Array) -> float:
    known_NF = np.concatenate([a_NF, b_NF]).astype(np.float64)
    side_N = np.concatenate([np.full(len(a_NF), -1.0), np.full(len(b_NF), 1.0)])
    mean_F, sd_F = known_NF.mean(0), known_NF.std(0) + 1e-9
    x_NF = (known_NF - mean_F) / sd_F
    gram_FF = x_NF.T @ x_NF + RIDGE * len(x_NF) * np.eye(x_NF.shape[1])
    weight_F = np.linalg.solve(gram_FF, x_NF.T @ side_N)
    score_a, score_b = (((x - mean_F) / sd_F) @ weight_F for x in (unseen_a_NF, unseen_b_NF))
    return float(((score_a < 0).mean() + (score_b > 0).mean()) / 2)
