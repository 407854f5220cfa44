"""The pose gap: whether the target's poses are poses the source has, and has enough of.

Rarity is the score of the source's pose VAE, fitted to source poses that are not compared.

Legend: N M poses, K joints, T angles.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from poseshift.gap.distance import (
    Array,
    Distance,
    Split,
    against_floor,
    compare,
    shift,
    where_finite,
)
from poseshift.gap.poses import CropPoses
from poseshift.metrics.evalpose import counted_triplets, joint_angles
from poseshift.sampling.pose_vae import PoseVAE, VaeConfig
from poseshift.sampling.poses import Poses, normalized
from poseshift.skeleton import Skeleton

TENTHS = 10
BEYOND = 0.999  # of the source's poses score less than what counts as beyond it
NEAREST = 300  # poses whose nearest is looked for, of as many
SHARE, DEGREES = 0.2, 3.0  # from where on a shift, or degrees above the floor, matter
VAE = VaeConfig()


@dataclass(frozen=True, slots=True)
class PoseFacts:
    """What is known of N poses, one number each, NaN where not known.

    Attributes:
        score_N: Under the source's VAE.
        turn_N: Degrees the pose is turned in the image against the source's mean pose.
        angle_NT: Degrees at the skeleton's triplets.
    """

    score_N: Array
    turn_N: Array
    angle_NT: Array


@dataclass(frozen=True, slots=True)
class Support:
    """How much of the source there is where the target's poses are.

    Attributes:
        share_k: Share of the target's poses in each tenth of the source, most usual first.
        beyond: Share of them that score above 99.9 % of the source's.
    """

    share_k: list[float]
    beyond: float


class Judge:
    """Knows what is usual in the source.

    Args:
        poses: Of the source, none of those that will be compared.
        skeleton: Of all poses.
    """

    def __init__(self, poses: CropPoses, skeleton: Skeleton) -> None:
        self.skeleton = skeleton
        known = self._normalized(poses)
        self.vae = PoseVAE.fit(known, VAE)
        count_K1 = known.mask_NK.sum(0)[:, None]
        self.mean_K2 = known.pose_NK2.sum(0) / np.maximum(count_K1, 1)

    def facts(self, poses: CropPoses) -> PoseFacts:
        """Measure poses."""
        known = self._normalized(poses)
        angle_NT = known_angles(poses.keypoints_NK2, poses.known(), self.skeleton)
        return PoseFacts(self.vae.scores(known), turns(known, self.mean_K2), angle_NT)

    def _normalized(self, poses: CropPoses) -> Poses:
        return normalized(poses.keypoints_NK2, poses.visibility_NK, self.skeleton)


def distances(source: PoseFacts, target: PoseFacts, found: list[Split]) -> list[Distance]:
    """Distances of poses: rarity, turn, the angles, and how far the nearest source pose is."""
    rarity = compare("rarity", source.score_N, target.score_N, found, SHARE)
    turned = compare("turned", source.turn_N, target.turn_N, found, SHARE)
    both = source.angle_NT, target.angle_NT
    share, share_floor = against_floor(mean_shift, *both, found)
    apart, apart_floor = against_floor(nearest, *both, found)
    angles = where_finite(Distance("angles", share, share_floor, SHARE))
    near = where_finite(
        Distance("nearest pose", apart, apart_floor, apart_floor + DEGREES, "degrees")
    )
    return [distance for distance in (rarity, turned, angles, near) if distance is not None]


def per_angle(
    source: PoseFacts, target: PoseFacts, found: list[Split], skeleton: Skeleton
) -> list[Distance]:
    """The distance of each angle on its own, the largest first."""
    told = [
        compare(angle_name(skeleton, t), source.angle_NT[:, t], target.angle_NT[:, t], found, SHARE)
        for t in range(len(skeleton.triplets))
    ]
    known = [distance for distance in told if distance is not None]
    return sorted(known, key=lambda distance: -distance.value)


def angle_name(skeleton: Skeleton, triplet: int) -> str:
    """The corner of an angle, and what it opens to.

    Example:
        >>> from poseshift.skeleton import skeleton
        >>> angle_name(skeleton("body16"), 0)
        'right_knee (right_ankle, right_hip)'
    """
    one, corner, other = (skeleton.keypoints[k] for k in skeleton.triplets[triplet])
    return f"{corner} ({one}, {other})"


def support(source: PoseFacts, target: PoseFacts) -> Support:
    """Where the target's poses lie among the source's, by rarity.

    Example:
        >>> source = PoseFacts(np.arange(100.0), np.zeros(0), np.zeros((0, 0)))
        >>> target = PoseFacts(np.array([0.5, 95.0, 98.5, 200.0]), np.zeros(0), np.zeros((0, 0)))
        >>> found = support(source, target)
        >>> found.share_k[0], found.share_k[9], found.beyond
        (0.25, 0.75, 0.25)
    """
    known_N, asked_M = (x[np.isfinite(x)] for x in (source.score_N, target.score_N))
    edge_k = np.quantile(known_N, np.arange(1, TENTHS) / TENTHS)
    tenth_M = np.searchsorted(edge_k, asked_M, side="right")
    share_k = np.bincount(tenth_M, minlength=TENTHS) / max(len(asked_M), 1)
    beyond = float((asked_M > np.quantile(known_N, BEYOND)).mean()) if len(asked_M) else 0.0
    return Support(share_k.tolist(), beyond)


def turns(poses: Poses, mean_K2: Array) -> Array:
    """Degrees (N,), 0 to 180, by which each pose is turned against a mean pose.

    Example:
        >>> pose = np.array([[[0.0, 0.0], [0.0, 1.0]], [[0.0, 0.0], [1.0, 0.0]]], dtype=np.float32)
        >>> turns(Poses(pose, np.full((2, 2), True)), pose[0]).tolist()
        [0.0, 90.0]
    """
    pose_NK, mean_K = (x[..., 0] + 1j * x[..., 1] for x in (poses.pose_NK2, mean_K2))
    over_N = (pose_NK * np.conj(mean_K) * poses.mask_NK).sum(1)
    degrees_N = np.abs(np.degrees(np.angle(over_N)))
    return np.asarray(np.where(np.abs(over_N) > 1e-9, degrees_N, np.nan))


def mean_shift(a_NT: Array, b_MT: Array) -> float:
    """Mean over angles of how far their distributions are apart, NaN where none is known."""
    shifts = [shift(a_N, b_M) for a_N, b_M in zip(a_NT.T, b_MT.T, strict=True)]
    known = [value for value in shifts if math.isfinite(value)]
    return float(np.mean(known)) if known else math.nan


def nearest(a_NT: Array, b_MT: Array) -> float:
    """Median over the poses of b of the mean difference to the angles of the nearest pose of a.

    A pose counts with all of its angles that are known, if these are half of them.

    Example:
        >>> known = np.array([[10.0, 90.0], [20.0, 120.0]])
        >>> nearest(known, np.array([[12.0, 94.0], [21.0, np.nan]]))
        2.0
    """
    a_NT, b_MT = ((x[np.isfinite(x).mean(1) >= 0.5])[:NEAREST] for x in (a_NT, b_MT))
    if not (len(a_NT) and len(b_MT)):
        return math.nan
    both_MNT = np.isfinite(b_MT)[:, None] & np.isfinite(a_NT)
    apart_MNT = np.abs(np.nan_to_num(b_MT)[:, None] - np.nan_to_num(a_NT)) * both_MNT
    apart_MN = apart_MNT.sum(2) / np.maximum(both_MNT.sum(2), 1)
    apart_MN = np.where(both_MNT.any(2), apart_MN, np.inf)
    return float(np.median(apart_MN.min(1)))


def known_angles(points_NK2: Array, known_NK: NDArray[np.bool_], skeleton: Skeleton) -> Array:
    """Degrees (N, T) at the skeleton's triplets, NaN where a joint is not known."""
    triplets, points = skeleton.triplets, torch.from_numpy(np.array(points_NK2, dtype=np.float32))
    if not triplets:
        return np.zeros((len(points), 0), dtype=np.float32)
    counted = counted_triplets(points, torch.from_numpy(known_NK), triplets)
    return joint_angles(points, triplets).where(counted, torch.nan).numpy()
