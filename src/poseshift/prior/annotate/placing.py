"""Where poses stand in crops: a prior's poses have neither place nor size, pictures have both.

Crops of the target are cut by the rule that cut the source's, so the source's labels say how far a
pose fills its crop and how far it is from its middle.

Legend: B poses, N samples, K joints.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from torch import Tensor

from poseshift.data.pack import Pack
from poseshift.data.types import UNLABELED
from poseshift.errors import UserError
from poseshift.skeleton import Skeleton


@dataclass(frozen=True, slots=True)
class Placing:
    """Boxes around poses, on a canvas of [-1, 1] that is the crop.

    Attributes:
        middle_N2: Their middles.
        reach_N: Half of their larger sides.
    """

    middle_N2: Tensor
    reach_N: Tensor

    @classmethod
    def of(cls, pack: Pack, joints: Skeleton) -> Self:
        """Boxes of the whole poses of a labelled Pack, which must have the prior's joints."""
        canvas_NK2 = whole_poses(pack, joints)[1]
        low_N2, high_N2 = canvas_NK2.amin(1), canvas_NK2.amax(1)
        return cls((low_N2 + high_N2) / 2, (high_N2 - low_N2).amax(1) / 2)

    def __call__(self, points_BK2: Tensor, rng: torch.Generator) -> Tensor:
        """Poses on the canvas, each in a box drawn at random.

        Example:
            >>> placing = Placing(torch.zeros(1, 2), torch.tensor([0.5]))
            >>> placing(torch.tensor([[[0.0, 0.0], [8.0, 4.0]]]), torch.Generator())
            tensor([[[-0.5000, -0.2500],
                     [ 0.5000,  0.2500]]])
        """
        row_B = torch.randint(len(self.reach_N), (len(points_BK2),), generator=rng)
        low_B2, high_B2 = points_BK2.amin(1), points_BK2.amax(1)
        reach_B = ((high_B2 - low_B2).amax(1) / 2).clamp(min=1e-6)
        away_BK2 = points_BK2 - ((low_B2 + high_B2) / 2)[:, None]
        scaled_BK2 = away_BK2 * (self.reach_N[row_B] / reach_B)[:, None, None]
        return scaled_BK2 + self.middle_N2[row_B][:, None]


def whole_poses(pack: Pack, joints: Skeleton) -> tuple[list[int], Tensor]:
    """Rows of a Pack that have all the prior's joints labelled, and these on the canvas."""
    ensure_joints(pack, joints)
    table, side = pack.poses, np.float32(pack.info.side)
    whole_N = (table.visibility_NK > UNLABELED).all(1)
    if not whole_N.any():
        raise UserError(
            "no sample has all its joints labelled, so how poses lie in crops is not known",
            where=f"--source {pack.path}",
            fix="name a labelled Pack, with some poses whole",
        )
    canvas_NK2 = torch.from_numpy((2 * table.keypoints_NK2[whole_N] + 1) / side - 1)
    return np.flatnonzero(whole_N).tolist(), canvas_NK2


def ensure_joints(pack: Pack, joints: Skeleton) -> None:
    """Refuse a Pack whose joints are not the prior's."""
    if pack.skeleton.keypoints != joints.keypoints:
        raise UserError(
            f"has {len(pack.skeleton)} joints of {pack.skeleton.name}, the prior {len(joints)} of "
            f"{joints.name}",
            where=pack.info.name if pack.info.crop_from == "world" else pack.path,
            fix=f"name a Pack of {joints.name}, or fit a prior of these joints",
        )
