"""Poses of either domain for a diagnosis, wherever they come from; labels only where asked for.

Legend: N poses, K joints of the source.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from poseshift.data.domain import Indices
from poseshift.data.frames import TeacherPredictions, match_frames
from poseshift.data.matching import inside
from poseshift.data.pack import Crops, Pack
from poseshift.data.part import CropsPart
from poseshift.data.types import UNLABELED, VISIBLE, Bytes, Floats
from poseshift.errors import UserError
from poseshift.predict import predict_crops
from poseshift.run import Run
from poseshift.skeleton import Skeleton, joint_map

SURE = 0.3  # joints predicted with less confidence count as not seen
USUAL = 0.2  # of the poses must have a joint, in both domains, for it to be compared


@dataclass(frozen=True, slots=True)
class CropPoses:
    """Poses in pixels of crops.

    Attributes:
        keypoints_NK2: Pixels of the crop, NaN where not known.
        visibility_NK: 0 not known.
        side: Of the crops.
    """

    keypoints_NK2: Floats
    visibility_NK: Bytes
    side: int

    def __len__(self) -> int:
        return len(self.keypoints_NK2)

    def known(self) -> NDArray[np.bool_]:
        """Joints (N, K) that are labelled, or predicted with confidence."""
        return (self.visibility_NK > UNLABELED) & np.isfinite(self.keypoints_NK2).all(-1)

    def inside(self) -> NDArray[np.bool_]:
        """Known joints (N, K) that lie in their crop."""
        return self.known() & inside(self.keypoints_NK2.astype(np.float64), self.side)


def labelled(pack: Pack, skeleton: Skeleton, index_N: Indices) -> CropPoses:
    """What the labels of some samples say of the joints of a skeleton; images are not needed."""
    if not pack.info.labeled:
        raise UserError(
            "has no labels, and poses are compared",
            where=pack.path,
            fix="prepare it from a labelled file, or ask for no comparison of labels",
        )
    points_NK2, visibility_NK = pack.poses.keypoints_NK2[index_N], pack.poses.visibility_NK[index_N]
    if pack.skeleton != skeleton:
        points_NK2, visibility_NK = joint_map(pack.skeleton, skeleton).apply(
            points_NK2, visibility_NK
        )
    return CropPoses(points_NK2, visibility_NK, pack.info.side)


def predicted(run: Run, crops: Crops, index_N: Indices) -> CropPoses:
    """What a run's chosen checkpoint sees."""
    found = predict_crops(
        run.network(run.chosen()), CropsPart(crops, index_N), run.config.side, precision="32"
    )
    sure_NK = found.confidence_NK.numpy() >= SURE
    return CropPoses(
        np.where(sure_NK[..., None], found.keypoints_NK2.numpy(), np.nan).astype(np.float32),
        np.where(sure_NK, VISIBLE, UNLABELED).astype(np.uint8),
        crops.side,
    )


def from_file(file: Path, pack: Pack, skeleton: Skeleton) -> tuple[CropPoses, str]:
    """What a file of predictions says of a Pack's samples, and how many it speaks of."""
    found = match_frames(TeacherPredictions, file, pack, skeleton, least=SURE)
    return CropPoses(found.keypoints_MK2, found.visibility_MK, pack.info.side), found.said


def unusual(one: CropPoses, other: CropPoses) -> list[int]:
    """Joints that one of them hardly ever has.

    A box of 16 joints is not the box of 14 of them, and that is no gap between the bodies.
    """
    usual_K = (one.known().mean(0) >= USUAL) & (other.known().mean(0) >= USUAL)
    return np.flatnonzero(~usual_K).tolist()


def without(poses: CropPoses, joints: Sequence[int]) -> CropPoses:
    """The same poses, some joints of which are not known."""
    visibility_NK = poses.visibility_NK.copy()
    visibility_NK[:, list(joints)] = UNLABELED
    return replace(poses, visibility_NK=visibility_NK)
