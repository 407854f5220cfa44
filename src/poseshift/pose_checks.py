"""Suspicions about poses, by comparison with the other poses of the same set: pure functions.

Legend: N samples, K keypoints, P left/right pairs, F features.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
Mask = NDArray[np.bool_]

FEWEST = 30  # poses from which a habit may be inferred
ONE_SIDED = 0.85  # share of poses that must agree before the others are suspected
IN_BETWEEN = 0.03  # share of undecided poses above which bodies merely turn around
FAR = 12.0  # robust deviations at which a joint is an outlier


def centred(keypoints_NK2: NDArray[np.floating], labeled_NK: Mask) -> Doubles:
    """Poses with the median of their labelled joints at 0 and their median distance from it 1.

    Medians, so that one joint gone astray stays the stray one; NaN where not labelled.

    Example:
        >>> centred(np.array([[[0.0, 0.0], [2.0, 0.0]]]), np.ones((1, 2), dtype=bool)).tolist()
        [[[-1.0, 0.0], [1.0, 0.0]]]
    """
    xy_NK2 = np.where(labeled_NK[..., None], keypoints_NK2, np.nan).astype(np.float64)
    some_N = labeled_NK.any(axis=1)  # the median of nothing would warn
    xy_NK2[some_N] -= np.nanmedian(xy_NK2[some_N], axis=1, keepdims=True)
    away_NK = np.linalg.norm(xy_NK2, axis=2)
    size_N = np.ones(len(xy_NK2))
    size_N[some_N] = np.nanmedian(away_NK[some_N], axis=1)
    return np.asarray(xy_NK2 / np.maximum(size_N, 1e-6)[:, None, None])


def swapped(keypoints_NK2: NDArray[np.floating], labeled_NK: Mask, flip: Sequence[int]) -> Mask:
    """Poses whose left and right seem exchanged.

    Swapping left and right turns the sign of every left-minus-right vector, and of its side of the
    line from the body's centre (which does not change when the body turns in the image). Where
    nearly all poses agree on these signs, as faces or animals seen from above do, a pose that
    disagrees as strongly as a swapped one would is suspected. Bodies that face both ways, or are
    seen while they turn, show no such habit, and then nobody is suspected.

    Returns:
        One truth value a pose.
    """
    pairs = [(a, b) for a, b in enumerate(flip) if a < b]
    nobody_N = np.zeros(len(keypoints_NK2), dtype=bool)
    if not pairs or len(keypoints_NK2) < FEWEST:
        return nobody_N
    feature_NF = odd_features(_balanced(keypoints_NK2, labeled_NK), pairs)
    known_NF = np.isfinite(feature_NF)
    usual_F = known_NF.sum(axis=0) >= FEWEST
    if not usual_F.any():
        return nobody_N
    feature_NF, known_NF = feature_NF[:, usual_F], known_NF[:, usual_F]
    middle_F = np.nanmedian(feature_NF, axis=0)
    spread_F = 1.4826 * np.nanmedian(np.abs(feature_NF - middle_F), axis=0) + 1e-3
    vote_NF = np.where(known_NF, feature_NF * middle_F / spread_F**2, 0.0)
    weight_NF = np.where(known_NF, (middle_F / spread_F) ** 2, 0.0)
    # +1 for a typical pose, -1 for the same pose with left and right exchanged.
    score_N = vote_NF.sum(axis=1) / np.maximum(weight_NF.sum(axis=1), 1e-12)
    sure_N = weight_NF.sum(axis=1) > 1.0  # the habit is at least a deviation away from its mirror
    judged = score_N[sure_N]
    if not len(judged) or (judged > 0.25).mean() < ONE_SIDED:
        return nobody_N
    if (np.abs(judged + 0.125) < 0.375).mean() > IN_BETWEEN:
        return nobody_N
    return np.asarray(sure_N & (score_N < -0.5))


def _balanced(keypoints_NK2: NDArray[np.floating], labeled_NK: Mask) -> Doubles:
    """Poses with the mean of their joints at 0 and their root mean square distance from it 1."""
    xy_NK2 = np.where(labeled_NK[..., None], keypoints_NK2, np.nan).astype(np.float64)
    count_N11 = np.maximum(labeled_NK.sum(axis=1), 1)[:, None, None]
    xy_NK2 -= np.nansum(xy_NK2, axis=1, keepdims=True) / count_N11
    square_N11 = np.nansum(xy_NK2**2, axis=(1, 2), keepdims=True) / count_N11
    return np.asarray(xy_NK2 / np.sqrt(np.maximum(square_N11, 1e-12)))


def odd_features(xy_NK2: Doubles, pairs: Sequence[tuple[int, int]]) -> Doubles:
    """What changes its sign when left and right are exchanged: 3 numbers a pair, (N, 3 P)."""
    first, second = (xy_NK2[:, list(joints)] for joints in zip(*pairs, strict=True))
    across_NP2, middle_NP2 = first - second, (first + second) / 2
    side_NP = across_NP2[..., 0] * middle_NP2[..., 1] - across_NP2[..., 1] * middle_NP2[..., 0]
    return np.concatenate([across_NP2[..., 0], across_NP2[..., 1], side_NP], axis=1)


def outliers(keypoints_NK2: NDArray[np.floating], labeled_NK: Mask) -> Mask:
    """Poses with a joint many robust deviations from its median place in centred poses."""
    if len(keypoints_NK2) < FEWEST:
        return np.zeros(len(keypoints_NK2), dtype=bool)
    enough_K = labeled_NK.sum(axis=0) >= FEWEST
    if not enough_K.any():
        return np.zeros(len(keypoints_NK2), dtype=bool)
    xy_NK2 = centred(keypoints_NK2, labeled_NK)[:, enough_K]
    middle_K2 = np.nanmedian(xy_NK2, axis=0)
    away_NK = np.linalg.norm(xy_NK2 - middle_K2, axis=2)
    usual_K = np.nanmedian(away_NK, axis=0) + 1e-3
    return np.asarray((np.nan_to_num(away_NK) / usual_K > FAR).any(axis=1))
