"""Losses that pull the domains together: adversarial features, informative poses.

Legend: B batch, K keypoints, H W map rows and columns.
"""

from __future__ import annotations

import math
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor


def domain_bce(logits_BCHW: Tensor, label: float | Tensor) -> Tensor:
    """Binary cross-entropy of a discriminator's logits, one a cell; source 0, target 1.

    The label is one for all samples, or one for each.

    Example:
        >>> domain_bce(torch.zeros(1, 1, 2, 2), 1.0)
        tensor(0.6931)
    """
    logits = logits_BCHW.float()
    label_B = torch.as_tensor(label, dtype=logits.dtype, device=logits.device).reshape(-1)
    return F.binary_cross_entropy_with_logits(
        logits, label_B[:, None, None, None].expand_as(logits)
    )


def information_maximisation(
    maps_BKHW: Tensor, form: Literal["released", "live"] = "live", temperature: float = 0.01
) -> Tensor:
    """MLA's pose-level loss: sharp profiles in every sample, diverse maps over the batch.

    L = E_h + E_w - E_m: mean entropies of the row and the column profile of each map, minus the
    entropy of the batch's mean map. ``released`` takes the softmax of raw map values and divides by
    H W, which leaves next to no gradient; ``live`` divides the values by a temperature, and each
    entropy by its largest value, so that all lie in [0, 1].

    Example:
        >>> flat = torch.zeros(2, 1, 8, 8)
        >>> round(float(information_maximisation(flat)), 4)
        1.0
    """
    maps_BKHW = maps_BKHW.float()
    height, width = maps_BKHW.shape[-2:]
    rows, columns = maps_BKHW.mean(3), maps_BKHW.mean(2)
    mean_KN = maps_BKHW.mean(0).flatten(1)
    if form == "live":
        sharpness = (
            _entropy(rows / temperature) / math.log(height)
            + _entropy(columns / temperature) / math.log(width)
        )  # fmt: skip
        return sharpness - _entropy(mean_KN / temperature) / math.log(height * width)
    total = _entropy(rows) + _entropy(columns) - _entropy(mean_KN)
    return total / (height * width)


def _entropy(logits: Tensor) -> Tensor:
    """Entropy of the softmax over the last axis, averaged over the others."""
    log_p = logits.log_softmax(-1)
    return -(log_p.exp() * log_p).sum(-1).mean()
