"""AnimalPose annotations: ``{"cat_train": [{"image_id", "bbox", "keypoints"}, ...], ...}``.

Half-pixel rule: keypoints are pixel indices, taken as they are; boxes are left, top, right, bottom
pixels that belong to the animal, so they grow by half a pixel on every side.
Missing: (0, 0, 0). The file comes without images; its poses are cropped by its boxes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from poseshift.data.formats.base import (
    FORMATS,
    Annotation,
    AnnotationSet,
    Box,
    Item,
    ReadOptions,
)
from poseshift.data.formats.files import load_json, number, numbers
from poseshift.data.types import UNLABELED, VISIBLE
from poseshift.errors import BadInput
from poseshift.skeleton import skeleton

JOINTS = 20
_KEY = re.compile(r"(\w+)_(train|test|val)")


@FORMATS.register("animalpose")
class AnimalPose:
    """Twenty points of cats, dogs, cows, horses and sheep; the category is the species."""

    describe = "AnimalPose annotations (JSON by species and split)"

    def matches(self, path: Path) -> bool:
        """A JSON object whose keys are species_split."""
        if path.suffix.lower() != ".json" or not path.is_file():
            return False
        data = load_json(path)
        return isinstance(data, dict) and bool(data) and all(map(_KEY.fullmatch, data))

    def read(self, path: Path, options: ReadOptions) -> AnnotationSet:
        """Open the file."""
        data = load_json(path)
        if not isinstance(data, dict) or not data or not all(map(_KEY.fullmatch, data)):
            raise BadInput(
                "expected an object with keys such as cat_train", where=path, fix="check --format"
            )
        for key, entries in data.items():
            if not isinstance(entries, list):
                raise BadInput(f"'{key}' should hold a list", where=path, fix="get the file again")
        return AnnotationSet(
            name=path.stem,
            skeleton=skeleton("animal20"),
            items=_items(data, path),
            crop_from="user",
            count=sum(map(len, data.values())),
        )


def _items(data: dict[str, list[Any]], path: Path) -> Iterator[Item]:
    for key, entries in data.items():
        for row, entry in enumerate(entries):
            try:
                yield _item(entry, key, row, f"{path}: {key}[{row}]")
            except BadInput as error:
                yield error


def _item(entry: Any, key: str, row: int, where: str) -> Annotation:
    points = entry.get("keypoints") if isinstance(entry, dict) else None
    if not isinstance(points, list) or len(points) != JOINTS:
        found = len(points) if isinstance(points, list) else "no"
        raise BadInput(f"{found} keypoints, AnimalPose has {JOINTS}", where=where)
    triples = np.array([numbers(p, 3, f"{where}, keypoint {k}") for k, p in enumerate(points)])
    missing_K = triples[:, 2] == 0
    return Annotation(
        id=f"{key}-{row:04d}",
        image=None,
        keypoints_K2=np.where(missing_K[:, None], np.nan, triples[:, :2]),
        visibility_K=np.where(missing_K, UNLABELED, VISIBLE).astype(np.uint8),
        box_xywh=_box(entry.get("bbox"), where),
        source=f"{int(number(entry.get('image_id'), f'{where}, image_id'))}",
        category=key.rpartition("_")[0],
    )


def _box(value: Any, where: str) -> Box:
    left, top, right, bottom = numbers(value, 4, f"{where}, bbox").tolist()
    return left - 0.5, top - 0.5, right - left + 1, bottom - top + 1
