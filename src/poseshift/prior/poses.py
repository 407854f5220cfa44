"""Sets of poses, centred and of unit size: the same rule for source, target and held-out poses.

Every pose has the mean of its labelled joints at 0 and their root mean square distance from it 1.
Where a pose stands and how large it is says how a picture was cut, not how a body moves, so it is
kept beside the pose and given back by :meth:`PoseSet.keypoints`; how the body is turned stays in.

Legend: N poses, K joints.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from poseshift.errors import BadInput
from poseshift.skeleton import Skeleton

FARTHEST = 1e7  # beyond it a coordinate is of no picture, and squares soon overflow


@dataclass(frozen=True, slots=True)
class PoseSet:
    """Poses of one skeleton.

    Attributes:
        points_NK2: Centred and of unit size, float32, NaN where a joint is not labelled.
        skeleton: Their joints.
        centre_N2: Where each stood.
        size_N: How large each was.
        name: A word for messages.

    Example:
        >>> from poseshift.skeleton import skeleton
        >>> hand = PoseSet.of(torch.rand(5, 21, 2) * 256, skeleton("hand21"))
        >>> len(hand), hand.points_NK2.square().sum(-1).mean(-1).round(decimals=3).tolist()
        (5, [1.0, 1.0, 1.0, 1.0, 1.0])
    """

    points_NK2: Tensor
    skeleton: Skeleton
    centre_N2: Tensor
    size_N: Tensor
    name: str = "poses"

    @classmethod
    def of(
        cls, keypoints_NK2: Tensor | NDArray[Any], skeleton: Skeleton, name: str = "poses"
    ) -> PoseSet:
        """Poses from keypoints in pixels or any other unit, NaN where not labelled.

        The half-labelled are centred by what is labelled; nobody's missing joints are guessed.
        """
        points = torch.as_tensor(keypoints_NK2, dtype=torch.float64)
        if points.ndim != 3 or points.shape[1:] != (len(skeleton), 2):
            raise BadInput(
                f"expected poses of shape (N, {len(skeleton)}, 2) for skeleton {skeleton.name}, "
                f"found {tuple(points.shape)}",
                where=name,
                fix="name the skeleton the poses are written in",
            )
        if not len(points):
            raise BadInput("holds no pose", where=name, fix="check the files it was read from")
        far_NK = (points.abs() > FARTHEST).any(-1)
        if far_NK.any():
            row, joint = far_NK.nonzero()[0].tolist()
            raise BadInput(
                f"a coordinate is beyond {FARTHEST:.0e}: {points[row, joint].tolist()}",
                where=f"{name}: pose {row}, {skeleton.keypoints[joint]}",
                fix="mend it, or leave it blank",
            )
        unit, centre, size = normalised(points)
        if not (size > 0).all():  # also where nothing is labelled
            row = int((~(size > 0)).nonzero()[0])
            problem = "fewer than two labelled joints, or all in one place"
            raise BadInput(problem, where=f"{name}: pose {row}", fix="leave this pose out")
        return cls(unit.float(), skeleton, centre.float(), size.float(), name)

    def __len__(self) -> int:
        return len(self.points_NK2)

    @property
    def labeled_NK(self) -> Tensor:  # noqa: N802 - shapes are in the names
        """Which joints are there."""
        return self.points_NK2.isfinite().all(-1)

    def keypoints(self) -> Tensor:
        """The poses where they stood and as large as they were (N, K, 2)."""
        return self.points_NK2 * self.size_N[:, None, None] + self.centre_N2[:, None]

    def take(self, rows: Sequence[int] | Tensor) -> PoseSet:
        """Some of the poses."""
        at = torch.as_tensor(rows)
        return PoseSet(
            self.points_NK2[at], self.skeleton, self.centre_N2[at], self.size_N[at], self.name
        )

    def whole(self) -> PoseSet:
        """The poses with all joints: what a generator of whole poses learns from."""
        whole_N = self.labeled_NK.all(1)
        if not whole_N.any():
            missing = [
                name
                for name, share in zip(
                    self.skeleton.keypoints, self.labeled_NK.float().mean(0), strict=True
                )
                if share < 0.5
            ]
            raise BadInput(
                f"none of {len(self)} poses has all {len(self.skeleton)} joints "
                f"(mostly missing: {', '.join(missing) or 'now one, now another'})",
                where=self.name,
                fix="give poses with all joints, or map them to a smaller skeleton",
            )
        return self.take(whole_N.nonzero()[:, 0])


def normalised(points_NK2: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Poses centred and of unit size, where they stood (N, 2), how large they were (N,).

    Example:
        >>> unit, centre, size = normalised(torch.tensor([[[0.0, 0.0], [8.0, 0.0]]]))
        >>> unit.tolist(), centre.tolist(), size.tolist()
        ([[[-1.0, 0.0], [1.0, 0.0]]], [[4.0, 0.0]], [4.0])
    """
    centre_N12 = points_NK2.nanmean(-2, keepdim=True)
    away_NK2 = points_NK2 - centre_N12
    size_N11 = away_NK2.square().sum(-1, keepdim=True).nanmean(-2, keepdim=True).sqrt()
    return away_NK2 / size_N11, centre_N12[..., 0, :], size_N11[..., 0, 0]
