"""Pose-mixup: poses between poses, mixed hinge by hinge so that limbs keep their lengths.

Angles go along the shorter arc and lengths by their logarithms. A mean of coordinates would instead
shrink whatever turns between the two poses.

Legend: N poses, B mixtures, D hinge coordinates.
"""

from __future__ import annotations

import torch
from torch import Tensor

from poseshift.prior.hinge import away


def mixup(a_BD: Tensor, b_BD: Tensor, share_B: Tensor, angle_D: Tensor) -> Tensor:
    """Hinge coordinates between b (share 0) and a (share 1).

    Example:
        >>> a, b = torch.tensor([[3.0, 1.0]]), torch.tensor([[-3.0, 0.0]])
        >>> mixup(a, b, torch.tensor([0.5]), torch.tensor([True, False]))
        tensor([[-3.1416,  0.5000]])
    """
    return b_BD + share_B[:, None] * away(a_BD, b_BD, angle_D)


def draw_mixed(
    hinge_ND: Tensor, count: int, chance: float, angle_D: Tensor, rng: torch.Generator
) -> Tensor:
    """Poses of a set (B, D), each by chance mixed with another one, with a share from U(0, 1)."""
    first_B, second_B = torch.randint(len(hinge_ND), (2, count), generator=rng)
    share_B, throw_B = torch.rand(2, count, generator=rng)
    share_B = share_B.where(throw_B < chance, 1.0)
    return mixup(hinge_ND[first_B], hinge_ND[second_B], share_B, angle_D)
