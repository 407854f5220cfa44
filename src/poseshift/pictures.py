"""Poses drawn on crops, and crops laid out in rows.

Left is blue, right is orange, the middle is yellow, so that a swap is seen at once; an occluded
joint is hollow.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import cv2
import numpy as np

from poseshift.data.pack import Pack
from poseshift.data.types import OCCLUDED, UNLABELED, Bytes, Floats
from poseshift.errors import UserError
from poseshift.files import write_atomic
from poseshift.keypoint_names import side_and_stem
from poseshift.skeleton import Skeleton

COLORS = {"right": (240, 90, 50), "left": (50, 130, 250), "": (250, 215, 70)}
INK, PAPER, SUSPECT = (15, 15, 15), (245, 245, 242), (230, 30, 30)
TILE, GAP, HEADING = 192, 6, 26
_FAR = 1e4  # pixels; nothing beyond could be seen, and OpenCV counts in short integers


def draw_pose(
    image_HWC: Bytes,
    keypoints_K2: Floats,
    skeleton: Skeleton,
    visibility_K: Bytes | None = None,
) -> None:
    """Draw a pose into an image, in place; joints that are NaN or not labelled are left out."""
    seen_K = np.full(len(skeleton), 2) if visibility_K is None else visibility_K
    known_K = np.nan_to_num(np.abs(keypoints_K2).sum(1), nan=np.inf) < _FAR
    known_K &= seen_K > UNLABELED
    spots = [
        (round(x), round(y)) if known else None
        for (x, y), known in zip(keypoints_K2.tolist(), known_K, strict=True)
    ]
    colors = [COLORS[side_and_stem(name)[0]] for name in skeleton.keypoints]
    for a, b in skeleton.edges:
        start, end = spots[a], spots[b]
        if start and end:
            color = colors[b] if colors[a] == COLORS[""] else colors[a]
            cv2.line(image_HWC, start, end, INK, 3, cv2.LINE_AA)
            cv2.line(image_HWC, start, end, color, 2, cv2.LINE_AA)
    for spot, color, seen in zip(spots, colors, seen_K, strict=True):
        if spot:
            hollow = seen == OCCLUDED
            cv2.circle(image_HWC, spot, 3, INK, -1, cv2.LINE_AA)
            cv2.circle(image_HWC, spot, 3 if hollow else 2, color, 1 if hollow else -1, cv2.LINE_AA)


def picture(
    crop_HWC: Bytes,
    keypoints_K2: Floats,
    skeleton: Skeleton,
    visibility_K: Bytes | None = None,
    side: int = TILE,
) -> Bytes:
    """A crop at another size with its pose (crop pixels) drawn in."""
    zoom = side / crop_HWC.shape[0]
    how = cv2.INTER_CUBIC if zoom > 1 else cv2.INTER_AREA
    large_HWC = np.asarray(cv2.resize(crop_HWC, (side, side), interpolation=how), dtype=np.uint8)
    draw_pose(large_HWC, (keypoints_K2 + 0.5) * zoom - 0.5, skeleton, visibility_K)
    return large_HWC


def grid(
    rows: Sequence[Sequence[Bytes]],
    headings: Sequence[str] = (),
    framed: Collection[tuple[int, int]] = (),
) -> Bytes:
    """Lay out pictures of one size in rows on white.

    Args:
        rows: Pictures.
        headings: A word over each column.
        framed: Places (row, column) to frame in red.
    """
    height, width = rows[0][0].shape[:2]
    top = HEADING if headings else GAP
    shape = (
        top + len(rows) * (height + GAP),
        GAP + max(len(row) for row in rows) * (width + GAP),
        3,
    )
    sheet_HWC = np.full(shape, 255, np.uint8)
    for i, row in enumerate(rows):
        for j, tile in enumerate(row):
            y, x = top + i * (height + GAP), GAP + j * (width + GAP)
            if (i, j) in framed:
                edge = GAP // 2
                sheet_HWC[y - edge : y + height + edge, x - edge : x + width + edge] = SUSPECT
            sheet_HWC[y : y + height, x : x + width] = tile
    for j, text in enumerate(headings):
        spot = (GAP + j * (width + GAP) + 2, HEADING - 9)
        cv2.putText(sheet_HWC, text, spot, cv2.FONT_HERSHEY_DUPLEX, 0.5, INK, 1, cv2.LINE_AA)
    return sheet_HWC


def contact_sheet(
    pack: Pack, indices: Sequence[int], *, columns: int = 6, framed: Collection[int] = ()
) -> Bytes:
    """Samples of a Pack with their labels; poses without images are drawn on paper."""
    tiles, poses = [], pack.poses
    paper = np.full((pack.info.side, pack.info.side, 3), PAPER, np.uint8)
    for i in indices:
        crop = pack.crops.image(i) if pack.info.has_images else paper
        tiles.append(picture(crop, poses.keypoints_NK2[i], pack.skeleton, poses.visibility_NK[i]))
    rows = [tiles[i : i + columns] for i in range(0, len(tiles), columns)]
    places = {divmod(n, columns) for n, index in enumerate(indices) if index in framed}
    return grid(rows, framed=places)


def save_picture(path: Path, image_HWC: Bytes) -> None:
    """Write an image atomically, in the format its name ends with."""
    if not cv2.haveImageWriter(path.name):
        raise UserError("images are not written in this format", where=path, fix="name it .png")
    _, data = cv2.imencode(path.suffix, np.ascontiguousarray(image_HWC[..., ::-1]))
    write_atomic(path, lambda partial: partial.write_bytes(bytes(data)))
