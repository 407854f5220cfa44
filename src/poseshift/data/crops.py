"""Square crops: where they are, the matrix that says so, and the pixels in them.

A box is (left edge, top edge, width, height) in coordinates whose pixel centres are integers, so a
whole image is (-0.5, -0.5, W, H). A crop matrix takes crop pixels to pixels of the original image.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from poseshift.data.types import UNLABELED, Bytes

Doubles = NDArray[np.float64]
Box = tuple[float, float, float, float]

MOST_SAMPLES = 16  # a side per crop pixel; beyond it the samples are dense enough not to alias


def image_box(width: int, height: int) -> Box:
    """The box of a whole image.

    Example:
        >>> image_box(640, 480)
        (-0.5, -0.5, 640.0, 480.0)
    """
    return -0.5, -0.5, float(width), float(height)


def keypoint_box(keypoints_K2: Doubles, visibility_K: Bytes) -> Box | None:
    """The tightest box around the labelled keypoints; ``None`` if they span none.

    Example:
        >>> keypoint_box(np.array([[1.0, 2.0], [5.0, 9.0]]), np.array([2, 2], dtype=np.uint8))
        (1.0, 2.0, 4.0, 7.0)
    """
    points = keypoints_K2[visibility_K > UNLABELED]
    if len(points) < 2 or np.ptp(points, axis=0).max() < 1e-6:
        return None
    (left, top), (width, height) = points.min(axis=0), np.ptp(points, axis=0)
    return float(left), float(top), float(width), float(height)


def square_around(box: Box, margin: float) -> Box:
    """The square with the box's centre whose side is ``margin`` times the box's longer side.

    Example:
        >>> square_around((10.0, 20.0, 40.0, 80.0), 1.25)
        (-20.0, 10.0, 100.0, 100.0)
    """
    left, top, width, height = box
    side = max(width, height) * margin
    return left + (width - side) / 2, top + (height - side) / 2, side, side


def crop_matrix(square: Box, side: int) -> Doubles:
    """The matrix from pixels of a crop with ``side`` pixels to pixels of the original.

    Example:
        >>> crop_matrix((-0.5, -0.5, 512.0, 512.0), 256) @ (0, 0, 1)
        array([0.5, 0.5, 1. ])
    """
    left, top, width, _ = square
    scale = width / side
    half = scale / 2  # the first pixel's centre is half a pixel from the square's edge
    return np.array([[scale, 0, left + half], [0, scale, top + half], [0, 0, 1]])


def transform(matrix_33: Doubles, points_K2: Doubles) -> Doubles:
    """Move points by a matrix.

    Example:
        >>> transform(np.diag([2.0, 2.0, 1.0]), np.array([[3.0, 4.0]]))
        array([[6., 8.]])
    """
    return np.asarray(points_K2 @ matrix_33[:2, :2].T + matrix_33[:2, 2])


def cut(image_HWC: Bytes, matrix_33: Doubles, side: int) -> Bytes:
    """The crop a matrix describes; black where it reaches beyond the image.

    A shrinking crop is sampled n times as densely, once, and averaged over n x n blocks, so that
    detail finer than its pixels fades instead of aliasing.
    """
    scale = math.hypot(matrix_33[0, 0], matrix_33[1, 0])
    n = min(max(math.ceil(scale - 1e-6), 1), MOST_SAMPLES)
    dense_33 = matrix_33 @ np.array(
        [[1 / n, 0, (1 / n - 1) / 2], [0, 1 / n, (1 / n - 1) / 2], [0, 0, 1]]
    )
    dense_HWC = cv2.warpAffine(
        image_HWC,
        dense_33[:2],
        (side * n, side * n),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT,
    )
    if n == 1:
        return np.asarray(dense_HWC, dtype=np.uint8)
    small_HWC = cv2.resize(dense_HWC, (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray(small_HWC, dtype=np.uint8)
