"""The images a person points at, files and folders mixed: found, opened, and cut to crops."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from poseshift.data.crops import Box, Doubles, crop_matrix, cut, image_box, square_around
from poseshift.data.cutter import check_box
from poseshift.data.decode import read_image
from poseshift.data.formats.files import IMAGE_SUFFIXES, natural_key
from poseshift.data.formats.folder import images_in
from poseshift.data.types import Bytes
from poseshift.errors import BadInput


@dataclass(frozen=True, slots=True)
class Photos:
    """Images by name.

    Attributes:
        root: The folder that all of them are in.
        names: Paths below it, with slashes, each once.
    """

    root: Path
    names: list[str]


def find_photos(inputs: Sequence[str | Path]) -> Photos:
    """List images: those of a folder and its subfolders in natural order, files as given.

    A folder given alone is the root; of several inputs it is what their places have in common.
    """
    given = [Path(os.path.abspath(path)) for path in inputs]  # noqa: PTH100 - links stay links
    for path in given:
        if not path.exists():
            raise BadInput("no such image or folder", where=path, fix="check the path")
    root = Path(os.path.commonpath([p if p.is_dir() else p.parent for p in given]))
    files = [file for path in given for file in (_in_order(path) if path.is_dir() else [path])]
    return Photos(root, list(dict.fromkeys(file.relative_to(root).as_posix() for file in files)))


def _in_order(folder: Path) -> list[Path]:
    found = sorted(images_in(folder), key=lambda path: natural_key(path.relative_to(folder)))
    if not found:
        kinds = " ".join(sorted(IMAGE_SUFFIXES))
        raise BadInput(f"holds no images ({kinds})", where=folder, fix="choose another folder")
    return found


@dataclass(frozen=True, slots=True)
class Photo:
    """An image with its crops.

    Attributes:
        name: As :class:`Photos` names it.
        size_wh: Of the whole image.
        boxes: What the crops were made from, in pixels of the image.
        matrices: For each crop, its pixels to those of the image.
        crop_NHWC: The crops.
        picture_HWC: The image to draw on, if one was wanted.
        zoom: Pixels of that picture for one of the image, along x and y.
    """

    name: str
    size_wh: tuple[int, int]
    boxes: list[Box]
    matrices: list[Doubles]
    crop_NHWC: Bytes
    picture_HWC: Bytes | None
    zoom: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Opener:
    """Opens one image and cuts its crops; safe to call from several threads.

    Without boxes the whole image, turned upright as every viewer shows it, is the crop, padded to a
    square. Boxes are in pixels as the file stores them, as label tools count.

    Attributes:
        root: Folder of the images.
        side: Pixels a side of the crops.
        boxes: Boxes by image; ``None`` for whole images.
        margin: Crop side over box side.
        picture_side: Longest side of a picture to draw on, 0 for none.
    """

    root: Path
    side: int
    boxes: Mapping[str, list[Box]] | None
    margin: float
    picture_side: int

    def __call__(self, name: str) -> Photo | BadInput:
        """The photo, or why there is none."""
        try:
            return self._open(name)
        except BadInput as problem:
            return problem

    def _open(self, name: str) -> Photo:
        path = self.root / name
        image_HWC = read_image(path, upright=self.boxes is None)
        high, wide = image_HWC.shape[:2]
        boxes, margin = [image_box(wide, high)], 1.0
        if self.boxes is not None:
            boxes, margin = self.boxes.get(name, []), self.margin
            for box in boxes:
                check_box(box, image_HWC, str(path))
        matrices = [crop_matrix(square_around(box, margin), self.side) for box in boxes]
        crops = [cut(image_HWC, matrix_33, self.side) for matrix_33 in matrices]
        picture_HWC = _shrunk(image_HWC, self.picture_side) if self.picture_side else None
        small = image_HWC if picture_HWC is None else picture_HWC
        return Photo(
            name=name,
            size_wh=(wide, high),
            boxes=boxes,
            matrices=matrices,
            crop_NHWC=np.stack(crops)
            if crops
            else np.empty((0, self.side, self.side, 3), np.uint8),
            picture_HWC=picture_HWC,
            zoom=(small.shape[1] / wide, small.shape[0] / high),
        )


def _shrunk(image_HWC: Bytes, longest: int) -> Bytes:
    """A copy whose longer side is at most so many pixels."""
    zoom = longest / max(image_HWC.shape[:2])
    if zoom >= 1:
        return image_HWC.copy()
    size = [max(1, round(n * zoom)) for n in image_HWC.shape[1::-1]]
    return np.asarray(cv2.resize(image_HWC, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
