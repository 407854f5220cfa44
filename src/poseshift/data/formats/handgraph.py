"""Hand-Graph: real hands with images, and synthetic gestures as poses.

Named by its folder: 256 px crops of real hands, whose 3D joints (``pose_gt.mat``) are projected by
their camera and moved into the crop (``params.mat``). Named by ``handGestures.txt``: synthetic left
hands in 3D, seen by the 25 cameras of ``camPosition.txt``; poses without images.

Half-pixel rule: the camera's pixel centres are at integers; a crop was resized edge to edge, so the
box corner is half a pixel off. Missing: never; hidden joints are placed too.
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
from poseshift.data.formats.files import cell_number, image_path, load_mat, read_text
from poseshift.data.formats.poses import pose
from poseshift.data.types import VISIBLE
from poseshift.errors import BadInput
from poseshift.skeleton import skeleton

JOINTS, CROP_SIDE = 21, 256
_GESTURES, _CAMERAS = "handGestures.txt", "camPosition.txt"
_CENTRE = 128.0  # of the rendered image; only poses are read, so any would do


@FORMATS.register("handgraph")
class HandGraph:
    """Twenty-one hand joints, wrist first and the thumb before the fingers."""

    describe = "Hand-Graph (folder with pose_gt.mat, or handGestures.txt for synthetic poses)"

    def matches(self, path: Path) -> bool:
        """The folder with both .mat files, or the gestures."""
        if path.is_dir():
            return (path / "pose_gt.mat").is_file() and (path / "params.mat").is_file()
        return path.name == _GESTURES

    def read(self, path: Path, options: ReadOptions) -> AnnotationSet:
        """Open the real hands of a folder or the synthetic ones of a file."""
        if path.is_dir():
            return _read_real(path, options.images or path)
        return _read_synthetic(path)


def _read_real(folder: Path, images: Path) -> AnnotationSet:
    file = folder / "params.mat"
    joints = folder / "pose_gt.mat"
    pose_NK3 = _floats(load_mat(joints, "pose_gt"), (-1, JOINTS, 3), joints)
    count = len(pose_NK3)
    camera_N4 = _floats(load_mat(file, "cam_param"), (count, 4), file)
    box_N4 = _floats(load_mat(file, "bbox"), (count, 4), file)
    names = [str(name).strip() for name in np.ravel(load_mat(file, "image_path"))]
    if len(names) != count:
        raise BadInput(
            f"{len(names)} image names for {count} poses", where=file, fix="get the files again"
        )
    keypoints_NK2 = project_into_crop(pose_NK3, camera_N4, box_N4)

    def items() -> Iterator[Item]:
        for i, name in enumerate(names):
            yield Annotation(
                id=Path(name).stem,
                image=image_path(images, name, f"{file}: image {i}"),
                keypoints_K2=keypoints_NK2[i],
                visibility_K=np.full(JOINTS, VISIBLE, dtype=np.uint8),
                size_wh=(CROP_SIDE, CROP_SIDE),
                source=name,
            )

    skipped = (folder / _GESTURES).is_file()
    notes = [f"real hands; for the synthetic poses name {folder / _GESTURES}"] if skipped else []
    return AnnotationSet("handgraph", skeleton("hand21"), items(), "image", count, notes=notes)


def project_into_crop(pose_NK3: Doubles, camera_N4: Doubles, box_N4: Doubles) -> Doubles:
    """Camera space to crop pixels: pinhole (fx, fy, cx, cy), then the box resized to 256 px.

    Example:
        >>> axis = np.array([[[0.0, 0.0, 40.0]]])
        >>> camera, box = np.array([[900.0, 900.0, 640.0, 360.0]]), np.array([[384, 104, 512, 512]])
        >>> project_into_crop(axis, camera, box)
        array([[[127.75, 127.75]]])
    """
    focal_N12, centre_N12 = camera_N4[:, None, :2], camera_N4[:, None, 2:]
    pixels_NK2 = pose_NK3[..., :2] / pose_NK3[..., 2:] * focal_N12 + centre_N12
    shrink_N12 = CROP_SIDE / box_N4[:, None, 2:]
    return np.asarray((pixels_NK2 - box_N4[:, None, :2] + 0.5) * shrink_N12 - 0.5)


def _read_synthetic(path: Path) -> AnnotationSet:
    beside = path.with_name(_CAMERAS)
    if not beside.is_file():
        raise BadInput(f"its cameras are not beside it: {_CAMERAS}", where=path, fix="put it there")
    hands, cameras = _blocks(path, 3), _blocks(beside, 7)
    if len(hands) != len(cameras):
        raise BadInput(
            f"{len(cameras)} blocks of cameras for {len(hands)} gestures",
            where=beside,
            fix="get the files again",
        )
    wrong = next((i for i, (_, hand) in enumerate(hands) if len(hand) != JOINTS), None)
    if wrong is not None:
        found = len(hands[wrong][1])
        raise BadInput(
            f"{found} joints, a hand has {JOINTS}",
            where=f"{path}: gesture {wrong}",
            fix="get the file again",
        )

    def items() -> Iterator[Item]:
        for g, ((_, hand_K3), (names, cameras_C7)) in enumerate(zip(hands, cameras, strict=True)):
            for name, camera_7 in zip(names, cameras_C7, strict=True):
                yield pose(f"gesture{g:04d}-{name}", see(hand_K3, camera_7), source=name)

    return AnnotationSet(
        name="handgestures",
        skeleton=skeleton("hand21"),
        items=items(),
        crop_from="keypoints",
        count=sum(len(names) for names, _ in cameras),
        notes=["left hands only: mirror them before comparing with right hands"],
    )


def see(points_K3: Doubles, camera_7: Doubles) -> Doubles:
    """Project world points through one camera: focal length, position, rotation x y z in degrees.

    The camera looks down its own -z with y up, turned about x first and z last.

    Example:
        >>> see(np.array([[1.0, 2.0, -10.0]]), np.array([100.0, 0, 0, 0, 0, 0, 0]))
        array([[138., 108.]])
    """
    cx, cy, cz = np.cos(np.radians(camera_7[4:]))
    sx, sy, sz = np.sin(np.radians(camera_7[4:]))
    about_x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    seen_K3 = (points_K3 - camera_7[1:4]) @ (about_z @ about_y @ about_x)
    depth_K1 = -seen_K3[:, 2:]
    return np.asarray(_CENTRE + camera_7[0] * seen_K3[:, :2] / depth_K1 * (1, -1))


def _blocks(path: Path, columns: int) -> list[tuple[list[str], Doubles]]:
    """Groups of lines ``name number number ...``, parted by blank lines."""
    blocks: list[list[list[str]]] = [[]]
    for number, line in enumerate(read_text(path).splitlines(), 1):
        cells = line.split()
        if cells and len(cells) != columns + 1:
            raise BadInput(
                f"expected a name and {columns} numbers, found {len(cells)} words",
                where=f"{path}: line {number}",
                fix="get the file again",
            )
        if cells:
            blocks[-1].append(cells)
        elif blocks[-1]:
            blocks.append([])
    filled = [block for block in blocks if block]
    if not filled:
        raise BadInput("is empty", where=path, fix="get the file again")
    return [([row[0] for row in block], _numbers(block, path)) for block in filled]


def _numbers(block: list[list[str]], path: Path) -> Doubles:
    return np.array([[cell_number(cell, f"{path}, {row[0]}") for cell in row[1:]] for row in block])


def _floats(value: object, shape: tuple[int, ...], path: Path) -> Doubles:
    array = np.asarray(value)
    fits = array.ndim == len(shape) and all(
        want in (-1, have) for want, have in zip(shape, array.shape, strict=True)
    )
    if not fits or not np.issubdtype(array.dtype, np.number):
        wanted = " x ".join("N" if want < 0 else str(want) for want in shape)
        raise BadInput(
            f"expected {wanted} numbers, found shape {array.shape}",
            where=path,
            fix="get the file again",
        )
    return array.astype(np.float64)
