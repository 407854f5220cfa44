"""The nouns of the data side. Shapes are in the names.

Legend: N samples of a table, B of a batch, K keypoints, H W rows and columns, C channels;
``_33`` is a 3x3 matrix acting on column vectors (x, y, 1). Coordinates are continuous (x, y) pixels
of the crop with pixel centres at integers, so the crop covers [-0.5, side - 0.5).

Visibility follows COCO: 0 not labelled (its keypoint is NaN), 1 labelled but occluded, 2 visible.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor

    from poseshift.data.draws import Draws

UNLABELED, OCCLUDED, VISIBLE = 0, 1, 2

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]

_SAME_33: Floats = np.eye(3, dtype=np.float32)  # making one takes far longer than copying one


@dataclass(frozen=True, slots=True)
class Sample:
    """One square crop with what is known about it, on its way into a Pack.

    Attributes:
        id: Unique within the Pack.
        image: Encoded bytes (JPEG or PNG), or an RGB array (side, side, 3) the Pack will encode,
            or ``None`` for poses without images.
        keypoints_K2: Crop pixels; NaN where not labelled.
        visibility_K: 0 not labelled, 1 occluded, 2 visible.
        matrix_33: Crop pixels to pixels of the original image.
        source: Path of the original image, as the user's files name it.
        category: Class or action name, for per-category tables.
        track: Identity of the individual or clip over frames.
        frame: Frame number within the track, -1 if none.
        scale: Body length in crop pixels for relative errors (torso, box), NaN if unknown.
        extra: Further float vectors by name, e.g. a puppet's ``hinge`` parameters.
    """

    id: str
    image: bytes | Bytes | None
    keypoints_K2: Floats
    visibility_K: Bytes
    matrix_33: Floats = field(default_factory=lambda: _SAME_33.copy())
    source: str = ""
    category: str = ""
    track: str = ""
    frame: int = -1
    scale: float = float("nan")
    extra: Mapping[str, Floats] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CropBatch:
    """Crops of one micro-batch, and the random numbers to augment them with."""

    index_B: Tensor
    crop_BHWC: Tensor
    draws: Draws


@dataclass(frozen=True, slots=True)
class UnlabeledBatch(CropBatch):
    """All a method may know of the target.

    There is no field for keypoints or visibility, here or in anything reachable from here, and a
    :class:`LabeledBatch` is not one of these: a type checker refuses it where this is expected.
    """


@dataclass(frozen=True, slots=True)
class LabeledBatch(CropBatch):
    """Crops with keypoints (crop pixels, NaN where not labelled) and visibility.

    ``weight_B``, where there is one, is how much each sample counts: a sampler's correction for
    what it draws too often. ``target_B`` says which samples are labelled frames of the target, 1,
    where some are.
    """

    keypoints_BK2: Tensor
    visibility_BK: Tensor
    weight_B: Tensor | None = None
    target_B: Tensor | None = None


@dataclass(frozen=True, slots=True)
class View:
    """An image tensor together with the exact matrix that made it from the crop.

    ``matrix_B33`` maps crop pixels to view pixels; composing and inverting it is all the geometry
    there is, so heatmaps can travel between views in one resample.
    """

    image_BCHW: Tensor
    matrix_B33: Tensor
