"""A Pack in a role: the labelled source, or the target whose labels nobody can reach."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from poseshift.data.draws import Draws
from poseshift.data.pack import Crops, Pack
from poseshift.data.types import Bytes, Floats, LabeledBatch, UnlabeledBatch
from poseshift.errors import UserError
from poseshift.skeleton import Skeleton, joint_map

Indices = NDArray[np.int64]
Batch_co = TypeVar("Batch_co", covariant=True)


class Domain(Protocol[Batch_co]):
    """What a loader needs of either kind."""

    crops: Crops

    def __len__(self) -> int: ...

    def batch(self, index_B: Indices, crop_BHWC: Bytes, draws: Draws) -> Batch_co:
        """Put decoded crops, and what else this kind knows of them, on the draws' device."""


class UnlabeledDomain:
    """The target: crops by index, and no way from here to a keypoint.

    Args:
        pack: A Pack or its path; its labels, if it has any, are not read.
    """

    def __init__(self, pack: Pack | str | Path) -> None:
        pack = pack if isinstance(pack, Pack) else Pack(pack)
        self.name, self.side = pack.info.name, pack.info.side
        self.fingerprint, self.crop_from = pack.info.fingerprint, pack.info.crop_from
        self.crops: Crops = pack.crops

    def __len__(self) -> int:
        return len(self.crops)

    def batch(self, index_B: Indices, crop_BHWC: Bytes, draws: Draws) -> UnlabeledBatch:
        """Crops alone."""
        device = draws.device
        return UnlabeledBatch(_put(index_B, device), _put(crop_BHWC, device), draws)


class LabeledDomain:
    """The source (or, for the upper bound and for evaluation, a target with its labels).

    Args:
        pack: A Pack or its path.
        skeleton: Joints to train on; the Pack's own are mapped to them by name.
        aliases: Further names for joints, see :func:`poseshift.skeleton.joint_map`.

    Attributes:
        of_pack: For each joint, which of the Pack's own it is; -1 for one the Pack has not.
    """

    def __init__(
        self,
        pack: Pack | str | Path,
        skeleton: Skeleton | None = None,
        aliases: Mapping[str, str] | Path | None = None,
    ) -> None:
        pack = pack if isinstance(pack, Pack) else Pack(pack)
        if not pack.info.labeled:
            raise UserError(
                "has no labels, and labels are needed here",
                where=pack.path,
                fix="prepare it from a labelled file, or use it as the target",
            )
        self.pack = pack
        self.name, self.side = pack.info.name, pack.info.side
        self.fingerprint, self.crop_from = pack.info.fingerprint, pack.info.crop_from
        self.skeleton = skeleton or pack.skeleton
        self.crops: Crops = pack.crops
        poses, self.said = pack.poses, ""
        self.of_pack: tuple[int, ...] = tuple(range(len(self.skeleton)))
        self.keypoints_NK2: Floats = poses.keypoints_NK2
        self.visibility_NK: Bytes = poses.visibility_NK
        if self.skeleton != pack.skeleton:
            mapping = joint_map(pack.skeleton, self.skeleton, aliases)
            self.keypoints_NK2, self.visibility_NK = mapping.apply(
                poses.keypoints_NK2, poses.visibility_NK
            )
            self.said = mapping.describe()
            self.of_pack = mapping.indices

    def __len__(self) -> int:
        return len(self.crops)

    def batch(self, index_B: Indices, crop_BHWC: Bytes, draws: Draws) -> LabeledBatch:
        """Crops with their keypoints and visibility."""
        device = draws.device
        return LabeledBatch(
            _put(index_B, device),
            _put(crop_BHWC, device),
            draws,
            _put(self.keypoints_NK2[index_B], device),
            _put(self.visibility_NK[index_B], device),
        )


def _put(array: NDArray[Any], device: torch.device) -> Tensor:
    tensor = torch.from_numpy(np.ascontiguousarray(array))
    if device.type == "cuda":
        tensor = tensor.pin_memory()
    return tensor.to(device, non_blocking=True)
