"""Leeds Sports Pose (``joints.mat``, 3 x 14 x N) and its extension LSPET (14 x 3 x N).

Half-pixel rule: MATLAB counts pixels from 1, so 1 is subtracted.
Missing: in LSPET a joint with flag 0, whose coordinates are garbage. In LSP every joint is placed
and the flag is the other way round: 1 says occluded.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from poseshift.data.formats.base import (
    FORMATS,
    Annotation,
    AnnotationSet,
    Doubles,
    Item,
    ReadOptions,
)
from poseshift.data.formats.files import load_mat
from poseshift.data.types import OCCLUDED, UNLABELED, VISIBLE, Bytes
from poseshift.errors import BadInput
from poseshift.skeleton import skeleton

JOINTS = 14


@FORMATS.register("lsp")
class Lsp:
    """``joints.mat`` with ``images/im0001.jpg`` (LSP) or ``images/im00001.jpg`` (LSPET) beside."""

    describe = "Leeds Sports Pose, LSP or LSPET (joints.mat)"

    def matches(self, path: Path) -> bool:
        """The file ``joints.mat`` or the folder that holds it."""
        return (path / "joints.mat").is_file() if path.is_dir() else path.name == "joints.mat"

    def read(self, path: Path, options: ReadOptions) -> AnnotationSet:
        """Open the joints and see which of their images are there."""
        path = path / "joints.mat" if path.is_dir() else path
        xyv_NK3, extended = _layout(load_mat(path, "joints"), path)
        keypoints_NK2, visibility_NK = split_flags(xyv_NK3, extended=extended)
        folder = options.images or path.parent / "images"
        names = [f"im{i + 1:0{5 if extended else 4}d}.jpg" for i in range(len(xyv_NK3))]
        there = [i for i, name in enumerate(names) if (folder / name).is_file()]
        if not there:
            raise BadInput(
                f"none of its {len(names)} images (such as {names[0]}) is in {folder}",
                where=path,
                fix="say where the images are: --images FOLDER",
            )
        last = there[-1] + 1
        notes = []
        if last < len(names):
            notes.append(f"images end at {names[last - 1]}; {len(names) - last} later poses unused")

        def items() -> Iterator[Item]:
            for i in range(last):
                yield Annotation(
                    id=Path(names[i]).stem,
                    image=folder / names[i],
                    keypoints_K2=keypoints_NK2[i],
                    visibility_K=visibility_NK[i],
                    source=names[i],
                )

        return AnnotationSet(
            name="lspet" if extended else "lsp",
            skeleton=skeleton("lsp14"),
            items=items(),
            crop_from="image",
            count=last,
            notes=notes,
        )


def split_flags(xyv_NK3: Doubles, *, extended: bool) -> tuple[Doubles, Bytes]:
    """Separate coordinates from visibility, each dataset by its own meaning of the flag.

    Example:
        >>> joint = np.array([[[5.0, 7.0, 0.0]]])
        >>> split_flags(joint, extended=False)[0].tolist(), split_flags(joint, extended=False)[1]
        ([[[4.0, 6.0]]], array([[2]], dtype=uint8))
        >>> split_flags(joint, extended=True)[1]
        array([[0]], dtype=uint8)
    """
    flag_NK = xyv_NK3[..., 2]
    if extended:
        visibility_NK = np.where(flag_NK > 0, VISIBLE, UNLABELED)
    else:
        visibility_NK = np.where(flag_NK > 0, OCCLUDED, VISIBLE)
    keypoints_NK2 = np.where(visibility_NK[..., None] > UNLABELED, xyv_NK3[..., :2] - 1, np.nan)
    return keypoints_NK2, visibility_NK.astype(np.uint8)


def _layout(joints: object, path: Path) -> tuple[Doubles, bool]:
    """The joints as (N, 14, 3) and whether they are LSPET's."""
    if not isinstance(joints, np.ndarray) or not np.issubdtype(joints.dtype, np.number):
        raise BadInput("'joints' is not an array of numbers", where=path, fix="get the file again")
    if joints.ndim == 2:  # MATLAB drops the last axis of a single sample
        joints = joints[..., None]
    shape = tuple(joints.shape)
    if joints.ndim != 3 or shape[:2] not in ((3, JOINTS), (JOINTS, 3)):
        found = " x ".join(map(str, shape))
        raise BadInput(
            f"'joints' is {found}, expected 3 x 14 x N (LSP) or 14 x 3 x N (LSPET)",
            where=path,
            fix="use the official joints.mat",
        )
    extended = shape[0] == JOINTS
    order = (2, 0, 1) if extended else (2, 1, 0)
    xyv_NK3 = joints.transpose(order).astype(np.float64)
    if not np.isin(xyv_NK3[..., 2], (0, 1)).all():
        row = int(np.argmin(np.isin(xyv_NK3[..., 2], (0, 1)).all(axis=1)))
        raise BadInput(
            "a visibility flag is neither 0 nor 1",
            where=f"{path}: pose {row + 1}",
            fix="use the official joints.mat",
        )
    return xyv_NK3, extended
