"""Heatmap losses. Legend: B batch, K keypoints, H W map rows and columns."""

from __future__ import annotations

from torch import Tensor


def heatmap_mse(maps_BKHW: Tensor, target_BKHW: Tensor, weight_BK: Tensor) -> Tensor:
    """0.5 w (map - target)^2, averaged over B, K, H and W.

    Joints of weight zero stay in the denominator, as published.

    Example:
        >>> import torch
        >>> one, zero = torch.ones(1, 2, 4, 4), torch.zeros(1, 2, 4, 4)
        >>> heatmap_mse(one, zero, torch.tensor([[1.0, 0.0]]))
        tensor(0.2500)
    """
    difference_BKHW = maps_BKHW.float() - target_BKHW
    return 0.5 * (difference_BKHW.square().mean((2, 3)) * weight_BK).mean()
