"""How far a PCK may be off because these images were drawn and not others.

Legend: N images, K keypoints, R resamples.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Resamples are drawn in blocks of about this many numbers, to keep memory flat.
_BLOCK = 4_000_000


def bootstrap_interval(
    hits_NK: NDArray[Any],
    valid_NK: NDArray[Any],
    scored: Sequence[int],
    n: int = 1000,
    seed: int = 0,
) -> tuple[float, float] | None:
    """Give the 95 % percentile interval of PCK over resampled images.

    Whole images are resampled, because the joints of one image fail together. Each resample is
    averaged like PCK itself: per joint, then over the scored joints that occur in it.

    Args:
        hits_NK: Which joints were found.
        valid_NK: Which joints count.
        scored: Joints to average.
        n: Number of resamples.
        seed: The same seed gives the same interval.

    Returns:
        The two ends, or ``None`` where PCK itself is undefined.

    Example:
        >>> always = np.ones((10, 2), dtype=bool)
        >>> bootstrap_interval(always, always, [0, 1])
        (1.0, 1.0)
    """
    hits_NK, valid_NK = hits_NK[:, list(scored)], valid_NK[:, list(scored)]
    if not valid_NK.any():
        return None
    images = len(hits_NK)
    rng = np.random.default_rng(seed)
    tables_NK = np.hstack([hits_NK, valid_NK]).astype(np.float64)
    means: list[NDArray[np.float64]] = []
    block = max(1, _BLOCK // images)
    for start in range(0, n, block):
        count_RN = _resamples(rng, min(block, n - start), images)
        hits_RK, valid_RK = np.hsplit(count_RN @ tables_NK, 2)
        occurs_RK = valid_RK > 0
        share_RK = np.divide(hits_RK, valid_RK, out=np.zeros_like(hits_RK), where=occurs_RK)
        drawn_R = occurs_RK.any(1)  # a resample without a single counted joint says nothing
        means.append(share_RK[drawn_R].sum(1) / occurs_RK[drawn_R].sum(1))
    low, high = np.quantile(np.concatenate(means), [0.025, 0.975])
    return float(low), float(high)


def _resamples(rng: np.random.Generator, resamples: int, images: int) -> NDArray[np.float64]:
    """Count how often each image is drawn in each resample."""
    draws_RN = rng.integers(images, size=(resamples, images))
    rows_R1 = np.arange(resamples)[:, None] * images
    count = np.bincount((draws_RN + rows_R1).ravel(), minlength=resamples * images)
    return count.reshape(resamples, images).astype(np.float64)
