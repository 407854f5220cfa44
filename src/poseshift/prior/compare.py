"""Priors against held-out poses of the target: one row each, with what to judge its numbers by.

Beside every value stand the *floor* (the other half of the held-out poses, see
:mod:`poseshift.prior.yardstick`) and the *unadapted* value (the source's prior as it was), and

    score = (value - floor) / (unadapted - floor)

so 0 is perfect and 1 is no help at all.

Legend: N M poses, K keypoints.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from poseshift.errors import BadInput
from poseshift.prior.poses import PoseSet
from poseshift.prior.yardstick import FEWEST, HeldOut, Values


class Sampler(Protocol):
    """Whatever poses can be drawn from."""

    def sample(self, n: int, seed: int) -> Tensor:
        """Poses (N, K, 2), centred and of unit size."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A prior to be measured.

    Attributes:
        name: What it is called in tables.
        transfer: How it was adapted.
        sampler: Where its poses come from.
        shown: Target poses it was adapted to.
    """

    name: str
    transfer: str
    sampler: Sampler
    shown: PoseSet


@dataclass(frozen=True, slots=True)
class Row:
    """A prior that was measured.

    Attributes:
        name: What it is called in tables.
        transfer: How it was adapted.
        shown: How many target poses it was adapted to.
        values: Its metrics.
        scores: 0 for perfect, 1 for no help, NaN where there is nothing to win.
    """

    name: str
    transfer: str
    shown: int
    values: Values
    scores: Values


@dataclass(frozen=True, slots=True)
class Comparison:
    """All that was measured on the same held-out poses.

    Attributes:
        held_out: Poses nobody was adapted to, with the space they are compared in.
        unadapted: Metrics of the source's prior.
        rows: The adapted ones.
        samples: What was measured, by name; ``unadapted`` is the source's.
        left_out: Held-out poses that some prior had been shown, and that were not used.
    """

    held_out: HeldOut
    unadapted: Values
    rows: list[Row]
    samples: dict[str, Tensor]
    left_out: int


UNADAPTED = "unadapted"
_SAME, _NOWHERE = 1e-3, 99.0  # of a pose's size: nearer is the same pose; where a missing joint is


def compare(
    held_out: PoseSet, source: Sampler, candidates: Sequence[Candidate], seed: int = 0
) -> Comparison:
    """Measure priors on held-out poses.

    Args:
        held_out: Target poses; those that any candidate was shown are left out.
        source: The prior before adaptation.
        candidates: Adapted ones, with names of their own.
        seed: Of the samples, the same for all.
    """
    kept = unseen(held_out, [candidate.shown for candidate in candidates])
    left_out = len(held_out) - len(kept)
    if left_out and len(kept) < FEWEST:
        raise BadInput(
            f"of its {len(held_out)} poses {left_out} were shown to a prior and are left out; "
            f"to measure anything by, {FEWEST} are needed",
            where=held_out.name,
            fix="give more poses that no prior was shown",
        )
    yardstick = HeldOut(kept)
    samples = {UNADAPTED: source.sample(yardstick.count, seed)}
    unadapted, rows = yardstick.measure(samples[UNADAPTED]), list[Row]()
    for candidate in candidates:
        sample_MK2 = candidate.sampler.sample(yardstick.count, seed)
        values = yardstick.measure(sample_MK2, candidate.shown)
        scores = {
            name: score(values[name], floor, unadapted[name])
            for name, floor in yardstick.floor.items()
        }
        samples[candidate.name] = sample_MK2
        rows.append(Row(candidate.name, candidate.transfer, len(candidate.shown), values, scores))
    return Comparison(yardstick, unadapted, rows, samples, left_out)


def unseen(poses: PoseSet, shown: Sequence[PoseSet]) -> PoseSet:
    """The poses that are in none of the others, but for what writing and reading rounds off."""
    points_NK2 = poses.points_NK2.nan_to_num(nan=_NOWHERE)
    known_N = torch.zeros(len(poses), dtype=torch.bool)
    for others in shown:
        for other_K2 in others.points_NK2.nan_to_num(nan=_NOWHERE):
            known_N |= (points_NK2 - other_K2).abs().amax((1, 2)) < _SAME
    if known_N.all():
        raise BadInput(
            "holds only poses that the priors were adapted to",
            where=poses.name,
            fix="give poses that were held out",
        )
    return poses.take((~known_N).nonzero()[:, 0]) if known_N.any() else poses


def score(value: float, floor: float, unadapted: float) -> float:
    """Which part of the way from perfect poses to unadapted ones is left.

    Example:
        >>> score(0.75, floor=0.5, unadapted=1.0)
        0.5
    """
    gap = unadapted - floor
    return (value - floor) / gap if gap else math.nan
