"""PCK: the share of keypoints found to within a distance.

The headline is *clean* PCK: of the labelled joints inside the crop, occluded ones included, the
share whose sub-pixel Euclidean error is at most 0.05 of the crop side. It is averaged over images
for each joint and then over the skeleton's scored joints. The same function with the length of the
torso as scale gives torso-normalised PCK.

Legend: N images, K keypoints.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torchmetrics import Metric

from poseshift.metrics.pixel_error import pixel_error
from poseshift.skeleton import Skeleton


class Hits(NamedTuple):
    """Which joints were found, of those that count; both (N, K) and boolean."""

    hits_NK: Tensor
    valid_NK: Tensor

    def per_joint(self) -> Tensor:
        """Give the share found for each joint, NaN where none counted."""
        return self.hits_NK.sum(0).double() / self.valid_NK.sum(0)


def pck(
    pred_NK2: Tensor,
    true_NK2: Tensor,
    weight_NK: Tensor,
    scale_N: Tensor,
    threshold: float = 0.05,
) -> Hits:
    """Decide for each joint whether the prediction is near enough.

    Args:
        pred_NK2: Predicted positions; one that is not finite is a miss.
        true_NK2: Labelled positions.
        weight_NK: Joints with a weight above 0 count, see ``inside_crop``.
        scale_N: The length that errors are compared to, such as the crop side; images whose scale
            is NaN or 0 do not count.
        threshold: Largest error as a share of the scale.

    Example:
        >>> true = torch.zeros(1, 2, 2)
        >>> pred = torch.tensor([[[5.0, 0.0], [5.1, 0.0]]])
        >>> pck(pred, true, torch.ones(1, 2), torch.tensor([100.0])).per_joint().tolist()
        [1.0, 0.0]
    """
    error_NK = pixel_error(pred_NK2, true_NK2, weight_NK)
    valid_NK = ~error_NK.isnan() & (scale_N > 0)[:, None]
    return Hits((error_NK <= threshold * scale_N[:, None]) & valid_NK, valid_NK)


def mean_over(value_K: Tensor, joints: Sequence[int]) -> Tensor:
    """Average a per-joint value over some joints, leaving out undefined ones; NaN if all are.

    Example:
        >>> mean_over(torch.tensor([0.5, torch.nan, 1.0]), [0, 1, 2])
        tensor(0.7500)
    """
    return value_K[list(joints)].nanmean()


def inside_crop(true_NK2: Tensor, visibility_NK: Tensor, side: float) -> Tensor:
    """Say which joints count for clean PCK: labelled, occluded or not, and inside the crop.

    Example:
        >>> x = torch.tensor([[[-0.5, 0.0], [9.5, 0.0], [5.0, 5.0]]])
        >>> inside_crop(x, torch.tensor([[2, 2, 1]]), side=10)
        tensor([[ True, False,  True]])
    """
    within_NK = ((true_NK2 >= -0.5) & (true_NK2 < side - 0.5)).all(-1)
    return within_NK & (visibility_NK > 0)


def torso_length(true_NK2: Tensor, visibility_NK: Tensor, torso: tuple[int, int]) -> Tensor:
    """Measure each torso; NaN where an end is not labelled or both ends coincide."""
    first, second = torso
    length_N = torch.linalg.vector_norm(true_NK2[:, first] - true_NK2[:, second], dim=-1)
    labelled_N = (visibility_NK[:, [first, second]] > 0).all(-1)
    return torch.where(labelled_N & (length_N > 0), length_N, torch.nan)


class PCK(Metric):
    """Counts hits over batches and processes.

    Args:
        skeleton: Says how many joints there are and which are scored.
        threshold: Largest error as a share of the scale.
        kwargs: Passed to ``torchmetrics.Metric``.

    Example:
        >>> from poseshift.skeleton import skeleton
        >>> metric = PCK(skeleton("hand21"))
        >>> true = torch.rand(2, 21, 2)
        >>> metric.update(true, true, torch.ones(2, 21), torch.ones(2))
        >>> metric.compute()["pck"].item()
        1.0
    """

    is_differentiable = False
    higher_is_better = True
    full_state_update = False
    hits_K: Tensor
    valid_K: Tensor

    def __init__(self, skeleton: Skeleton, threshold: float = 0.05, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scored = skeleton.scored
        self.threshold = threshold
        count_K = torch.zeros(len(skeleton), dtype=torch.long)
        self.add_state("hits_K", default=count_K, dist_reduce_fx="sum")
        self.add_state("valid_K", default=count_K.clone(), dist_reduce_fx="sum")

    def update(
        self, pred_NK2: Tensor, true_NK2: Tensor, weight_NK: Tensor, scale_N: Tensor
    ) -> None:
        """Add a batch."""
        hits_NK, valid_NK = pck(pred_NK2, true_NK2, weight_NK, scale_N, self.threshold)
        self.hits_K += hits_NK.sum(0)
        self.valid_K += valid_NK.sum(0)

    def compute(self) -> dict[str, Tensor]:
        """Give ``pck`` over the scored joints and ``per_joint``; NaN where nothing counted."""
        per_joint_K = self.hits_K.double() / self.valid_K
        return {"pck": mean_over(per_joint_K, self.scored), "per_joint": per_joint_K}
