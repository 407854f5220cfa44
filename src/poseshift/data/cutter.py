"""From one annotation to one sample: the image is read, doubted, and cut to a square crop."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from poseshift.data.crops import (
    Box,
    crop_matrix,
    cut,
    image_box,
    keypoint_box,
    square_around,
    transform,
)
from poseshift.data.decode import read_image
from poseshift.data.formats.base import Annotation, AnnotationSet, Item, Skipped
from poseshift.data.pack import CropFrom, encode_image
from poseshift.data.types import UNLABELED, Bytes, Sample
from poseshift.errors import BadInput
from poseshift.skeleton import JointMap, Skeleton

_TINY, _HUGE = 1e-6, 1e6  # pixels: less is no box, more is no image


@dataclass(frozen=True, slots=True)
class Cutter:
    """Turns one annotation into one sample; safe to call from several threads.

    Attributes:
        path: What the user named, for messages.
        annotations: The set the annotations come from.
        mapping: From the joints of the file to those wanted.
        side: Pixels a side of the crops.
        crop_from: What the crops are made from: the user's box, the whole image or the keypoints.
        margin: Crop side over box side; a whole image takes none.
    """

    path: Path
    annotations: AnnotationSet
    mapping: JointMap
    side: int
    crop_from: CropFrom
    margin: float

    def __call__(self, item: Item) -> Sample | Skipped | BadInput:
        """The sample, or why there is none; skips and problems of the reader pass through."""
        if not isinstance(item, Annotation):
            return item
        try:
            return self._sample(item)
        except BadInput as problem:
            return problem

    def _sample(self, item: Annotation) -> Sample | Skipped:
        where = f"{self.path}: sample '{item.id}'"
        keypoints_K2, visibility_K = self.mapping.apply(item.keypoints_K2, item.visibility_K)
        if self.annotations.labeled and not visibility_K.any():
            known = " that the skeleton knows" if item.visibility_K.any() else ""
            return Skipped(item.id, f"no labelled keypoint{known}")
        image = None
        if item.image is not None:
            image = read_image(item.image, upright=self.annotations.upright)
            _check_size(item, image)
        _check_joints(item, image, self.mapping.source, where)
        if self.crop_from == "keypoints":
            # Of the joints that are wanted: a file may label others too, in another view even.
            box = keypoint_box(keypoints_K2, visibility_K)
        else:
            box = self._box(item, image, where)
        if box is None:
            return Skipped(item.id, "its labelled keypoints span no box")
        whole = self.crop_from == "image"
        matrix_33 = crop_matrix(square_around(box, 1.0 if whole else self.margin), self.side)
        in_crop_K2 = transform(np.linalg.inv(matrix_33).astype(np.float64), keypoints_K2)
        return Sample(
            id=item.id,
            image=None if image is None else encode_image(cut(image, matrix_33, self.side)),
            keypoints_K2=in_crop_K2.astype(np.float32),
            visibility_K=visibility_K,
            matrix_33=matrix_33.astype(np.float32),
            source=item.source,
            category=item.category,
            track=item.track,
            frame=item.frame,
            scale=math.nan if whole else self.side / self.margin,
        )

    def _box(self, item: Annotation, image: Bytes | None, where: str) -> Box:
        if self.crop_from == "image":
            if image is None:
                raise BadInput("has no image to crop", where=where, fix="use --box keypoints")
            return image_box(image.shape[1], image.shape[0])
        if item.box_xywh is None:
            raise BadInput(
                "has no box", where=where, fix="add its bbox, or crop with --box image or keypoints"
            )
        check_box(item.box_xywh, image, where)
        return item.box_xywh


def _check_size(item: Annotation, image: Bytes) -> None:
    found = image.shape[1], image.shape[0]
    if item.size_wh is not None and item.size_wh != found:
        raise BadInput(
            f"is {found[0]} x {found[1]} pixels, its labels are for "
            f"{item.size_wh[0]} x {item.size_wh[1]}",
            where=item.image,
            fix="use the images the labels were made on",
        )


def _check_joints(item: Annotation, image: Bytes | None, joints: Skeleton, where: str) -> None:
    """A labelled joint may lie outside a picture that cuts it off, but not a picture away."""
    width, height = (image.shape[1], image.shape[0]) if image is not None else (_HUGE, _HUGE)
    size_2 = np.array([width, height])
    far_K = ((item.keypoints_K2 < -size_2) | (item.keypoints_K2 > 2 * size_2)).any(axis=1)
    far_K &= item.visibility_K > UNLABELED
    if far_K.any():
        k = int(np.argmax(far_K))
        x, y = item.keypoints_K2[k]
        picture = "any image" if image is None else f"its image of {width} x {height} pixels"
        raise BadInput(
            f"({x:g}, {y:g}) is far outside {picture}",
            where=f"{where}, joint {joints.keypoints[k]}",
            fix="correct the label or mark it missing",
        )


def check_box(box: Box, image: Bytes | None, where: str) -> None:
    """Doubt a box of the user's: it has a size, and lies where its image is."""
    left, top, width, height = box
    if not all(map(math.isfinite, box)) or min(width, height) < _TINY:
        raise BadInput(f"its box has size {width:g} x {height:g}", where=where, fix="correct it")
    if image is None:
        return
    high, wide = image.shape[:2]
    outside = left >= wide or top >= high or left + width <= 0 or top + height <= 0
    if outside or width > 4 * wide or height > 4 * high:
        raise BadInput(
            f"its box ({left:g}, {top:g}, {width:g}, {height:g}) does not fit its image of "
            f"{wide} x {high} pixels",
            where=where,
            fix="boxes are left, top, width, height in pixels of the image",
        )
