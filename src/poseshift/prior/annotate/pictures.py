"""Pictures whose joints are known: a labelled source, or puppets drawn in a prior's poses.

Legend: N pictures, B of a batch, K joints, H W rows and columns, C channels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from poseshift.data.pack import Pack
from poseshift.data.views import plain_view
from poseshift.prior.annotate.footage import small_frames
from poseshift.prior.annotate.placing import whole_poses
from poseshift.skeleton import Skeleton

MOST = 4000  # of a larger Pack evenly spread ones: all are held in memory


@dataclass(frozen=True, slots=True)
class Pictures:
    """Small pictures and their joints.

    Attributes:
        frame_NHWC: RGB bytes.
        canvas_NK2: Joints, on a canvas of [-1, 1] that is the picture.
    """

    frame_NHWC: Tensor
    canvas_NK2: Tensor

    @classmethod
    def of(cls, pack: Pack, joints: Skeleton, side: int) -> Self:
        """The samples of a labelled Pack that have all joints."""
        rows, canvas_NK2 = whole_poses(pack, joints)
        some = torch.linspace(0, len(rows) - 1, min(len(rows), MOST)).round().long()
        frames = small_frames(pack.crops, [rows[i] for i in some.tolist()], side)
        return cls(torch.from_numpy(frames), canvas_NK2[some])

    def draw(self, count: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        """Views (B, C, H, W) of random pictures, and their joints (B, K, 2)."""
        row_B = torch.randint(len(self.frame_NHWC), (count,), generator=rng)
        view = plain_view(self.frame_NHWC[row_B], self.frame_NHWC.shape[1])
        return view.image_BCHW, self.canvas_NK2[row_B]
