"""EvalPose: how alike two poses are in the angles at their joints, wherever and however large.

Dua et al., "Towards Effective Synthetic Data Sampling for Domain Adaptive Pose Estimation":

    EvalPose = Theta_1 . Theta_2 / (|Theta_1| |Theta_2|)

with Theta the unsigned angles over the triplets of the skeleton. As all angles are positive, the
published number is high for any two poses: of two random vectors of twelve angles it averages
.76. So it comes with a centred variant, where the mean labelled angle of each triplet is taken off
first (-1 .. 1, 0 for unrelated poses), and the mean absolute difference in degrees.

Legend: N poses, K joints, T triplets.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities import dim_zero_cat

from poseshift.skeleton import Skeleton

FEWEST = 6  # triplets a pose must show

Triplets = Sequence[tuple[int, int, int]]


def joint_angles(points_NK2: Tensor, triplets: Triplets) -> Tensor:
    """Angles (N, T) at the middle joints, 0 to 180 degrees.

    A limb without length, or not finite, has no direction; its angles are 0.

    Example:
        >>> corner = torch.tensor([[[1.0, 0.0], [0.0, 0.0], [0.0, 2.0]]])
        >>> joint_angles(corner, [(0, 1, 2)])
        tensor([[90.]])
    """
    ends = torch.tensor(triplets, device=points_NK2.device).reshape(-1, 3)
    a_NT2, corner_NT2, b_NT2 = (points_NK2[:, joints] for joints in ends.T)
    u, v = a_NT2 - corner_NT2, b_NT2 - corner_NT2
    cross_NT = u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0]
    angle_NT = torch.atan2(cross_NT.abs(), (u * v).sum(-1)).rad2deg()
    return angle_NT.where(angle_NT.isfinite(), 0)


def counted_triplets(true_NK2: Tensor, weight_NK: Tensor, triplets: Triplets) -> Tensor:
    """Triplets (N, T) whose three joints count and whose labelled limbs have a length.

    Args:
        true_NK2: Labelled positions; anything where the weight is 0.
        weight_NK: Joints with a weight above 0 and a finite label count.
        triplets: As (end, corner, end).
    """
    joints = torch.tensor(triplets, device=true_NK2.device).reshape(-1, 3)
    known_NK = (weight_NK > 0) & true_NK2.isfinite().all(-1)
    three_NT32 = true_NK2[:, joints]
    limbs_NT22 = three_NT32[:, :, [0, 2]] - three_NT32[:, :, 1:2]
    return known_NK[:, joints].all(-1) & (limbs_NT22 != 0).any(-1).all(-1)


def evalpose(
    pred_NT: Tensor, true_NT: Tensor, counted_NT: Tensor, mean_T: Tensor | None = None
) -> Tensor:
    """Cosine of two vectors of angles, over the triplets that count.

    Args:
        pred_NT: Angles of predictions.
        true_NT: Angles of labels.
        counted_NT: Triplets to compare.
        mean_T: Taken off both first: the centred variant.

    Returns:
        One number a pose; NaN where fewer than six triplets count.

    Example:
        >>> angles = torch.tensor([[90.0, 80, 170, 30, 60, 120]])
        >>> evalpose(angles, 2 * angles, angles > 0).round(decimals=3)
        tensor([1.])
        >>> evalpose(angles, angles, angles > 40)
        tensor([nan])
    """
    middle_T = torch.zeros_like(pred_NT[:1]) if mean_T is None else mean_T
    a_NT, b_NT = ((angle_NT - middle_T).where(counted_NT, 0) for angle_NT in (pred_NT, true_NT))
    product_N = (a_NT * b_NT).sum(1)
    length_N = a_NT.norm(dim=1) * b_NT.norm(dim=1)
    # The cosine with a vector of zeros is taken as 0: it shows nothing in common.
    cosine_N = torch.where(length_N > 0, product_N / length_N, 0)
    return cosine_N.where(counted_NT.sum(1) >= FEWEST, torch.nan)


def angle_error(pred_NT: Tensor, true_NT: Tensor, counted_NT: Tensor) -> Tensor:
    """Absolute differences of angles in degrees; NaN where a triplet does not count.

    Example:
        >>> angle_error(torch.tensor([[30.0]]), torch.tensor([[50.0]]), torch.tensor([[True]]))
        tensor([[20.]])
    """
    return (pred_NT - true_NT).abs().where(counted_NT, torch.nan)


def mean_angles(true_NT: Tensor, counted_NT: Tensor) -> Tensor:
    """Mean angle (T,) of each triplet over the labels that count; 0 where none does."""
    total_T = true_NT.where(counted_NT, 0).sum(0)
    return total_T / counted_NT.sum(0).clamp(min=1)


def summary(pred_NT: Tensor, true_NT: Tensor, counted_NT: Tensor) -> dict[str, Tensor]:
    """Means over poses with at least six triplets, and the mean angle error over triplets."""
    mean_T = mean_angles(true_NT, counted_NT)
    return {
        "evalpose": evalpose(pred_NT, true_NT, counted_NT).nanmean(),
        "evalpose_centred": evalpose(pred_NT, true_NT, counted_NT, mean_T).nanmean(),
        "angle_error": angle_error(pred_NT, true_NT, counted_NT).nanmean(),
    }


class EvalPose(Metric):
    """The three numbers over everything seen, on any number of processes.

    Args:
        skeleton: Says which triplets there are.
        kwargs: Passed to ``torchmetrics.Metric``.
    """

    is_differentiable = False
    higher_is_better = True
    full_state_update = False
    pred: list[Tensor]
    true: list[Tensor]
    counted: list[Tensor]

    def __init__(self, skeleton: Skeleton, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.triplets = skeleton.triplets
        for name in ("pred", "true", "counted"):
            self.add_state(name, default=[], dist_reduce_fx="cat")

    def update(self, pred_NK2: Tensor, true_NK2: Tensor, weight_NK: Tensor) -> None:
        """Add a batch."""
        self.pred.append(joint_angles(pred_NK2, self.triplets))
        self.true.append(joint_angles(true_NK2, self.triplets))
        self.counted.append(counted_triplets(true_NK2, weight_NK, self.triplets))

    def compute(self) -> dict[str, Tensor]:
        """Give ``evalpose``, ``evalpose_centred`` and ``angle_error``."""
        return summary(*(dim_zero_cat(part) for part in (self.pred, self.true, self.counted)))
