"""Frames of the target that a person, or a tool, has given poses for in a file of their own.

They are matched to a Pack's samples by the name of the original image, and moved into crop pixels
by the Pack's own matrices; the Pack's labels, if it has any, are not looked at. There are two kinds
and neither can stand for the other: :class:`TargetLabels` are trusted throughout,
:class:`TeacherPredictions` give way to the method's own teacher.

Legend: R poses of a file, M of them matched, K keypoints.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, TypeVar

import numpy as np

from poseshift.data.coco_writer import CATEGORY, category
from poseshift.data.crops import transform
from poseshift.data.formats.base import Doubles
from poseshift.data.frame_files import FrameFile, read_frames
from poseshift.data.matching import inside, match_poses, to_crops
from poseshift.data.names import Shown, sample_names, shown
from poseshift.data.pack import Crops, Pack
from poseshift.data.part import CropsPart
from poseshift.data.types import UNLABELED, Bytes, Floats
from poseshift.errors import BadInput, UserError
from poseshift.files import write_json
from poseshift.skeleton import JointMap, Skeleton, joint_map


@dataclass(frozen=True)
class Frames:
    """M samples of a target Pack with keypoints from another file.

    Attributes:
        name: The file.
        images: The original images; how they look is told of trusted ones only.
        crops: Their crops.
        keypoints_MK2: Pixels of the crops, NaN where not labelled.
        visibility_MK: 0 not labelled, 1 occluded, 2 visible.
        crop_from: What the Pack's crops were made from.
        fingerprint: Of all that was matched, for manifests.
        said: What was matched and what was not, in a sentence.
    """

    role: ClassVar[str]
    trusted: ClassVar[bool]
    name: str
    images: list[Shown]
    crops: Crops
    keypoints_MK2: Floats
    visibility_MK: Bytes
    crop_from: str
    fingerprint: str
    said: str

    def __len__(self) -> int:
        return len(self.images)

    @staticmethod
    def share_at(step: int, steps: int, share: float) -> float:
        """Which part of a batch they are at a step."""
        raise NotImplementedError


class TargetLabels(Frames):
    """Labels of a few target frames: a fixed share of every batch, and never measured."""

    role, trusted = "target_labels", True

    @staticmethod
    def share_at(step: int, steps: int, share: float) -> float:
        """The same throughout."""
        return share


class TeacherPredictions(Frames):
    """What another tool predicts: a start, whose share falls to nothing by half of the run."""

    role, trusted = "teacher_predictions", False

    @staticmethod
    def share_at(step: int, steps: int, share: float) -> float:
        """Falls linearly over the first half.

        Example:
            >>> [TeacherPredictions.share_at(step, 100, 0.25) for step in (0, 25, 50, 99)]
            [0.25, 0.125, 0.0, 0.0]
        """
        return share * max(0.0, 1 - 2 * step / steps)


Kind = TypeVar("Kind", bound=Frames)


def match_frames(
    kind: type[Kind],
    file: str | Path,
    pack: Pack,
    skeleton: Skeleton,
    aliases: Mapping[str, str] | Path | None = None,
    least: float = 0.5,
) -> Kind:
    """Read poses of target frames and find the samples they belong to.

    Args:
        kind: What the poses are: :class:`TargetLabels` or :class:`TeacherPredictions`.
        file: COCO keypoints or results JSON, DeepLabCut or Lightning-Pose csv, or any other label
            file that ``prepare`` reads; see :mod:`poseshift.data.frame_files`.
        pack: The target.
        skeleton: Joints wanted; the file's are mapped to them by name.
        aliases: Further names for joints, see :func:`poseshift.skeleton.joint_map`.
        least: Joints of less confidence count as not labelled.
    """
    found = read_frames(Path(file), skeleton)
    if kind.trusted and found.predicted:
        raise BadInput(
            "holds confidences: a tool predicted it, nobody labelled it",
            where=file,
            fix="give it as --teacher-predictions",
        )
    mapping = joint_map(found.skeleton, skeleton, aliases)
    original_RK2, visibility_RK = _mapped(found, mapping, least)
    if not visibility_RK.any():
        raise BadInput(
            f"labels no joint of {skeleton.name}"
            + (f" with {least:g} or more" if found.predicted else ""),
            where=file,
            fix="lower --set teacher_confidence" if found.predicted else "label some joints",
        )
    rows, samples = match_poses(found, original_RK2, pack, one_each=kind.trusted)
    keypoints_MK2 = to_crops(original_RK2[rows], pack.poses.matrix_N33[samples])
    visibility_MK = visibility_RK[rows]
    outside = int(((visibility_MK > UNLABELED) & ~inside(keypoints_MK2, pack.info.side)).sum())
    blank = int((~visibility_RK.any(axis=1)).sum())
    names = sample_names(pack)
    told = {
        f"{Path(file).name}: {len(rows)} of {len(found.poses)} poses matched": True,
        f"{len(found.poses) - len(rows) - blank} of no sample of {pack.info.name}": (
            len(rows) + blank < len(found.poses)
        ),
        f"{blank} without a usable joint": blank > 0,
        f"{outside} joints outside their crop": outside > 0,
        **dict.fromkeys(found.notes, True),
        mapping.describe(): found.skeleton != skeleton,
    }
    identity = hashlib.sha256(pack.info.fingerprint.encode())
    for array in (samples, keypoints_MK2.astype("<f4"), visibility_MK):
        identity.update(np.ascontiguousarray(array).tobytes())
    return kind(
        name=str(file),
        images=[
            shown(pack, sample) if kind.trusted else Shown(names[sample])
            for sample in samples.tolist()
        ],
        crops=CropsPart(pack.crops, samples),
        keypoints_MK2=keypoints_MK2.astype(np.float32),
        visibility_MK=visibility_MK,
        crop_from=pack.info.crop_from,
        fingerprint=identity.hexdigest()[:16],
        said="; ".join(sentence for sentence, holds in told.items() if holds),
    )


def _mapped(found: FrameFile, mapping: JointMap, least: float) -> tuple[Doubles, Bytes]:
    """Poses in the joints wanted; what the tool was unsure of is not labelled."""
    sure_RK = np.stack([pose.confidence_K for pose in found.poses]) >= least
    visibility_RK = np.stack([pose.visibility_K for pose in found.poses]) * sure_RK
    keypoints_RK2 = np.stack([pose.keypoints_K2 for pose in found.poses])
    keypoints_RK2[visibility_RK == UNLABELED] = np.nan
    keypoints, visibility = mapping.apply(keypoints_RK2, visibility_RK.astype(np.uint8))
    return keypoints, visibility


def write_frames(pack: Pack, indices: Sequence[int], path: str | Path) -> Path:
    """Write the labels of some samples as COCO keypoints JSON, in pixels of the original images."""
    path = Path(path)
    if path.exists():
        raise UserError("already exists", where=path, fix="choose another file")
    every, table = sample_names(pack), pack.poses
    names = list(dict.fromkeys(every[i] for i in indices))
    annotations = []
    for number, i in enumerate(indices):
        visibility_K = table.visibility_NK[i]
        original_K2 = transform(
            table.matrix_N33[i].astype(np.float64), table.keypoints_NK2[i].astype(np.float64)
        )
        original_K2[visibility_K == UNLABELED] = 0
        annotations.append(
            {
                "id": number,
                "image_id": names.index(every[i]),
                "category_id": CATEGORY,
                "iscrowd": 0,
                "num_keypoints": int((visibility_K > UNLABELED).sum()),
                "keypoints": np.column_stack([original_K2, visibility_K]).reshape(-1).tolist(),
            }
        )
    images = [{"id": i, "file_name": name} for i, name in enumerate(names)]
    write_json(
        path,
        {"images": images, "annotations": annotations, "categories": [category(pack.skeleton)]},
    )
    return path
