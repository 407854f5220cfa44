"""Distance between prediction and label, in pixels of the crop.

Legend: N images, K keypoints.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities import dim_zero_cat

from poseshift.skeleton import Skeleton


def pixel_error(pred_NK2: Tensor, true_NK2: Tensor, weight_NK: Tensor) -> Tensor:
    """Measure the distance of each counted joint; NaN where a joint does not count.

    A prediction that is not finite is infinitely far away, so it is never forgiven.

    Args:
        pred_NK2: Predicted positions.
        true_NK2: Labelled positions; anything where the weight is 0.
        weight_NK: Joints with a weight above 0 and a finite label count.

    Example:
        >>> pixel_error(torch.tensor([[[3.0, 4.0]]]), torch.zeros(1, 1, 2), torch.ones(1, 1))
        tensor([[5.]])
    """
    counted_NK = (weight_NK > 0) & true_NK2.isfinite().all(-1)
    error_NK = torch.linalg.vector_norm(pred_NK2 - true_NK2, dim=-1)
    error_NK = torch.where(error_NK.isfinite(), error_NK, torch.inf)
    return torch.where(counted_NK, error_NK, torch.nan)


def error_statistics(error: Tensor) -> dict[str, Tensor]:
    """Give mean, median and root mean square of the errors that are counted (not NaN).

    Example:
        >>> error_statistics(torch.tensor([1.0, 2.0, 6.0, torch.nan]))["mean"].item()
        3.0
    """
    counted = error[~error.isnan()].double().sort().values
    n = len(counted)
    if n == 0:
        nothing = torch.tensor(torch.nan, dtype=torch.float64, device=error.device)
        return {"mean": nothing, "median": nothing, "rmse": nothing}
    return {
        "mean": counted.mean(),
        "median": (counted[(n - 1) // 2] + counted[n // 2]) / 2,
        "rmse": counted.square().mean().sqrt(),
    }


class PixelError(Metric):
    """Mean, median and RMSE over the scored joints, gathered over all batches and processes.

    Args:
        skeleton: Says which joints are scored.
        kwargs: Passed to ``torchmetrics.Metric``.
    """

    is_differentiable = False
    higher_is_better = False
    full_state_update = False
    errors: list[Tensor]

    def __init__(self, skeleton: Skeleton, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scored: Sequence[int] = list(skeleton.scored)
        self.add_state("errors", default=[], dist_reduce_fx="cat")

    def update(self, pred_NK2: Tensor, true_NK2: Tensor, weight_NK: Tensor) -> None:
        """Add a batch."""
        self.errors.append(pixel_error(pred_NK2, true_NK2, weight_NK)[:, self.scored])

    def compute(self) -> dict[str, Tensor]:
        """Give the statistics over everything seen."""
        return error_statistics(dim_zero_cat(self.errors))
