"""COCO keypoints JSON, and the many files written in its likeness.

Half-pixel rule: keypoints are pixel indices (centres at integers), taken as they are; boxes are in
edge coordinates (the image starts at 0), so 0.5 is subtracted from their corner.
Missing: visibility 0; its coordinates are not looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from poseshift.data.formats.base import (
    FORMATS,
    Annotation,
    AnnotationSet,
    Item,
    ReadOptions,
    Skipped,
)
from poseshift.data.formats.files import (
    find_root,
    frame_number,
    image_path,
    load_json,
    number,
    numbers,
)
from poseshift.data.formats.joints import skeleton_for
from poseshift.errors import BadInput
from poseshift.skeleton import Skeleton


@FORMATS.register("coco")
class Coco:
    """One annotation file with ``images``, ``annotations`` and ``categories``."""

    describe = "COCO keypoints JSON (person_keypoints_*.json)"

    def matches(self, path: Path) -> bool:
        """A JSON object with the three lists, or a folder with such files under annotations/."""
        if path.is_dir():
            return bool(_label_files(path))
        if path.suffix.lower() != ".json":
            return False
        data = load_json(path)
        return isinstance(data, dict) and "annotations" in data and "images" in data

    def read(self, path: Path, options: ReadOptions) -> AnnotationSet:
        """Open the file and find its images."""
        path = _one_file(path)
        data = load_json(path)
        images = _by_id(_objects(data, "images", path), "images", path)
        annotations = _objects(data, "annotations", path)
        categories = _categories(_objects(data, "categories", path), path, options.skeleton)
        skeleton = _one_skeleton(list(categories.values()), path)
        if not annotations:
            raise BadInput("has no annotations", where=path, fix="use a keypoints annotation file")
        root = _images_root(path, images, annotations, options.images)
        reader = _Reader(path, root, images, categories, skeleton)
        return AnnotationSet(
            name=path.stem,
            skeleton=skeleton,
            items=reader.items(annotations),
            crop_from="user",
            count=len(annotations),
        )


@dataclass(frozen=True, slots=True)
class _Reader:
    path: Path
    root: Path
    images: dict[int, dict[str, Any]]
    categories: dict[int, tuple[str, Skeleton]]
    skeleton: Skeleton

    def items(self, annotations: list[dict[str, Any]]) -> Iterator[Item]:
        for row, entry in enumerate(annotations):
            where = f"{self.path}: annotation {row} (id {entry.get('id')!r})"
            try:
                yield self._item(entry, where)
            except BadInput as error:
                yield error

    def _item(self, entry: dict[str, Any], where: str) -> Item:
        label = _key(entry, "id", where)
        if entry.get("iscrowd"):
            return Skipped(f"annotation {label}", "a crowd, not one individual")
        image = self.images.get(_key(entry, "image_id", where))
        if image is None:
            raise BadInput(
                f"image_id {entry['image_id']} is not among the images",
                where=where,
                fix="add the image to 'images' or remove the annotation",
            )
        category = self.categories.get(_key(entry, "category_id", where))
        if category is None:
            raise BadInput(
                f"category_id {entry['category_id']} has no keypoints declared",
                where=where,
                fix="declare it under 'categories' or remove the annotation",
            )
        joints = len(self.skeleton)
        triples = numbers(entry.get("keypoints"), 3 * joints, f"{where}, keypoints").reshape(-1, 3)
        if not np.isin(triples[:, 2], (0, 1, 2)).all():
            joint = int(np.argmin(np.isin(triples[:, 2], (0, 1, 2))))
            raise BadInput(
                f"visibility must be 0, 1 or 2, found {triples[joint, 2]:g}",
                where=f"{where}, joint {self.skeleton.keypoints[joint]}",
            )
        missing = triples[:, 2] == 0
        name = image.get("file_name")
        return Annotation(
            id=str(label),
            image=image_path(self.root, name, where),
            keypoints_K2=np.where(missing[:, None], np.nan, triples[:, :2]),
            visibility_K=triples[:, 2].astype(np.uint8),
            box_xywh=_box(entry.get("bbox"), where),
            size_wh=_size(image, where),
            source=str(name),
            category=category[0],
            frame=frame_number(str(name)),
        )


def _box(value: Any, where: str) -> tuple[float, float, float, float] | None:
    if value is None:
        return None
    x, y, width, height = numbers(value, 4, f"{where}, bbox").tolist()
    return x - 0.5, y - 0.5, width, height


def _size(image: dict[str, Any], where: str) -> tuple[int, int] | None:
    if "width" not in image or "height" not in image:
        return None
    width = number(image["width"], f"{where}, image width")
    height = number(image["height"], f"{where}, image height")
    return int(width), int(height)


def _key(entry: dict[str, Any], name: str, where: str) -> int:
    value = entry.get(name)
    if type(value) is not int:
        raise BadInput(
            f"'{name}' should be an integer, found {value!r}", where=where, fix="number the entries"
        )
    return value


def _objects(data: Any, name: str, path: Path) -> list[dict[str, Any]]:
    value = data.get(name) if isinstance(data, dict) else None
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise BadInput(
            f"expected a list of objects under '{name}'",
            where=path,
            fix="use a COCO keypoints file: images, annotations, categories",
        )
    return value


def _by_id(entries: list[dict[str, Any]], name: str, path: Path) -> dict[int, dict[str, Any]]:
    table: dict[int, dict[str, Any]] = {}
    for row, entry in enumerate(entries):
        key = _key(entry, "id", f"{path}: {name}[{row}]")
        if key in table:
            raise BadInput(f"id {key} occurs twice in '{name}'", where=path, fix="renumber them")
        table[key] = entry
    return table


def _categories(
    entries: list[dict[str, Any]], path: Path, given: Skeleton | None
) -> dict[int, tuple[str, Skeleton]]:
    table = {}
    for key, entry in _by_id(entries, "categories", path).items():
        where = f"{path}: category {key}"
        names = entry.get("keypoints")
        if names is None and given is None:
            continue  # a class with boxes alone, as in files made for detection
        if names is None and given is not None:
            table[key] = (str(entry.get("name", "")), given)
            continue
        if not isinstance(names, list) or not all(isinstance(n, str) for n in names):
            raise BadInput(
                "'keypoints' should be a list of names", where=where, fix='write ["nose", ...]'
            )
        table[key] = (
            str(entry.get("name", "")),
            skeleton_for(names, where, _edges(entry.get("skeleton"), names, where)),
        )
    return table


def _edges(value: Any, names: list[str], where: str) -> list[tuple[str, str]]:
    """COCO counts the joints of its edges from 1."""
    edges = []
    for pair in value or []:
        first, second = (int(i) - 1 for i in numbers(pair, 2, f"{where}, skeleton"))
        if not (0 <= first < len(names) and 0 <= second < len(names)):
            raise BadInput(
                f"edge {pair} names a joint that is not there",
                where=where,
                fix=f"edges count the joints from 1 to {len(names)}",
            )
        edges.append((names[first], names[second]))
    return edges


def _one_skeleton(categories: list[tuple[str, Skeleton]], path: Path) -> Skeleton:
    if not categories:
        raise BadInput(
            "no category has keypoints",
            where=path,
            fix="use a keypoints file, or name the joints with --skeleton",
        )
    skeleton = categories[0][1]
    for name, other in categories[1:]:
        if other.keypoints != skeleton.keypoints:
            raise BadInput(
                f"categories '{categories[0][0]}' and '{name}' have different keypoints",
                where=path,
                fix="split the file by category",
            )
    return skeleton


def _images_root(
    path: Path,
    images: dict[int, dict[str, Any]],
    annotations: list[dict[str, Any]],
    given: Path | None,
) -> Path:
    """Images lie beside the file, in images/, or as in COCO's own tree: ../val2017."""
    split = path.stem.rpartition("_")[2]
    here, above = path.parent, path.parent.parent
    usual = [here, here / "images", above / split, above / "images" / split, above / "images"]
    keys = (a.get("image_id") for a in annotations)
    used = next((key for key in keys if type(key) is int and key in images), None)
    name = images[used].get("file_name") if used is not None else None
    if not isinstance(name, str):
        return given or here  # each sample will say what it misses
    return find_root([given] if given else [*usual, above], name, path)


def _label_files(folder: Path) -> list[Path]:
    return sorted((folder / "annotations").glob("*keypoints*.json"))


def _one_file(path: Path) -> Path:
    if not path.is_dir():
        return path
    files = _label_files(path)
    if len(files) == 1:
        return files[0]
    names = ", ".join(file.name for file in files)
    raise BadInput(
        f"holds {len(files)} annotation files: {names}",
        where=path / "annotations",
        fix="name the one to prepare",
    )
