"""What every format reader speaks: annotations in pixels of the original image.

Coordinates are (x, y) with pixel centres at integers; each format file says how its own convention
gets there (its *half-pixel rule*) and what it takes for *missing*.

Two kinds of trouble are kept apart. What makes the whole file useless (malformed JSON, a wrong
header) is raised as :class:`~poseshift.errors.BadInput` by ``read``. What concerns one sample is
*yielded* as a ``BadInput`` among the annotations, so that the reader can go on: ``prepare`` raises
it, or lists it under ``--skip-bad``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from poseshift.data.types import Bytes
from poseshift.errors import BadInput
from poseshift.registry import Registry
from poseshift.skeleton import Skeleton

Doubles = NDArray[np.float64]
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Annotation:
    """One pose, or one unlabelled image, as the user's files tell it.

    Attributes:
        id: Unique within its set.
        image: File to read, ``None`` for a pose without an image.
        keypoints_K2: Pixels of the original image, NaN where not labelled.
        visibility_K: 0 not labelled, 1 occluded, 2 visible.
        box_xywh: The user's box: left and top edge, width, height.
        size_wh: Image size as the label file claims it, checked when the image is read.
        source: The image as the user's files name it.
        category: Class or action name.
        track: Individual or clip.
        frame: Frame number within the track, -1 if none.
    """

    id: str
    image: Path | None
    keypoints_K2: Doubles
    visibility_K: Bytes
    box_xywh: Box | None = None
    size_wh: tuple[int, int] | None = None
    source: str = ""
    category: str = ""
    track: str = ""
    frame: int = -1


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something a reader leaves out by the format's own rules, to be counted and listed."""

    id: str
    why: str

    def __str__(self) -> str:
        return f"{self.id}: {self.why}"


Item = Annotation | Skipped | BadInput


@dataclass(frozen=True, slots=True)
class AnnotationSet:
    """All that a reader found, lazily.

    Attributes:
        name: A word for tables and messages.
        skeleton: Joint set of the annotations.
        items: Annotations, skips and per-sample problems in the order of the files.
        crop_from: What a crop is made from when the user does not say.
        count: Number of items if known, for progress.
        labeled: Whether keypoints are to be expected.
        upright: Turn images by their EXIF orientation (label tools ignore it, people do not).
        notes: What was decided for the user, to be said aloud.
    """

    name: str
    skeleton: Skeleton
    items: Iterable[Item]
    crop_from: Literal["user", "image", "keypoints"]
    count: int | None = None
    labeled: bool = True
    upright: bool = False
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Camera:
    """From where 3D clips are seen: each clip by cameras of its own, drawn from its name.

    Attributes:
        views: Cameras a clip.
        yaw: Degrees around the upright axis, lowest and highest.
        pitch: Degrees of looking down, lowest and highest.
    """

    views: int = 1
    yaw: tuple[float, float] = (0.0, 360.0)
    pitch: tuple[float, float] = (-5.0, 15.0)


LEVEL = Camera()


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What the user can tell a reader.

    Attributes:
        images: Folder that image names are relative to, when it is not where it usually is.
        skeleton: Joint set of files that name no joints.
        camera: From where 3D clips are seen.
    """

    images: Path | None = None
    skeleton: Skeleton | None = None
    camera: Camera = LEVEL


class Format(Protocol):
    """A reader of one family of files; see :mod:`poseshift.data.formats`."""

    describe: str

    def matches(self, path: Path) -> bool:
        """Whether the path looks like this format; says no rather than raising."""
        ...

    def read(self, path: Path, options: ReadOptions) -> AnnotationSet:
        """Open the files; raises BadInput when they cannot be what they should be."""
        ...


def unlabeled(joints: int) -> tuple[Doubles, Bytes]:
    """Keypoints and visibility of a sample that nobody has labelled.

    Example:
        >>> keypoints_K2, visibility_K = unlabeled(2)
        >>> keypoints_K2.shape, visibility_K.tolist()
        ((2, 2), [0, 0])
    """
    return np.full((joints, 2), np.nan), np.zeros(joints, dtype=np.uint8)


_HERE = "poseshift.data.formats"
FORMATS: Registry[type[Format]] = Registry(
    "formats",
    builtin={
        name: f"{_HERE}.{name}"
        for name in (
            "animalpose",
            "bvh",
            "coco",
            "dlc",
            "facesynthetics",
            "folder",
            "handgraph",
            "lsp",
            "poses",
        )
    },
)
