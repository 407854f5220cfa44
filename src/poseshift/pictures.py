"""Poses drawn on crops, and crops laid out in a labelled grid."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from poseshift.data.types import Bytes, Floats
from poseshift.files import write_atomic
from poseshift.skeleton import Skeleton

RIGHT, LEFT, MIDDLE = (240, 90, 50), (50, 130, 250), (250, 215, 70)
GAP, HEADING = 4, 26


def side_colors(skeleton: Skeleton) -> list[tuple[int, int, int]]:
    """A colour a joint: right, left, or neither, so that a swap is seen at once."""
    return [
        MIDDLE if k == partner else RIGHT if "right" in name or name.startswith("r_") else LEFT
        for k, (name, partner) in enumerate(zip(skeleton.keypoints, skeleton.flip, strict=True))
    ]


def draw_pose(image_HWC: Bytes, keypoints_K2: Floats, skeleton: Skeleton, zoom: int = 2) -> Bytes:
    """An enlarged crop with its pose; joints that are NaN are left out."""
    picture = cv2.resize(image_HWC, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_CUBIC)
    place = (keypoints_K2 + 0.5) * zoom - 0.5
    known = np.isfinite(place).all(1) & (np.abs(place) < 10 * picture.shape[0]).all(1)
    spots = [tuple(map(round, xy)) if ok else None for xy, ok in zip(place, known, strict=True)]
    colors = side_colors(skeleton)
    for a, b in skeleton.edges:
        start, end = spots[a], spots[b]
        if start and end:
            color = colors[a] if colors[a] != MIDDLE else colors[b]
            cv2.line(picture, start, end, (15, 15, 15), zoom + 1, cv2.LINE_AA)
            cv2.line(picture, start, end, color, zoom, cv2.LINE_AA)
    for spot, color in zip(spots, colors, strict=True):
        if spot:
            cv2.circle(picture, spot, zoom, (15, 15, 15), -1, cv2.LINE_AA)
            cv2.circle(picture, spot, zoom - 1, color, -1, cv2.LINE_AA)
    return np.asarray(picture, dtype=np.uint8)


def grid(rows: Sequence[Sequence[Bytes]], headings: Sequence[str] = ()) -> Bytes:
    """Pictures of one size in rows, with a heading over each column."""
    height, width = rows[0][0].shape[:2]
    columns = max(len(row) for row in rows)
    top = HEADING if headings else GAP
    shape = (top + len(rows) * (height + GAP), GAP + columns * (width + GAP), 3)
    sheet = np.full(shape, 255, np.uint8)
    for i, row in enumerate(rows):
        for j, picture in enumerate(row):
            y, x = top + i * (height + GAP), GAP + j * (width + GAP)
            sheet[y : y + height, x : x + width] = picture
    for j, text in enumerate(headings):
        spot = (GAP + j * (width + GAP) + 2, HEADING - 9)
        cv2.putText(sheet, text, spot, cv2.FONT_HERSHEY_DUPLEX, 0.5, (40, 40, 40), 1, cv2.LINE_AA)
    return sheet


def save_picture(path: Path, image_HWC: Bytes) -> None:
    """Write a PNG atomically."""
    ok, data = cv2.imencode(".png", np.ascontiguousarray(image_HWC[..., ::-1]))
    if not ok:
        raise RuntimeError(f"could not encode a picture of shape {image_HWC.shape}")
    write_atomic(path, lambda partial: partial.write_bytes(bytes(data)))
