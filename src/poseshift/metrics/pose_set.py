"""What distances between samples of poses do not show: bones, overlap, collapse and copying.

Matching means and covariances can make a small distance out of limbs that stretch; a generator that
repeats the few poses it was shown can look near to the law they came from. Hence these.

Legend: N M poses, K keypoints, B bones (lines of the skeleton), D features. NaN is not labelled.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from poseshift.metrics.distances import distance_blocks

SHORTEST = 0.01  # of a body's size: what is shorter in an image is a bone seen end on


class Overlap(NamedTuple):
    """Shares of poses that lie among those of the other sample; see :func:`overlap`."""

    precision: float
    recall: float
    coverage: float


def log_lengths(points_NK2: Tensor, edges: Sequence[tuple[int, int]]) -> Tensor:
    """Logarithms of the lengths of bones (N, B).

    Example:
        >>> log_lengths(torch.tensor([[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]]]), [(0, 1), (1, 2)])
        tensor([[0., 0.]])
    """
    length_NB: Tensor = torch.linalg.vector_norm(_bones(points_NK2, edges), dim=-1)
    return length_NB.clamp_min(SHORTEST).log()


def hinge_features(points_NK2: Tensor, edges: Sequence[tuple[int, int]]) -> Tensor:
    """Cosine and sine of the direction of each bone, and the logarithm of its length (N, 3B).

    Example:
        >>> hinge_features(torch.tensor([[[0.0, 0.0], [0.0, 1.0]]]), [(0, 1)])
        tensor([[0., 1., 0.]])
    """
    bone_NB2 = _bones(points_NK2, edges)
    length_NB1 = torch.linalg.vector_norm(bone_NB2, dim=-1, keepdim=True).clamp_min(SHORTEST)
    return torch.cat([bone_NB2 / length_NB1, length_NB1.log()], dim=-1).flatten(1)


def bone_spread_error(
    sample_MK2: Tensor, truth_NK2: Tensor, edges: Sequence[tuple[int, int]]
) -> float:
    """How much more, or less, the lengths of bones vary than they should, as a share.

    It is ``|s / t - 1|`` of the standard deviations of the log lengths in sample and truth, each
    averaged over the bones.

    Example:
        >>> truth = torch.tensor([[[0.0, 0.0], [1.0, 0.0]], [[0.0, 0.0], [2.0, 0.0]]])
        >>> bone_spread_error(truth * 7, truth, [(0, 1)]) < 1e-6
        True
    """
    spread, wanted = (_spread(log_lengths(points, edges)) for points in (sample_MK2, truth_NK2))
    return abs(spread / wanted - 1)


def overlap(sample_MD: Tensor, truth_ND: Tensor, k: int = 5) -> Overlap:
    """How well a sample covers the truth and stays within it, by nearest neighbours.

    The ball of a point reaches to its k-th neighbour in its own sample. *Precision* is the share of
    the sample inside a ball of the truth, *recall* the share of the truth inside a ball of the
    sample, *coverage* the share of the truth's balls with a point of the sample inside.

    Example:
        >>> line = torch.arange(20.0)[:, None]
        >>> overlap(line[:5] + 0.5, line, k=1)
        Overlap(precision=1.0, recall=0.3, coverage=0.3)
    """
    inside_truth_M, covered_N = _inside(sample_MD, truth_ND, k)
    inside_sample_N, _ = _inside(truth_ND, sample_MD, k)
    found = (inside_truth_M, inside_sample_N, covered_N)
    return Overlap(*(share.double().mean().item() for share in found))


def mean_distance(points_ND: Tensor) -> float:
    """Mean distance of two different points: a sample that has collapsed has little.

    Example:
        >>> mean_distance(torch.tensor([[0.0], [1.0], [2.0]])) == 4 / 3
        True
    """
    count = len(points_ND)
    total = sum(
        block_BN.double().sum().item() for block_BN in distance_blocks(points_ND, points_ND)
    )
    return total / (count * (count - 1))


def copying(sample_MD: Tensor, shown_nD: Tensor, held_out_ND: Tensor) -> float:
    """How near a sample is to the poses it was made from, compared with others of their kind.

    The distance to the nearest of the n shown poses over the distance to the nearest of n held-out
    poses: 1 for a sample that knows the law and not the poses, 0 for one that repeats them.

    Example:
        >>> truth = torch.arange(8.0)[:, None]
        >>> copying(truth[:4], truth[:4], truth[4:])
        0.0
    """
    count = min(len(shown_nD), len(held_out_ND))
    groups = len(held_out_ND) // count
    # Rows far from each other make a group: neighbours in a file are often frames of one clip.
    others_GnD = held_out_ND[: groups * count].view(count, groups, -1).transpose(0, 1)
    strangers = sum(_nearest(sample_MD, other_nD) for other_nD in others_GnD) / groups
    return _nearest(sample_MD, shown_nD) / strangers


def _bones(points_NK2: Tensor, edges: Sequence[tuple[int, int]]) -> Tensor:
    start_B, end_B = torch.tensor(edges).T
    return points_NK2[:, end_B] - points_NK2[:, start_B]


def _spread(value_NB: Tensor) -> float:
    """Standard deviation of each column, averaged; NaN is left out."""
    centred_NB = value_NB - value_NB.nanmean(0)
    return float(centred_NB.square().nanmean(0).sqrt().nanmean())


def _inside(points_MD: Tensor, truth_ND: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Which points lie in a ball of the truth, and which of its balls hold a point."""
    # The nearest of a point's neighbours is the point itself.
    own = distance_blocks(truth_ND, truth_ND)
    radius_N = torch.cat([d_BN.topk(k + 1, largest=False).values[:, -1] for d_BN in own])
    within = [d_BN <= radius_N for d_BN in distance_blocks(points_MD, truth_ND)]
    inside_M = torch.cat([within_BN.any(1) for within_BN in within])
    covered_N = torch.stack([within_BN.any(0) for within_BN in within]).any(0)
    return inside_M, covered_N


def _nearest(points_MD: Tensor, others_ND: Tensor) -> float:
    blocks = distance_blocks(points_MD, others_ND)
    return torch.cat([distance_BN.amin(1) for distance_BN in blocks]).mean().item()
