"""How near poses come to held-out poses of the target, and how near they could come.

Held-out poses are cut into two halves. Each half in turn is the truth: whatever is compared is
measured against it, and so is the other half. That is the *floor*, the value of poses that are
perfect and as many; no sample can be expected below it. What is compared by (means, spreads,
kernels) is fixed on the held-out poses and the same for everything.

**Joints that are not labelled.** Each pose is compared with the mask of some held-out pose: joints
that are missing there are taken away, the rest is centred and sized anew, and a missing number
counts as the mean. Sample and truth are treated alike, so equal laws still give 0 on average.

Legend: N M poses, K keypoints, D features.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from poseshift.errors import BadInput
from poseshift.metrics.frechet import frechet
from poseshift.metrics.mmd import bandwidths, mean_kernel, within
from poseshift.metrics.pose_set import (
    bone_spread_error,
    copying,
    hinge_features,
    mean_distance,
    overlap,
)
from poseshift.prior.poses import PoseSet, normalised
from poseshift.skeleton import Skeleton

FEWEST, MOST = 20, 10_000  # held-out poses: to say anything at all, and to be quick

Values = dict[str, float]


@dataclass(frozen=True, slots=True)
class Space:
    """Numbers that poses are compared by: standardised, with kernels of fixed width.

    Attributes:
        hinge: Directions and log lengths of bones instead of coordinates.
        mean_D, scale_D: Of the held-out poses.
        bandwidth_S: Widths of the kernels, in standardised units.
    """

    skeleton: Skeleton
    hinge: bool
    mean_D: Tensor
    scale_D: Tensor
    bandwidth_S: Tensor

    @classmethod
    def fit(cls, held_out: Tensor, skeleton: Skeleton, *, hinge: bool) -> Space:
        """Fix mean, spread and kernels on held-out poses."""
        raw_ND = _features(held_out, skeleton, hinge=hinge)
        mean_D = raw_ND.nanmean(0).nan_to_num()
        spread_D = (raw_ND - mean_D).square().nanmean(0).sqrt().nan_to_num()
        # A number that never changes must not turn a rounding error into a distance.
        scale_D = spread_D.clamp_min(0.01 * float(spread_D.max()))
        nothing = torch.empty(0)
        standard_ND = cls(skeleton, hinge, mean_D, scale_D, nothing)(held_out)
        return cls(skeleton, hinge, mean_D, scale_D, bandwidths(standard_ND))

    def __call__(self, points_NK2: Tensor) -> Tensor:
        """Standardised features (N, D); the mean, 0, where a joint is missing."""
        raw_ND = _features(points_NK2, self.skeleton, hinge=self.hinge)
        return ((raw_ND - self.mean_D) / self.scale_D).nan_to_num()


def _features(points_NK2: Tensor, skeleton: Skeleton, *, hinge: bool) -> Tensor:
    return hinge_features(points_NK2, skeleton.edges) if hinge else points_NK2.flatten(1)


class Yardstick:
    """One half of the held-out poses, to measure others against.

    Args:
        truth_NK2: Poses that count as the truth.
        spaces: By the ending of the names of their metrics.
    """

    def __init__(self, truth_NK2: Tensor, spaces: Mapping[str, Space]) -> None:
        self.truth_NK2, self.spaces = truth_NK2, spaces
        self.true = {end: space(truth_NK2) for end, space in spaces.items()}
        self.within = {e: within(x, spaces[e].bandwidth_S) for e, x in self.true.items()}

    def measure(self, sample_MK2: Tensor) -> Values:
        """Metrics of a sample of as many poses: of fewer, the distance would show that too."""
        values: Values = {}
        for end, space in self.spaces.items():
            x_MD, y_ND, width_S = space(sample_MK2), self.true[end], space.bandwidth_S
            between = mean_kernel(x_MD, y_ND, width_S)
            values[f"mmd2{end}"] = within(x_MD, width_S) + self.within[end] - 2 * between
            values[f"fd{end}"] = frechet(x_MD, y_ND)
        coordinates = self.spaces[""]
        if edges := coordinates.skeleton.edges:
            values["bone_spread_error"] = bone_spread_error(sample_MK2, self.truth_NK2, edges)
        x_MD, y_ND = coordinates(sample_MK2), self.true[""]
        values |= overlap(x_MD, y_ND)._asdict()
        values["spread"] = mean_distance(x_MD) / mean_distance(y_ND)
        return values


class HeldOut:
    """Held-out target poses, cut into halves that judge whatever is compared.

    Args:
        poses: Poses nobody adapted to; where they are very many, evenly spread ones.

    Attributes:
        count: Poses of a sample that are looked at.
        floor: What perfect poses get.
        space: Coordinates as poses are compared by them.
        points_NK2: The poses.

    Example:
        >>> from poseshift.skeleton import skeleton
        >>> hands = torch.randn(21, 2) + 0.1 * torch.randn(200, 21, 2)
        >>> held_out = HeldOut(PoseSet.of(hands, skeleton("hand21")))
        >>> upside_down = -hands
        >>> held_out.measure(upside_down)["mmd2"] > 0.1 > abs(held_out.floor["mmd2"])
        True
    """

    def __init__(self, poses: PoseSet) -> None:
        if len(poses) < FEWEST:
            raise BadInput(
                f"holds {len(poses)} poses; to measure anything by, {FEWEST} are needed",
                where=poses.name,
                fix="give more held-out poses: some hundreds make a difference visible",
            )
        self.skeleton = poses.skeleton
        spread = torch.linspace(0, len(poses) - 1, min(len(poses), MOST)).round().long()
        points_NK2 = poses.points_NK2[spread].double()
        ends = {"": False, "_hinge": True} if self.skeleton.edges else {"": False}
        spaces = {e: Space.fit(points_NK2, self.skeleton, hinge=h) for e, h in ends.items()}
        self.points_NK2, self.count = points_NK2, len(points_NK2) // 2
        order = torch.randperm(len(points_NK2), generator=torch.Generator().manual_seed(0))
        halves = points_NK2[order[: self.count]], points_NK2[order[-self.count :]]
        self._sides = [(Yardstick(a, spaces), b) for a, b in (halves, halves[::-1])]
        self.space = spaces[""]
        self.floor = _mean([yardstick.measure(other) for yardstick, other in self._sides])

    def measure(self, sample_MK2: Tensor, shown: PoseSet | None = None) -> Values:
        """All metrics of a sample, a mean over the two halves.

        Args:
            sample_MK2: Whole poses, centred and of unit size; the first ``count`` are looked at.
            shown: Target poses it was made from, to see whether it repeats them.
        """
        if len(sample_MK2) < self.count:
            raise BadInput(
                f"{len(sample_MK2)} poses, {self.count} are compared with as many held-out ones",
                fix="sample more",
            )
        points_MK2 = sample_MK2[: self.count].double()
        values = _mean(
            [
                yardstick.measure(normalised(points_MK2.where(other.isfinite(), torch.nan))[0])
                for yardstick, other in self._sides
            ]
        )
        if shown is not None:
            shown_nD = self.space(shown.points_NK2.double())
            values["copying"] = copying(
                self.space(points_MK2), shown_nD, self.space(self.points_NK2)
            )
        return values


def _mean(values: list[Values]) -> Values:
    return {name: sum(value[name] for value in values) / len(values) for name in values[0]}
