"""The scale and truncation gap: how bodies sit in their crops.

How coarse a crop is, in pixels of the original image, is known without any pose; the rest needs
poses of the target.

Legend: N samples, K joints.
"""

from __future__ import annotations

import numpy as np

from poseshift.data.domain import Indices
from poseshift.data.types import Floats
from poseshift.gap.distance import Array, Distance, Split, compare
from poseshift.gap.poses import CropPoses

SHARE = 0.4  # from where on a shift matters; views are zoomed and moved a little anyway
FEWEST = 3  # joints of a box


def resolution(matrix_N33: Floats) -> Array:
    """Pixels of the original image a pixel of the crop; below 1 the crop was enlarged.

    Example:
        >>> resolution(np.diag([2.0, 2.0, 1.0]).astype(np.float32)[None]).tolist()
        [2.0]
    """
    return np.asarray(np.sqrt(np.abs(np.linalg.det(matrix_N33[:, :2, :2].astype(np.float64)))))


def framing(poses: CropPoses, joints: Indices) -> dict[str, Array]:
    """How each body sits in its crop, NaN where too few joints say.

    Args:
        poses: The bodies.
        joints: Which joints count.

    Returns:
        ``fill``, the larger side of the box of the joints over the crop's side; ``off centre``, how
        far the box is from the middle, in sides; ``unseen``, the share of the joints that are not
        known or outside the crop.
    """
    points_NK2 = np.where(poses.known()[..., None], poses.keypoints_NK2, np.nan)[:, joints]
    some_N = np.isfinite(points_NK2[..., 0]).sum(1) >= FEWEST
    fill_N, off_N = np.full(len(poses), np.nan), np.full(len(poses), np.nan)
    if some_N.any():
        low_N2, high_N2 = np.nanmin(points_NK2[some_N], 1), np.nanmax(points_NK2[some_N], 1)
        fill_N[some_N] = (high_N2 - low_N2).max(1) / poses.side
        middle_N2 = (low_N2 + high_N2) / 2 - (poses.side - 1) / 2
        off_N[some_N] = np.linalg.norm(middle_N2, axis=1) / poses.side
    return {"fill": fill_N, "off centre": off_N, "unseen": 1 - poses.inside()[:, joints].mean(1)}


def distances(
    source: dict[str, Array], target: dict[str, Array], found: list[Split]
) -> list[Distance]:
    """Distances of what both know."""
    told = [compare(name, source[name], target[name], found, SHARE) for name in source]
    return [distance for distance in told if distance is not None]
