"""Maximum mean discrepancy: how far apart two samples are, seen through Gaussian kernels.

``MMD^2 = E k(x, x') + E k(y, y') - 2 E k(x, y)``, estimated without bias: a point is never paired
with itself, so two samples of one law give 0 on average, and a little less about as often as a
little more. The kernel is the mean of Gaussians ``exp(-d^2 / (2 s^2))`` of several bandwidths s.

Bandwidths belong to the yardstick, not to what is measured: they are worked out once, on held-out
data (:func:`bandwidths`), and kept for everything that is compared.

Legend: N M points, D features, S bandwidths.
"""

from __future__ import annotations

import torch
from torch import Tensor

from poseshift.metrics.distances import distance_blocks

SHARES = (0.25, 0.5, 1.0, 2.0)
_MOST = 2000  # points whose distances are enough for a median


def bandwidths(points_ND: Tensor) -> Tensor:
    """The median distance between points, times a quarter, a half, one and two.

    Example:
        >>> bandwidths(torch.tensor([[0.0], [1.0], [3.0]])).tolist()
        [0.5, 1.0, 2.0, 4.0]
    """
    # Evenly spread rows: the first ones may all come from one clip.
    rows = torch.linspace(0, len(points_ND) - 1, min(len(points_ND), _MOST)).round().long()
    return torch.pdist(points_ND[rows]).median() * torch.tensor(SHARES, dtype=points_ND.dtype)


def mmd2(x_MD: Tensor, y_ND: Tensor, bandwidth_S: Tensor) -> float:
    """Squared maximum mean discrepancy of two samples, unbiased.

    Args:
        x_MD: One sample, two points or more.
        y_ND: The other.
        bandwidth_S: Widths of the kernels, see :func:`bandwidths`.

    Example:
        >>> x, width = torch.tensor([[0.0], [0.0]]), torch.tensor([1.0])
        >>> round(mmd2(x, x + 1, width), 4)  # 1 + 1 - 2 exp(-1/2)
        0.7869
    """
    between = mean_kernel(x_MD, y_ND, bandwidth_S)
    return within(x_MD, bandwidth_S) + within(y_ND, bandwidth_S) - 2 * between


def within(points_ND: Tensor, bandwidth_S: Tensor) -> float:
    """Mean kernel of the pairs of two different points of a sample.

    Example:
        >>> within(torch.zeros(3, 2), torch.ones(1))
        1.0
    """
    count = len(points_ND)
    total = mean_kernel(points_ND, points_ND, bandwidth_S) * count * count
    return (total - count) / (count * (count - 1))  # a point and itself give exactly 1


def mean_kernel(x_MD: Tensor, y_ND: Tensor, bandwidth_S: Tensor) -> float:
    """Mean kernel over all pairs of a point of one sample and a point of the other."""
    total = 0.0
    for distance_BN in distance_blocks(x_MD, y_ND):
        square_BN = distance_BN.square_()
        for width in bandwidth_S.tolist():
            total += (square_BN * (-0.5 / width**2)).exp_().sum(dtype=torch.float64).item()
    return total / (len(x_MD) * len(y_ND) * len(bandwidth_S))
