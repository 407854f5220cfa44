"""Poses of unit size into files: COCO keypoints (``.json``), CSV (``.csv``) or a Pack (no ending).

Half-pixel rule: each pose stands in the middle of a square of 256 pixels, centres at integers.
Missing: never; a sampled pose has all its joints.

Legend: N poses, K keypoints.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from torch import Tensor

from poseshift.data.coco_writer import CATEGORY, CocoWriter
from poseshift.data.pack import PackWriter
from poseshift.data.types import VISIBLE, Floats, Sample
from poseshift.errors import UserError
from poseshift.files import ensure_makeable, make_folder, write_atomic
from poseshift.skeleton import Skeleton

SIDE, PER_UNIT = 256, 52  # pixels: a body's root mean square radius is 52, its height about 180


def ensure_new(path: Path) -> None:
    """Refuse to write where anything is, before any work is done for it."""
    if path.exists():
        raise UserError("already exists", where=path, fix="choose another --out")
    ensure_makeable(path)


def ensure_poses_file(path: Path) -> None:
    """Refuse, before any work, a name that is taken or whose ending says no kind of file."""
    if path.suffix.lower() not in ("", ".json", ".csv"):
        fix = "end it in .json (COCO) or .csv; a name without an ending becomes a Pack"
        raise UserError(f"'{path.suffix}' is no ending of a file of poses", where=path, fix=fix)
    ensure_new(path)


def write_poses(path: Path, chunks: Iterable[Tensor], skeleton: Skeleton, made_by: str = "") -> int:
    """Write poses of unit size as COCO keypoints, CSV or a Pack, by the ending of the name.

    Args:
        path: ``.json``, ``.csv``, or without an ending a folder to make; nothing may be there yet.
        chunks: Poses (N, K, 2), some at a time: they need not fit into memory.
        skeleton: Their joints.
        made_by: What the file should say of itself.

    Returns:
        How many poses there were.
    """
    ensure_poses_file(path)
    make_folder(path.absolute().parent)
    write = {".json": _write_coco, ".csv": _write_csv}.get(path.suffix.lower())
    if write is None:
        return _write_pack(path, chunks, skeleton, made_by)
    count = [0]

    def fill(partial: Path) -> None:
        count[0] = write(partial, chunks, skeleton, made_by)

    write_atomic(path, fill)
    return count[0]


def placed(points_NK2: Tensor) -> Floats:
    """Poses of unit size in the middle of a square of 256 pixels.

    Example:
        >>> import torch
        >>> placed(torch.tensor([[[0.0, 0.0], [1.0, -1.0]]])).tolist()
        [[[127.5, 127.5], [179.5, 75.5]]]
    """
    return np.asarray(points_NK2 * PER_UNIT + (SIDE - 1) / 2, dtype=np.float32)


def _write_coco(path: Path, chunks: Iterable[Tensor], skeleton: Skeleton, made_by: str) -> int:
    seen_K1 = np.full((len(skeleton), 1), VISIBLE)
    with CocoWriter(path, skeleton, {"description": made_by}) as writer:
        for points_NK2 in chunks:
            for keypoints_K2 in placed(points_NK2).astype(np.float64).round(3):
                left, top = keypoints_K2.min(0).tolist()
                width, height = np.ptp(keypoints_K2, axis=0).round(3).tolist()
                entry = {
                    "category_id": CATEGORY,
                    "keypoints": np.hstack([keypoints_K2, seen_K1]).reshape(-1).tolist(),
                    "num_keypoints": len(skeleton),
                    "bbox": [left + 0.5, top + 0.5, width, height],  # from the image's edge
                    "area": round(width * height, 3),
                    "iscrowd": 0,
                }
                number = writer.poses + 1
                writer.add(number, f"pose-{number:07d}", (SIDE, SIDE), [entry])
    return writer.poses


def _write_csv(path: Path, chunks: Iterable[Tensor], skeleton: Skeleton, made_by: str) -> int:
    count = 0
    with path.open("w", encoding="utf-8") as file:
        names = [f"{name}_{axis}" for name in skeleton.keypoints for axis in "xy"]
        file.write(",".join(names) + "\n")
        for points_NK2 in chunks:
            np.savetxt(file, placed(points_NK2).reshape(len(points_NK2), -1), "%.3f", ",")
            count += len(points_NK2)
    return count


def _write_pack(path: Path, chunks: Iterable[Tensor], skeleton: Skeleton, made_by: str) -> int:
    seen_K, count = np.full(len(skeleton), VISIBLE, np.uint8), 0
    with PackWriter(path, skeleton, SIDE, crop_from="keypoints", made_by=made_by) as writer:
        for points_NK2 in chunks:
            for keypoints_K2 in placed(points_NK2):
                writer.add(Sample(f"{count:07d}", None, keypoints_K2, seen_K))
                count += 1
    return count
