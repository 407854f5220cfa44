"""Poses of named images as files tell them: people's labels, and what other tools predict.

The images themselves are not needed, unlike in ``prepare``. Read here are COCO keypoints JSON (also
with a confidence in the place of visibility, or ``keypoint_scores``), COCO *results* lists, and
DeepLabCut and Lightning-Pose tables with or without ``likelihood``; everything else goes through
the readers of :mod:`poseshift.data.formats`.

Half-pixel rule: keypoints are pixel indices (centres at integers), taken as they are.
Missing: visibility 0, a blank cell, NaN; not given at all counts as a confidence of 1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from poseshift.data.formats import FORMATS, Annotation, ReadOptions, detect
from poseshift.data.formats.base import Doubles
from poseshift.data.formats.files import (
    cell_number,
    load_json,
    load_table,
    number,
    numbers,
    read_text,
)
from poseshift.data.formats.joints import skeleton_for
from poseshift.data.types import UNLABELED, VISIBLE, Bytes
from poseshift.errors import BadInput
from poseshift.skeleton import Skeleton, skeleton

_CONFIDENCE = re.compile(r"(.+)[ _.](?:likelihood|confidence|conf|score)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FramePose:
    """One pose in one image.

    Attributes:
        where: File and row, for messages.
        image: The image as the file names it.
        keypoints_K2: Pixels of the original image, NaN where missing.
        visibility_K: 0 missing, 1 occluded, 2 visible.
        confidence_K: The tool's own, 1 where the file gives none.
    """

    where: str
    image: str
    keypoints_K2: Doubles
    visibility_K: Bytes
    confidence_K: Doubles


@dataclass(frozen=True, slots=True)
class FrameFile:
    """All poses of a file.

    Attributes:
        path: The file.
        skeleton: Joints of the poses.
        poses: In the order of the file.
        predicted: Whether it gives confidences: a tool wrote it, not a person.
        notes: What was decided for the user, to be said aloud.
    """

    path: Path
    skeleton: Skeleton
    poses: list[FramePose]
    predicted: bool
    notes: list[str] = field(default_factory=list)


def read_frames(path: Path, wanted: Skeleton) -> FrameFile:
    """Read the poses of a file.

    Args:
        path: Label file or predictions, see above.
        wanted: Joints of the run; what a file that names none probably means.
    """
    if path.suffix.lower() == ".csv" and path.is_file() and read_text(path).startswith("scorer"):
        return _read_dlc(path)
    if path.suffix.lower() == ".json" and path.is_file():
        data = load_json(path)
        if isinstance(data, dict) and "annotations" in data:
            return _read_coco(path, data, wanted)
        if isinstance(data, list) and data and isinstance(data[0], dict) and "image_id" in data[0]:
            return _read_coco(path, {"annotations": data}, wanted)
    return _read_other(path, wanted)


# --- COCO: keypoints and results ------------------------------------------------------------------


def _read_coco(path: Path, data: dict[str, Any], wanted: Skeleton) -> FrameFile:
    entries = _objects(data["annotations"], "annotations", path)
    if not entries:
        raise BadInput("holds no pose", where=path, fix="use a keypoints file")
    names = {
        image["id"]: image.get("file_name")
        for image in _objects(data.get("images", []), "images", path)
        if type(image.get("id")) is int
    }
    joints, notes = _coco_joints(data, entries[0], wanted, path)
    numbered = [(f"{path}: pose {row}", entry) for row, entry in enumerate(entries)]
    rows = [(where, entry) for where, entry in numbered if not entry.get("iscrowd")]
    triples_NK3 = np.array(
        [
            numbers(entry.get("keypoints"), 3 * len(joints), f"{where}, keypoints")
            for where, entry in rows
        ]
    ).reshape(len(rows), len(joints), 3)
    flags = bool(np.isin(triples_NK3[..., 2], (0, 1, 2)).all())
    poses = [
        _coco_pose(triples_K3, flags, entry, _coco_image(entry, names, where), where)
        for triples_K3, (where, entry) in zip(triples_NK3, rows, strict=True)
    ]
    scored = any("score" in entry or "keypoint_scores" in entry for entry in entries)
    return FrameFile(path, joints, poses, predicted=scored or not flags, notes=notes)


def _coco_pose(
    triples_K3: Doubles, flags: bool, entry: dict[str, Any], image: str, where: str
) -> FramePose:
    """The third number is a flag in labels and a confidence in what many tools write.

    A joint with a score and a place is there, whatever threshold its tool had for the flag.
    """
    third_K = triples_K3[:, 2]
    if "keypoint_scores" in entry:
        given = entry["keypoint_scores"]
        confidence_K = numbers(given, len(third_K), f"{where}, keypoint_scores")
        placed_K = np.isfinite(triples_K3).all(1) & triples_K3[:, :2].any(1) & (confidence_K > 0)
        third_K = np.where((third_K <= 0) & placed_K, VISIBLE if flags else confidence_K, third_K)
    elif flags:
        confidence_K = np.full(len(third_K), number(entry.get("score", 1), f"{where}, score"))
    else:
        confidence_K = third_K
    missing_K = third_K <= 0
    return FramePose(
        where,
        image,
        np.where(missing_K[:, None], np.nan, triples_K3[:, :2]),
        (third_K if flags else np.where(missing_K, UNLABELED, VISIBLE)).astype(np.uint8),
        confidence_K,
    )


def _coco_image(entry: dict[str, Any], names: dict[int, Any], where: str) -> str:
    key = entry.get("image_id")
    name = entry.get("file_name", names.get(key, key) if isinstance(key, int) else key)
    if not isinstance(name, str):
        raise BadInput(
            f"image_id {key!r} is not among the images, so its name is not known",
            where=where,
            fix='write {"images": [{"id": .., "file_name": ..}, ...], "annotations": [this list]}',
        )
    return name


def _coco_joints(
    data: dict[str, Any], first: dict[str, Any], wanted: Skeleton, path: Path
) -> tuple[Skeleton, list[str]]:
    """The joints the categories name; a list of results names none."""
    categories = _objects(data.get("categories", []), "categories", path)
    named = [entry["keypoints"] for entry in categories if entry.get("keypoints")]
    if named and all(names == named[0] for names in named):
        if not isinstance(named[0], list) or not all(isinstance(n, str) for n in named[0]):
            raise BadInput("'keypoints' should be a list of names", where=f"{path}: categories")
        return skeleton_for(named[0], path), []
    if named:
        raise BadInput(
            "its categories have different keypoints", where=path, fix="split it by category"
        )
    count = len(first["keypoints"]) // 3 if isinstance(first.get("keypoints"), list) else 0
    for known in (wanted, skeleton("coco17")):
        if len(known) == count:
            return known, [f"{count} joints without names taken as {known.name}"]
    raise BadInput(
        f"its {count} joints have no names, skeleton {wanted.name} has {len(wanted)}",
        where=path,
        fix='add "categories": [{"id": 1, "keypoints": ["nose", ...]}]',
    )


def _objects(value: Any, name: str, path: Path) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise BadInput(f"expected a list of objects under '{name}'", where=path)
    return value


# --- DeepLabCut and Lightning-Pose ----------------------------------------------------------------


def _read_dlc(path: Path) -> FrameFile:
    """One row an image, one group of columns an animal."""
    table = load_table(path)
    depth = next((i + 1 for i, row in enumerate(table[:4]) if row[0].strip() == "coords"), 0)
    header = {row[0].strip(): [cell.strip() for cell in row] for row in table[:depth]}
    width = len(header.get("coords", []))
    if "bodyparts" not in header or any(len(row) != width for row in header.values()):
        raise BadInput(
            "its header is not scorer, (individuals,) bodyparts, coords",
            where=path,
            fix="export the table again",
        )
    owners = header.get("individuals", [""] * width)
    columns = {
        (owners[i], header["bodyparts"][i], coordinate): i
        for i, coordinate in enumerate(header["coords"])
        if coordinate in ("x", "y", "likelihood")
    }
    for owner, part, _ in columns:
        if not {(owner, part, "x"), (owner, part, "y")} <= columns.keys():
            raise BadInput(f"its header lacks the x or the y of {part}", where=path, fix="add it")
    parts = list(dict.fromkeys(part for _, part, _ in columns))
    poses = [
        _dlc_pose(row, width, columns, owner, parts, f"{path}: line {line}")
        for line, row in enumerate(table[depth:], depth + 1)
        for owner in dict.fromkeys(owner for owner, _, _ in columns)
    ]
    if not poses:
        raise BadInput("holds no frame", where=path, fix="use another file")
    predicted = any(coordinate == "likelihood" for _, _, coordinate in columns)
    return FrameFile(path, skeleton_for(parts, path), poses, predicted)


def _dlc_pose(
    row: list[str],
    width: int,
    columns: dict[tuple[str, str, str], int],
    owner: str,
    parts: list[str],
    where: str,
) -> FramePose:
    if len(row) != width:
        raise BadInput(f"{len(row)} cells, the header has {width}", where=where)

    def value(part: str, coordinate: str, default: float) -> float:
        column = columns.get((owner, part, coordinate))
        return default if column is None else cell_number(row[column], f"{where}, {part}")

    xy_K2 = np.array([[value(part, axis, np.nan) for axis in "xy"] for part in parts])
    confidence_K = np.array([value(part, "likelihood", 1.0) for part in parts])
    half_K = np.isnan(xy_K2).sum(axis=1) == 1
    if half_K.any():
        part = parts[int(np.argmax(half_K))]
        raise BadInput(f"{part} has one coordinate but not the other", where=where)
    missing_K = np.isnan(xy_K2[:, 0]) | np.isnan(confidence_K)
    return FramePose(
        where,
        "/".join(cell.strip() for cell in row[: min(columns.values())] if cell.strip()),
        np.where(missing_K[:, None], np.nan, xy_K2),
        np.where(missing_K, UNLABELED, VISIBLE).astype(np.uint8),
        confidence_K,
    )


# --- whatever else a format reads -----------------------------------------------------------------


def _read_other(path: Path, wanted: Skeleton) -> FrameFile:
    found = FORMATS[detect(path)]().read(path, ReadOptions(skeleton=wanted))
    if not found.labeled:
        raise BadInput("holds no poses", where=path, fix="name a file of labels or predictions")
    given = _table_confidences(path, found.skeleton)
    poses = []
    for row, item in enumerate(found.items):
        if isinstance(item, BadInput):
            raise item
        if isinstance(item, Annotation):
            confidence_K = np.ones(len(found.skeleton)) if given is None else given[row]
            where = f"{path}: pose {item.id}"
            poses.append(
                FramePose(where, item.source, item.keypoints_K2, item.visibility_K, confidence_K)
            )
    if not any(pose.image for pose in poses):
        raise BadInput(
            "does not say which image each pose belongs to", where=path, fix="add a column 'image'"
        )
    notes = found.notes if given is None else []  # those columns are not left out here
    return FrameFile(path, found.skeleton, poses, given is not None, notes)


def _table_confidences(path: Path, joints: Skeleton) -> Doubles | None:
    """Columns such as ``nose_likelihood`` or ``nose.score`` of a plain table, if it has them."""
    if path.suffix.lower() != ".csv":
        return None
    header, *rows = load_table(path)
    matches = ((i, _CONFIDENCE.fullmatch(cell.strip())) for i, cell in enumerate(header))
    columns = {match[1]: i for i, match in matches if match and match[1] in joints.keypoints}
    if not columns:
        return None
    confidence_NK = np.ones((len(rows), len(joints)))
    for name, i in columns.items():
        k = joints.index(name)
        confidence_NK[:, k] = [
            cell_number(row[i], f"{path}: row {r}, {header[i]}") for r, row in enumerate(rows, 1)
        ]
    return np.nan_to_num(confidence_NK, nan=0.0)
