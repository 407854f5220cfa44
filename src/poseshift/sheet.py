"""A contact sheet of a Pack: crops with their skeleton drawn, to be looked at by a person.

Left is warm, right is cool, the middle is green, so that a wrong flip jumps to the eye; an occluded
joint is hollow. Suspects are framed in red.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import cv2
import numpy as np

from poseshift.data.pack import Pack
from poseshift.data.types import OCCLUDED, UNLABELED, Bytes, Floats
from poseshift.keypoint_names import side_and_stem
from poseshift.skeleton import Skeleton

TILE, GAP = 192, 6
_COLORS = {"left": (255, 120, 40), "right": (50, 130, 255), "": (60, 210, 90)}
_FAR = 1e4  # pixels; nothing beyond could be seen, and OpenCV counts in short integers
_SUSPECT, _PAPER = (230, 30, 30), (245, 245, 242)


def contact_sheet(
    pack: Pack, indices: Sequence[int], *, columns: int = 6, framed: Collection[int] = ()
) -> Bytes:
    """Draw the given samples of a Pack in rows, (H, W, 3).

    Args:
        pack: Where the samples are; poses without images are drawn on paper.
        indices: Samples to draw, in this order.
        columns: Samples in a row.
        framed: Those among them to frame in red.
    """
    rows = max(-(-len(indices) // columns), 1)
    step = TILE + GAP
    sheet_HWC = np.full((rows * step + GAP, columns * step + GAP, 3), 255, dtype=np.uint8)
    for place, index in enumerate(indices):
        top, left = (GAP + step * n for n in divmod(place, columns))
        if index in framed:
            outer = slice(top - GAP // 2, top + TILE + GAP // 2)
            sheet_HWC[outer, left - GAP // 2 : left + TILE + GAP // 2] = _SUSPECT
        sheet_HWC[top : top + TILE, left : left + TILE] = _tile(pack, index)
    return sheet_HWC


def _tile(pack: Pack, index: int) -> Bytes:
    tile_HWC = np.full((TILE, TILE, 3), _PAPER, dtype=np.uint8)
    if pack.info.has_images:
        crop_HWC = pack.crops.image(index)
        cv2.resize(crop_HWC, (TILE, TILE), dst=tile_HWC, interpolation=cv2.INTER_AREA)
    zoom = TILE / pack.info.side
    keypoints_K2 = (pack.poses.keypoints_NK2[index] + 0.5) * zoom - 0.5
    draw_pose(tile_HWC, keypoints_K2, pack.poses.visibility_NK[index], pack.skeleton)
    return tile_HWC


def draw_pose(
    image_HWC: Bytes, keypoints_K2: Floats, visibility_K: Bytes, skeleton: Skeleton
) -> None:
    """Draw a pose into an image, in place; joints that are not labelled are left out."""
    colors = [_COLORS[side_and_stem(name)[0]] for name in skeleton.keypoints]
    spots = [
        (round(x), round(y)) if v > UNLABELED and abs(x) + abs(y) < _FAR else None
        for (x, y), v in zip(keypoints_K2.tolist(), visibility_K.tolist(), strict=True)
    ]
    for a, b in skeleton.edges:
        start, end = spots[a], spots[b]
        if start and end:
            sided = next((c for c in (colors[a], colors[b]) if c != _COLORS[""]), _COLORS[""])
            cv2.line(image_HWC, start, end, sided, 1, cv2.LINE_AA)
    for spot, color, visible in zip(spots, colors, visibility_K, strict=True):
        if spot:
            cv2.circle(image_HWC, spot, 3, color, 1 if visible == OCCLUDED else -1, cv2.LINE_AA)
