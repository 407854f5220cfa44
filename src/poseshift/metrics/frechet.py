"""Frechet distance: how far apart two samples are, were both of them Gaussian.

``|m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^1/2)`` of means and covariances, a squared distance. It grows
with the noise of small samples, so only values from equally large samples can be compared.

Legend: N M points, D features.
"""

from __future__ import annotations

import torch
from torch import Tensor


def frechet(x_MD: Tensor, y_ND: Tensor) -> float:
    """Frechet distance of two samples.

    Example:
        >>> x = torch.tensor([[-1.0], [1.0]])
        >>> round(frechet(x, x + 3), 4)  # a shift by 3
        9.0
    """
    x_MD, y_ND = x_MD.double(), y_ND.double()
    return gaussian_frechet(x_MD.mean(0), _covariance(x_MD), y_ND.mean(0), _covariance(y_ND))


def gaussian_frechet(mean_D: Tensor, cov_DD: Tensor, mean2_D: Tensor, cov2_DD: Tensor) -> float:
    """Frechet distance of two Gaussians.

    Example:
        >>> zero, one = torch.zeros(2), torch.eye(2)
        >>> round(gaussian_frechet(zero, one, zero, 4 * one), 4)  # 2 (1 - 2)^2
        2.0
    """
    root_DD = _root(cov_DD)
    # (C1 C2)^1/2 has the trace of the symmetric (C1^1/2 C2 C1^1/2)^1/2, whose roots are real.
    inner_DD = root_DD @ cov2_DD @ root_DD
    cross = torch.linalg.eigvalsh((inner_DD + inner_DD.T) / 2).clamp_min(0).sqrt().sum()
    shift = (mean_D - mean2_D).square().sum()
    return float(shift + cov_DD.trace() + cov2_DD.trace() - 2 * cross)


def _covariance(points_ND: Tensor) -> Tensor:
    return torch.cov(points_ND.T).reshape(points_ND.shape[1], points_ND.shape[1])


def _root(cov_DD: Tensor) -> Tensor:
    """The symmetric square root of a covariance."""
    value_D, vector_DD = torch.linalg.eigh(cov_DD)
    root_DD: Tensor = (vector_DD * value_D.clamp_min(0).sqrt()) @ vector_DD.T
    return root_DD
