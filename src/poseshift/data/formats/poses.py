"""Poses without images, as a table (CSV) or a list of objects (JSON).

CSV: two columns a joint, ``name_X,name_Y`` or numbered ``x0,y0,x1,y1``. Columns called frame,
person or track, name or image, category or activity are kept; others are left out aloud.
JSON: ``[{"points": {"nose": [x, y], ...}}, ...]``, or ``{"keypoints": [[x, y], ...]}`` entries.

Half-pixel rule: there is no image to be off from; numbers are taken as they are.
Missing: a blank cell, NaN or null, a name left out, or -1 in both coordinates.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from poseshift.data.formats.base import (
    FORMATS,
    Annotation,
    AnnotationSet,
    Doubles,
    Item,
    ReadOptions,
)
from poseshift.data.formats.files import (
    cell_number,
    load_json,
    load_table,
    number,
    numbers,
    read_text,
)
from poseshift.data.formats.joints import skeleton_for, skeleton_of_size
from poseshift.data.types import UNLABELED, VISIBLE
from poseshift.errors import BadInput
from poseshift.skeleton import Skeleton

_KEPT = {
    "source": ("name", "image", "file_name", "filename", "file"),
    "track": ("track", "person", "video", "clip"),
    "frame": ("frame",),
    "category": ("category", "class", "activity"),
}


@FORMATS.register("poses")
class Poses:
    """Coordinates alone, for everything that learns from poses."""

    describe = "poses without images (CSV with x and y columns, or a JSON list)"

    def matches(self, path: Path) -> bool:
        """A CSV with paired columns, or a JSON list of points."""
        if path.suffix.lower() == ".csv" and path.is_file():
            return len(_pairs(_first_row(path))) >= 2
        if path.suffix.lower() == ".json" and path.is_file():
            data = load_json(path)
            entry = data[0] if isinstance(data, list) and data else None
            return isinstance(entry, dict) and ("points" in entry or "keypoints" in entry)
        return False

    def read(self, path: Path, options: ReadOptions) -> AnnotationSet:
        """Open the file; it must say its joints, by name or by a number some skeleton has."""
        read = _read_json if path.suffix.lower() == ".json" else _read_csv
        return read(path, options.skeleton)


def pose(
    name: str,
    keypoints_K2: Doubles,
    *,
    source: str = "",
    category: str = "",
    track: str = "",
    frame: int = -1,
) -> Annotation:
    """An annotation without an image; -1 in both coordinates counts as missing.

    Example:
        >>> pose("a", np.array([[3.0, 4.0], [-1.0, -1.0]])).visibility_K
        array([2, 0], dtype=uint8)
    """
    missing_K = np.isnan(keypoints_K2).any(axis=1) | (keypoints_K2 == -1).all(axis=1)
    return Annotation(
        id=name,
        image=None,
        keypoints_K2=np.where(missing_K[:, None], np.nan, keypoints_K2),
        visibility_K=np.where(missing_K, UNLABELED, VISIBLE).astype(np.uint8),
        source=source,
        category=category,
        track=track,
        frame=frame,
    )


def _joints(names: Sequence[str], given: Skeleton | None, path: Path) -> tuple[Skeleton, list[str]]:
    """Unnamed joints (``0``, ``1``, ...) need a skeleton of their number, said aloud if guessed."""
    if not all(name.isdecimal() for name in names):
        return skeleton_for(names, path), []
    if given is None:
        guess = skeleton_of_size(len(names), path)
        return guess, [f"{len(names)} numbered joints taken as {guess.name}"]
    if len(given) != len(names):
        raise BadInput(
            f"{len(names)} numbered joints, skeleton {given.name} has {len(given)}",
            where=path,
            fix="name the skeleton that the numbers belong to",
        )
    return given, []


# --- CSV ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Columns:
    joints: dict[str, tuple[int, int]]
    kept: dict[str, int]
    width: int


def _read_csv(path: Path, given: Skeleton | None) -> AnnotationSet:
    table = load_table(path)
    header = table[0] if table else []
    joints = _pairs(header)
    if len(joints) < 2:
        raise BadInput(
            "its first line has no pairs of columns such as nose_X,nose_Y or x0,y0",
            where=path,
            fix="start the file with a line of column names",
        )
    if len(table) < 2:
        raise BadInput("has column names but no row", where=path, fix="use another file")
    lowered = [cell.strip().lower() for cell in header]
    kept = {
        what: next(lowered.index(word) for word in words if word in lowered)
        for what, words in _KEPT.items()
        if any(word in lowered for word in words)
    }
    skeleton, notes = _joints(list(joints), given, path)
    used = {i for pair in joints.values() for i in pair} | set(kept.values())
    left = [cell for i, cell in enumerate(header) if i not in used and cell.strip()]
    if left:
        notes.append(f"columns left out: {', '.join(left)}")
    columns = _Columns(joints, kept, len(header))

    def items() -> Iterator[Item]:
        for row, cells in enumerate(table[1:]):
            try:
                yield _row(cells, columns, row, f"{path}: row {row + 1}")
            except BadInput as error:
                yield error

    return AnnotationSet(path.stem, skeleton, items(), "keypoints", len(table) - 1, notes=notes)


def _row(cells: list[str], columns: _Columns, row: int, where: str) -> Annotation:
    if len(cells) != columns.width:
        raise BadInput(
            f"{len(cells)} cells, the first line has {columns.width}", where=where, fix="mend it"
        )
    values = [
        [cell_number(cells[i], f"{where}, {name}") for i in pair]
        for name, pair in columns.joints.items()
    ]
    kept = {what: cells[i].strip() for what, i in columns.kept.items()}
    frame = kept.get("frame", "")
    if frame and not re.fullmatch(r"-?\d{1,18}", frame):
        raise BadInput(
            f"frame should be an integer, found '{frame[:40]}'",
            where=where,
            fix="number the frames",
        )
    return pose(
        f"{row:06d}",
        np.array(values),
        source=kept.get("source", ""),
        category=kept.get("category", ""),
        track=kept.get("track", ""),
        frame=int(frame or -1),
    )


def _first_row(path: Path) -> list[str]:
    lines = read_text(path).lstrip().splitlines()
    return [cell.strip('" ') for cell in lines[0].split(",")] if lines else []


def _pairs(header: list[str]) -> dict[str, tuple[int, int]]:
    """Joint name to its two columns; ``x7,y7`` names the joint ``7``."""
    places: dict[tuple[str, str], int] = {}
    for i, cell in enumerate(header):
        numbered = re.fullmatch(r"([xy])_?(\d+)", cell.strip(), re.IGNORECASE)
        named = re.fullmatch(r"(.+)[ _.]([xy])", cell.strip(), re.IGNORECASE)
        if numbered:
            places[numbered[2], numbered[1].lower()] = i
        elif named:
            places[named[1].strip(), named[2].lower()] = i
    return {
        name: (i, places[name, "y"])
        for (name, axis), i in places.items()
        if axis == "x" and (name, "y") in places
    }


# --- JSON -----------------------------------------------------------------------------------------


def _read_json(path: Path, given: Skeleton | None) -> AnnotationSet:
    entries = load_json(path)
    if not isinstance(entries, list) or not entries:
        raise BadInput(
            "expected a list of poses", where=path, fix='write [{"points": {"nose": [x, y]}}, ...]'
        )
    names = _names(entries, path)
    skeleton, notes = _joints(names, given, path)

    def items() -> Iterator[Item]:
        for row, entry in enumerate(entries):
            try:
                yield _entry(entry, names, row, f"{path}: pose {row}")
            except BadInput as error:
                yield error

    return AnnotationSet(path.stem, skeleton, items(), "keypoints", len(entries), notes=notes)


def _names(entries: list[Any], path: Path) -> list[str]:
    """All names in order of appearance; plain lists of points number them."""
    points = [entry.get("points") for entry in entries if isinstance(entry, dict)]
    names = list(dict.fromkeys(n for p in points if isinstance(p, dict) for n in p))
    if names:
        return names
    lists = [entry.get("keypoints") for entry in entries if isinstance(entry, dict)]
    first = next((k for k in lists if isinstance(k, list) and k), None)
    if first is None:
        raise BadInput("no pose has points", where=path, fix='write "points": {"nose": [x, y]}')
    return [str(i) for i in range(len(first))]


def _entry(entry: Any, names: list[str], row: int, where: str) -> Annotation:
    points = entry.get("points", entry.get("keypoints")) if isinstance(entry, dict) else None
    if isinstance(points, list):
        if len(points) != len(names):
            raise BadInput(
                f"{len(points)} keypoints, the first pose has {len(names)}",
                where=where,
                fix="give every pose all its keypoints, null where one is missing",
            )
        points = dict(zip(names, points, strict=True))
    if not isinstance(points, dict):
        raise BadInput(
            "expected an object with 'points'",
            where=where,
            fix='write {"points": {"nose": [x, y]}}',
        )
    keypoints_K2 = np.full((len(names), 2), np.nan)
    for k, name in enumerate(names):
        if points.get(name) is not None:
            keypoints_K2[k] = numbers(points[name], 2, f"{where}, {name}")
    kept = {
        what: next(str(entry[word]) for word in words if word in entry)
        for what, words in _KEPT.items()
        if any(word in entry for word in words)
    }
    frame = number(entry.get("frame", -1), f"{where}, frame")
    if not -1 <= frame < 2**53:
        raise BadInput(
            f"frame should be a frame number, found {frame:g}", where=where, fix="number the frames"
        )
    return pose(
        f"{row:06d}",
        keypoints_K2,
        source=kept.get("source", ""),
        category=kept.get("category", ""),
        track=kept.get("track", ""),
        frame=int(frame),
    )
