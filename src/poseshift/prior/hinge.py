"""Hinge coordinates: a pose as numbers that can be turned, stretched and mixed one by one.

Jointed bodies have a tree of bones (:mod:`poseshift.prior.kinematics`); faces have none, and are a
mean shape that bends (:mod:`poseshift.prior.shape_basis`). Either way a pose of K joints is D = 2 K
numbers, and nothing is lost.

Legend: N poses, K joints, D = 2 K hinge coordinates.
"""

from __future__ import annotations

import math
from typing import Any, Protocol

import torch
from torch import Tensor

from poseshift.skeleton import Skeleton


class Hinge(Protocol):
    """There and back between joints and hinge coordinates; leading dimensions are free.

    Attributes:
        skeleton: The joints.
        angle_D: Which coordinates are angles, so that 0 and 2 pi are the same.
        names: What each coordinate is, for tables.
    """

    skeleton: Skeleton
    angle_D: Tensor
    names: tuple[str, ...]

    def split(self, points_NK2: Tensor) -> Tensor:
        """Hinge coordinates (N, D), angles in [-pi, pi)."""

    def join(self, hinge_ND: Tensor) -> Tensor:
        """Joints (N, K, 2)."""

    def opened(self, points_NK2: Tensor) -> Tensor:
        """Poses a model can learn from: no coordinate is far away for a joint on its neighbour."""

    def arrays(self) -> dict[str, Tensor]:
        """What the skeleton alone does not say, for saving."""


def hinge_for(skeleton: Skeleton, points_NK2: Tensor) -> Hinge:
    """A tree of bones where joints bend, a shape basis fitted on whole poses where none does.

    Example:
        >>> from poseshift.skeleton import skeleton
        >>> for name in ("hand21", "face68"):
        ...     type(hinge_for(skeleton(name), torch.randn(9, len(skeleton(name)), 2))).__name__
        'Kinematics'
        'ShapeBasis'
    """
    from poseshift.prior.kinematics import Kinematics, is_jointed
    from poseshift.prior.shape_basis import ShapeBasis

    if is_jointed(skeleton):
        return Kinematics(skeleton)
    return ShapeBasis.fit(skeleton, points_NK2)


def revive_hinge(skeleton: Skeleton, arrays: dict[str, Tensor]) -> Hinge:
    """The hinge whose ``arrays`` were saved."""
    from poseshift.prior.kinematics import Kinematics
    from poseshift.prior.shape_basis import ShapeBasis

    return ShapeBasis(skeleton, **arrays) if arrays else Kinematics(skeleton)


def wrapped(angle: Any) -> Any:
    """Angles in [-pi, pi).

    Example:
        >>> round(wrapped(3.5), 4)
        -2.7832
    """
    return (angle + math.pi) % (2 * math.pi) - math.pi


def away(to_ND: Tensor, from_ND: Tensor, angle_D: Tensor) -> Tensor:
    """Differences of hinge coordinates, those of angles along the shorter arc.

    Example:
        >>> away(torch.tensor([3.0, 3.0]), torch.tensor([-3.0, -3.0]), torch.tensor([True, False]))
        tensor([-0.2832,  6.0000])
    """
    apart_ND = to_ND - from_ND
    return torch.where(angle_D, wrapped(apart_ND), apart_ND)
