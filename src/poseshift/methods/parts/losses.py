"""Heatmap losses. Legend: B batch, K keypoints, H W map rows and columns."""

from __future__ import annotations

import torch
from torch import Tensor


def heatmap_mse(maps_BKHW: Tensor, target_BKHW: Tensor, weight_BK: Tensor) -> Tensor:
    """0.5 w (map - target)^2, averaged over B, K, H and W.

    Joints of weight zero stay in the denominator, as published.

    Example:
        >>> one, zero = torch.ones(1, 2, 4, 4), torch.zeros(1, 2, 4, 4)
        >>> heatmap_mse(one, zero, torch.tensor([[1.0, 0.0]]))
        tensor(0.2500)
    """
    difference_BKHW = maps_BKHW.float() - target_BKHW
    return 0.5 * (difference_BKHW.square().mean((2, 3)) * weight_BK).mean()


def consistency_mse(student_BKHW: Tensor, teacher_BKHW: Tensor, weight_BK: Tensor) -> Tensor:
    """UDAPE's w (student - teacher)^2, without the half, averaged over B, K, H and W."""
    return 2 * heatmap_mse(student_BKHW, teacher_BKHW, weight_BK)


def heatmap_kl(
    logits_BKHW: Tensor, target_BKHW: Tensor, weight_BK: Tensor, eps: float = 0.0
) -> Tensor:
    """KL(p || q) over the cells, p the target normalised to sum 1, q the softmax of the logits.

    Mean over B and K of w_k sum_x p (log p - log q). A target that is zero everywhere is no
    distribution: its joint counts zero (the published code divides 0 by 0 there).

    Args:
        logits_BKHW: Unnormalised predictions.
        target_BKHW: Non-negative maps.
        weight_BK: Weights of joints.
        eps: Added to every cell of the target before normalising; 0 for labels, 1e-7 for pseudo
            targets, as published.

    Example:
        >>> target = torch.zeros(1, 1, 1, 2)
        >>> heatmap_kl(target, target, torch.ones(1, 1))
        tensor(0.)
        >>> heatmap_kl(target, target + 1, torch.ones(1, 1))
        tensor(0.)
    """
    target_BKN, logits_BKN = target_BKHW.flatten(2) + eps, logits_BKHW.float().flatten(2)
    total_BK1 = target_BKN.sum(-1, keepdim=True)
    p_BKN = target_BKN / total_BK1.where(total_BK1 > 0, 1.0)
    log_q_BKN = logits_BKN.log_softmax(-1)
    kl_BK = (torch.xlogy(p_BKN, p_BKN) - p_BKN * log_q_BKN).sum(-1)
    return (kl_BK * (weight_BK * (total_BK1[..., 0] > 0))).mean()
