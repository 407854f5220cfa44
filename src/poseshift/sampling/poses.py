"""Poses without place and size: what is scored, so that a score measures the pose alone.

A pose hangs on the middle of its hips, a hand on its wrist, anything else on the middle of its
labelled joints, and is measured in diagonals of the box of its labelled joints. It is not turned
upright: a rotated pose is rare, and hard.

Legend: N poses, K joints.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from poseshift.data.pack import Pack
from poseshift.data.types import UNLABELED, Bytes, Floats
from poseshift.keypoint_names import meaning
from poseshift.skeleton import Skeleton

Mask = NDArray[np.bool_]
_ROOTS = ({("left", "hip"), ("right", "hip")}, {("", "wrist")})


@dataclass(frozen=True, slots=True)
class Poses:
    """Normalised poses.

    Attributes:
        pose_NK2: Joints about the root, in box diagonals; zero where the mask is off.
        mask_NK: Joints that count; none of a pose with fewer than two places.
    """

    pose_NK2: Floats
    mask_NK: Mask

    def __len__(self) -> int:
        return len(self.pose_NK2)


def normalized(keypoints_NK2: Floats, visibility_NK: Bytes, skeleton: Skeleton) -> Poses:
    """Poses free of place and size; joints that are not labelled are masked, whatever they hold.

    Example:
        >>> from poseshift.skeleton import skeleton
        >>> hand = np.random.default_rng(0).uniform(0, 64, (1, 21, 2))
        >>> seen = np.full((1, 21), 2)
        >>> one, other = (normalized(h, seen, skeleton("hand21")) for h in (hand, 3 * hand + 7))
        >>> np.allclose(one.pose_NK2, other.pose_NK2, atol=1e-6), one.pose_NK2[0, 0].tolist()
        (True, [0.0, 0.0])
    """
    mask_NK = (visibility_NK > UNLABELED) & np.isfinite(keypoints_NK2).all(-1)
    off_NK1 = ~mask_NK[..., None]
    low_N2 = np.where(off_NK1, np.inf, keypoints_NK2).min(1)
    high_N2 = np.where(off_NK1, -np.inf, keypoints_NK2).max(1)
    size_N = np.hypot(*np.maximum(high_N2 - low_N2, 0).T)
    mask_NK = mask_NK & (size_N > 0)[:, None]
    root_N2 = _root(np.where(off_NK1, 0, keypoints_NK2), mask_NK, roots(skeleton))
    with np.errstate(invalid="ignore", divide="ignore"):
        pose_NK2 = (keypoints_NK2 - root_N2[:, None]) / size_N[:, None, None]
    pose_NK2 = np.where(mask_NK[..., None], pose_NK2, 0).astype(np.float32)
    return Poses(pose_NK2, mask_NK)


def _root(known_NK2: Floats, mask_NK: Mask, hang: tuple[int, ...]) -> Floats:
    """The middle of the joints a pose hangs on; of all that are labelled where one is missing."""
    whole_N1 = mask_NK[:, hang].all(1, keepdims=True) & bool(hang)
    on_NK = np.where(whole_N1, np.isin(np.arange(mask_NK.shape[1]), hang), mask_NK)
    count_N1 = np.maximum(on_NK.sum(1, keepdims=True), 1)
    middle_N2: Floats = (known_NK2 * on_NK[..., None]).sum(1) / count_N1
    return middle_N2


@cache
def roots(skeleton: Skeleton) -> tuple[int, ...]:
    """Joints whose middle a pose hangs on, none where there are neither hips nor a wrist.

    Example:
        >>> from poseshift.skeleton import skeleton
        >>> [roots(skeleton(name)) for name in ("body16", "hand21", "animal14")]
        [(2, 3), (0,), ()]
    """
    means = [meaning(name) for name in skeleton.keypoints]
    for wanted in _ROOTS:
        if wanted <= set(means):
            return tuple(k for k, said in enumerate(means) if said in wanted)
    return ()


def stream(pack: Pack) -> Iterator[Poses]:
    """The poses of a Pack in its order, some thousands at a time."""
    for keypoints_NK2, visibility_NK in pack.pose_chunks():
        yield normalized(keypoints_NK2, visibility_NK, pack.skeleton)


def gather(pack: Pack, most: int) -> Poses:
    """The poses of a Pack, or ``most`` of them, spread evenly over it."""
    step, first, parts = max(1.0, len(pack) / most), 0, list[Poses]()
    wanted_N = np.unique((np.arange(min(most, len(pack))) * step).astype(np.int64))
    for poses in stream(pack):
        inside = wanted_N[(wanted_N >= first) & (wanted_N < first + len(poses))] - first
        parts.append(Poses(poses.pose_NK2[inside], poses.mask_NK[inside]))
        first += len(poses)
    return joined(parts)


def joined(parts: list[Poses]) -> Poses:
    """Several tables of poses as one."""
    return Poses(
        np.concatenate([part.pose_NK2 for part in parts]),
        np.concatenate([part.mask_NK for part in parts]),
    )
