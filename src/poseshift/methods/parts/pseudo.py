"""Pseudo-labels: what a teacher's maps say, which of it to believe, and where they err.

Legend: B batch, K keypoints, H W map rows and columns.
"""

from __future__ import annotations

import torch
from torch import Tensor

from poseshift.data.heatmap import decode, decode_argmax, encode, encode_protocol


def fresh_maps(maps_BKHW: Tensor, *, subpixel: bool = True) -> tuple[Tensor, Tensor]:
    """Clean Gaussians of peak 1 at the maps' peaks, and the peaks (B, K): UDAPE's normalisation.

    Args:
        maps_BKHW: A teacher's maps.
        subpixel: Place them at the decoded peak rather than on the argmax cell, as published.

    Example:
        >>> blurred = 0.4 * encode(torch.tensor([[[9.0, 5.0]]]), cells=24)
        >>> maps, peak = fresh_maps(blurred)
        >>> round(float(maps.max()), 2), round(float(peak), 2)
        (1.0, 0.4)
    """
    place_BK2, peak_BK = (decode if subpixel else decode_argmax)(maps_BKHW.float())
    return encode(place_BK2, maps_BKHW.shape[-1]), peak_BK


def confident(peak_BK: Tensor, share: float) -> Tensor:
    """Ones for peaks strictly above the batch's quantile: the top ``share`` of all B K of them.

    With distinct peaks exactly ``floor(share * B * K)`` are kept; .5 is the published median.

    Example:
        >>> confident(torch.tensor([[0.1, 0.9], [0.5, 0.7]]), share=0.5)
        tensor([[0., 1.],
                [0., 1.]])
    """
    drop = peak_BK.numel() - int(share * peak_BK.numel())
    if drop == 0:
        return torch.ones_like(peak_BK)
    threshold = peak_BK.flatten().kthvalue(drop).values
    return (peak_BK > threshold).float()


def confident_by_joint(peak_BK: Tensor, share: float) -> Tensor:
    """Ones for the top ``share`` of the batch, joint by joint; at least one of each.

    Example:
        >>> confident_by_joint(torch.tensor([[0.1, 0.9], [0.5, 0.7]]), share=0.5)
        tensor([[0., 1.],
                [1., 0.]])
    """
    drop = len(peak_BK) - max(1, round(share * len(peak_BK)))
    if drop <= 0:
        return torch.ones_like(peak_BK)
    return (peak_BK > peak_BK.kthvalue(drop, dim=0).values).float()


def ground_truth_maps(logits_BKHW: Tensor) -> Tensor:
    """RegDA's T: a Gaussian cut at 3 sigma on the argmax cell of every joint."""
    cells = logits_BKHW.shape[-1]
    place_BK = logits_BKHW.flatten(2).argmax(-1)
    place_BK2 = torch.stack([place_BK % cells, place_BK // cells], -1)
    return encode_protocol(place_BK2.float(), cells)


def ground_false_maps(truth_BKHW: Tensor) -> Tensor:
    """RegDA's F: for every joint the other joints' places, where its mistakes are likely.

    F_k = clip(sum over k' != k of T_k', 0, 1).

    Example:
        >>> truth = torch.eye(3)[None, :, None, :]  # three joints in three cells
        >>> ground_false_maps(truth)[0, 0, 0]
        tensor([0., 1., 1.])
    """
    return (truth_BKHW.sum(1, keepdim=True) - truth_BKHW).clamp(0, 1)
