"""Boxes that come with images: a COCO JSON file, or CSV rows ``image,x,y,w,h``.

Half-pixel rule: left, top, width and height count pixel edges (the image starts at 0) in both, so
0.5 is subtracted from the corner. Images are named as files or by their path below some folder.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any

from poseshift.data.crops import Box
from poseshift.data.formats.files import cell_number, load_json, load_table, numbers
from poseshift.errors import BadInput

_COLUMNS = ("image", "x", "y", "w", "h")


@dataclass(frozen=True, slots=True)
class Boxes:
    """Boxes by image.

    Attributes:
        file: Where they were read.
        of_image: Boxes of each image that the file names, pixel centres at integers.
        ids: Numbers of the images, where the file has some.
    """

    file: Path
    of_image: dict[str, list[Box]]
    ids: dict[str, int] = field(default_factory=dict)

    def named(self, names: Sequence[str]) -> Boxes:
        """The same for images as we name them: by whole path, else by a file name there is once.

        Raises:
            BadInput: Not one of the images is in the file.
        """
        here, there = _alone(names), _alone(self.of_image)
        theirs = {}
        for name in names:
            file = PurePosixPath(name).name
            if name in self.of_image:
                theirs[name] = name
            elif here.get(file) == name and file in there:
                theirs[name] = there[file]
        if not theirs:
            raise BadInput(
                f"names none of the images; its own: {_some(self.of_image)}; given: {_some(names)}",
                where=self.file,
                fix="give the folder whose images it names",
            )
        return Boxes(
            self.file,
            {name: self.of_image[other] for name, other in theirs.items()},
            {name: self.ids[other] for name, other in theirs.items() if other in self.ids},
        )


def read_boxes(path: Path) -> Boxes:
    """Read the boxes of a ``.csv`` or COCO ``.json`` file."""
    if not path.is_file():
        raise BadInput("no such file", where=path, fix="--boxes takes COCO JSON, or CSV")
    boxes = _from_csv(path) if path.suffix.lower() == ".csv" else _from_coco(path)
    if not any(boxes.of_image.values()):
        raise BadInput("holds no boxes", where=path, fix="leave --boxes out for whole images")
    return boxes


def _from_csv(path: Path) -> Boxes:
    rows = load_table(path)
    header = [cell.strip().lower() for cell in rows[0]] if rows else []
    if missing := [name for name in _COLUMNS if name not in header]:
        raise BadInput(
            f"has no column '{missing[0]}'", where=path, fix="begin it with the row image,x,y,w,h"
        )
    places = [header.index(name) for name in _COLUMNS]
    found: dict[str, list[Box]] = {}
    for line, row in enumerate(rows[1:], 2):
        where = f"{path}, row {line}"
        if len(row) != len(header):
            raise BadInput(f"expected {len(header)} cells, found {len(row)}", where=where)
        name, *cells = (row[place].strip() for place in places)
        sides = [cell_number(cell, where) for cell in cells]
        if any(map(math.isnan, sides)):
            raise BadInput("a number of its box is missing", where=where, fix="fill or remove it")
        found.setdefault(_plain(name), []).append(_box(sides))
    return Boxes(path, found)


def _from_coco(path: Path) -> Boxes:
    data = load_json(path)
    images, annotations = _objects(data, "images", path), _objects(data, "annotations", path)
    names: dict[int, str] = {}
    for row, image in enumerate(images):
        number, name = image.get("id"), image.get("file_name")
        if type(number) is not int or not isinstance(name, str):
            raise BadInput(
                "expected an integer 'id' and a 'file_name'", where=f"{path}: images[{row}]"
            )
        names[number] = _plain(name)
    found: dict[str, list[Box]] = {name: [] for name in names.values()}
    for row, entry in enumerate(annotations):
        where = f"{path}: annotation {row} (id {entry.get('id')!r})"
        number = entry.get("image_id")
        if type(number) is not int or number not in names:
            raise BadInput(f"image_id {number!r} is not among the images", where=where)
        if not entry.get("iscrowd"):  # a crowd is no one's box
            sides = numbers(entry.get("bbox"), 4, f"{where}, bbox").tolist()
            found[names[number]].append(_box(sides))
    return Boxes(path, found, {name: number for number, name in names.items()})


def _objects(data: Any, name: str, path: Path) -> list[dict[str, Any]]:
    value = data.get(name) if isinstance(data, dict) else None
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise BadInput(
            f"expected a list of objects under '{name}'",
            where=path,
            fix="--boxes takes COCO JSON with images and annotations, or CSV image,x,y,w,h",
        )
    return value


def _box(sides: Sequence[float]) -> Box:
    x, y, width, height = sides
    return x - 0.5, y - 0.5, width, height


def _plain(name: str) -> str:
    return PurePosixPath(name.replace("\\", "/")).as_posix()


def _alone(names: Iterable[str]) -> dict[str, str]:
    """File names that occur once, and the whole names they stand for."""
    files = [(PurePosixPath(name).name, name) for name in names]
    counts = Counter(file for file, _ in files)
    return {file: name for file, name in files if counts[file] == 1}


def _some(names: Iterable[str]) -> str:
    first = list(islice(names, 4))
    return ", ".join(first[:3]) + (" ..." if len(first) > 3 else "")
