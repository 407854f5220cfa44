"""Heatmaps: keypoints to maps and back, unbiased ("clean") and as published ("protocol").

Clean: a Gaussian of peak 1 at the sub-pixel place, separable; decoded as the vertex of a quadratic
fitted to its logarithm, which is exact for any Gaussian. Protocol: the Gaussian sits on the
rounded cell and is cut at 3 sigma; decoded as the integer argmax.

Sigma is in cells; published runs use 2 of 64, written :data:`SIGMA` as a fraction of the side.
Legend: B batch, K keypoints, H W rows and columns of the map.
"""

from __future__ import annotations

import torch
from torch import Tensor

SIGMA = 2 / 64


def encode(points_BK2: Tensor, cells: int, sigma: float | None = None) -> Tensor:
    """Clean heatmaps of points given in cells.

    Example:
        >>> encode(torch.tensor([[[2.0, 1.0]]]), cells=4, sigma=1.0)[0, 0, 1]
        tensor([0.1353, 0.6065, 1.0000, 0.6065])
    """
    sigma = sigma or SIGMA * cells
    ticks = torch.arange(cells, device=points_BK2.device, dtype=points_BK2.dtype)
    profile_BK2T = torch.exp(-((ticks - points_BK2[..., None]) ** 2) / (2 * sigma**2))
    return profile_BK2T[:, :, 1, :, None] * profile_BK2T[:, :, 0, None, :]


def encode_protocol(points_BK2: Tensor, cells: int, sigma: float | None = None) -> Tensor:
    """Published heatmaps: centred on the nearest cell, zero beyond 3 sigma.

    ``points_BK2`` are view pixels over the stride, as published: x / s without the half pixel.
    """
    sigma = sigma or SIGMA * cells
    peak_BK2 = torch.floor(points_BK2 + 0.5)
    ticks = torch.arange(cells, device=points_BK2.device, dtype=points_BK2.dtype)
    distance = ticks - peak_BK2[..., None]
    profile = torch.exp(-(distance**2) / (2 * sigma**2)) * (distance.abs() <= int(3 * sigma + 0.5))
    inside = ((peak_BK2 >= 0) & (peak_BK2 < cells)).all(-1)[..., None, None]
    return profile[:, :, 1, :, None] * profile[:, :, 0, None, :] * inside


def decode_argmax(maps_BKHW: Tensor) -> tuple[Tensor, Tensor]:
    """Integer peak cells (B, K, 2) as published, (0, 0) where no value is positive, and peaks."""
    width = maps_BKHW.shape[-1]
    peak_BK, place_BK = maps_BKHW.flatten(2).max(-1)
    cell_BK2 = torch.stack([place_BK % width, place_BK // width], -1).to(maps_BKHW.dtype)
    return cell_BK2 * (peak_BK > 0)[..., None], peak_BK


def decode(maps_BKHW: Tensor, sigma: float | None = None) -> tuple[Tensor, Tensor]:
    """Sub-pixel peak places in cells (B, K, 2), and peak values (B, K).

    The logarithm of a Gaussian, stretched and turned as a warp may have left it, is a quadratic
    function of the place: it is fitted to the cells within two ``sigma`` of the largest and its
    vertex taken. A cell weighs the square of its value, as equal noise on all cells asks for, so
    that what a warp or the border cut off has no say.

    Example:
        >>> decode(encode(torch.tensor([[[9.3, -0.4]]]), cells=48))[0]
        tensor([[[ 9.3000, -0.4000]]])
    """
    height, width = maps_BKHW.shape[-2:]
    sigma = sigma or SIGMA * width
    reach = max(1, round(2 * sigma))
    peak_BK, place_BK = maps_BKHW.float().flatten(2).max(-1)
    peak_BK2 = torch.stack([place_BK % width, place_BK // width], -1)
    ticks = torch.arange(-reach, reach + 1, device=maps_BKHW.device)
    step_T2 = torch.cartesian_prod(ticks, ticks)
    x_BKT, y_BKT = (peak_BK2[..., None, :] + step_T2).unbind(-1)
    inside_BKT = (x_BKT >= 0) & (x_BKT < width) & (y_BKT >= 0) & (y_BKT < height)
    cell_BKT = y_BKT.clamp(0, height - 1) * width + x_BKT.clamp(0, width - 1)
    value_BKT = maps_BKHW.float().flatten(2).gather(2, cell_BKT) * inside_BKT
    share_BKT = (value_BKT / peak_BK.clamp(min=1e-12)[..., None]).clamp(1e-6, 1)
    offset_BK2 = _vertex(share_BKT, step_T2 / sigma) * sigma
    return peak_BK2 + offset_BK2.clamp(-reach / 2, reach / 2), peak_BK


def _vertex(share_BKT: Tensor, step_T2: Tensor) -> Tensor:
    """Vertex of the quadratic fitted to the logarithms of values at T places, lengths in sigmas.

    A weak prior towards an upright Gaussian decides where there are too few values to tell; where
    they do not form a peak at all, the vertex is the middle.
    """
    x, y = step_T2.unbind(-1)
    basis_T6 = torch.stack([torch.ones_like(x), x, y, x * x / 2, x * y, y * y / 2], -1)
    prior = basis_T6.new_tensor([0, 0, 0, -1, 0, -1])
    faith = basis_T6.new_tensor([1e-7, 1e-7, 1e-7, 1e-4, 1e-4, 1e-4])
    with torch.autocast(share_BKT.device.type, enabled=False):  # bfloat16 is too coarse here
        weight_BKT = share_BKT.square()
        products_T36 = (basis_T6[:, :, None] * basis_T6[:, None, :]).flatten(1)
        normal_BK66 = (weight_BKT @ products_T36).reshape(*weight_BKT.shape[:2], 6, 6)
        normal_BK66 = normal_BK66 + torch.diag(faith)
        right_BK6 = (weight_BKT * share_BKT.log()) @ basis_T6 + faith * prior
        _, gx, gy, a, b, c = torch.linalg.solve_ex(normal_BK66, right_BK6)[0].unbind(-1)
    det = a * c - b * b
    vertex_BK2 = torch.stack([b * gy - c * gx, b * gx - a * gy], -1) / det[..., None]
    is_peak_BK = (a < 0) & (det > 1e-6)
    return torch.where(is_peak_BK[..., None], vertex_BK2, torch.zeros_like(vertex_BK2))
