"""Contact sheets: many samples in one picture, with or without their labels."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from poseshift.data.types import OCCLUDED, Bytes, Sample

_GAP = 4


def contact_sheet(
    samples: Sequence[Sample],
    columns: int,
    edges: Sequence[tuple[int, int]] | None = None,
    zoom: int = 1,
) -> Bytes:
    """Samples side by side on white, (H, W, 3).

    Args:
        samples: All of one side.
        columns: Pictures in a row.
        edges: Pairs of keypoints to join; ``None`` draws no labels. Hidden joints are hollow.
        zoom: Enlarges every picture.
    """
    tiles = [_tile(sample, edges, zoom) for sample in samples]
    side = tiles[0].shape[0]
    rows = -(-len(tiles) // columns)
    step = side + _GAP
    sheet = np.full((rows * step + _GAP, columns * step + _GAP, 3), 255, np.uint8)
    for number, tile in enumerate(tiles):
        top, left = (_GAP + step * place for place in divmod(number, columns))
        sheet[top : top + side, left : left + side] = tile
    return sheet


def _tile(sample: Sample, edges: Sequence[tuple[int, int]] | None, zoom: int) -> Bytes:
    if not isinstance(sample.image, np.ndarray):
        raise TypeError(f"sample {sample.id} carries no RGB array")
    tile = cv2.resize(sample.image, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_CUBIC)
    if edges is None:
        return np.asarray(tile, dtype=np.uint8)
    spots = [
        None if np.isnan(xy[0]) else (round(xy[0] * zoom), round(xy[1] * zoom))
        for xy in sample.keypoints_K2.tolist()
    ]
    for a, b in edges:
        start, end = spots[a], spots[b]
        if start and end:
            cv2.line(tile, start, end, (20, 20, 20), 1, cv2.LINE_AA)
    for spot, seen in zip(spots, sample.visibility_K.tolist(), strict=True):
        if spot:
            cv2.circle(tile, spot, 2, (230, 40, 40), 1 if seen == OCCLUDED else -1, cv2.LINE_AA)
    return np.asarray(tile, dtype=np.uint8)
