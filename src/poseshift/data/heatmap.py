"""Heatmaps: keypoints to maps and back, unbiased ("clean") and as published ("protocol").

Clean: a Gaussian of peak 1 at the sub-pixel place, separable; decoded from the log-parabola through
the peak and its neighbours, which is exact for a Gaussian. Protocol: the Gaussian sits on the
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

    Along each axis the logarithms of the peak and its two neighbours lie on a parabola if the map
    is a Gaussian; its vertex is the place. A neighbour beyond the border is continued with the
    curvature of ``sigma``, so peaks on the border are found as exactly as any.
    """
    height, width = maps_BKHW.shape[-2:]
    sigma = sigma or SIGMA * width
    maps_BKHW = maps_BKHW.float()
    peak_BK, place_BK = maps_BKHW.flatten(2).max(-1)
    x_BK, y_BK = place_BK % width, place_BK // width
    floor_BK = (1e-4 * peak_BK).clamp(min=1e-12)
    flat = maps_BKHW.flatten(2)

    def log_at(x: Tensor, y: Tensor) -> Tensor:
        cell = y.clamp(0, height - 1) * width + x.clamp(0, width - 1)
        value = flat.gather(2, cell[..., None])[..., 0]
        return torch.maximum(value, floor_BK).log()

    centre = log_at(x_BK, y_BK)
    dx = _vertex(log_at(x_BK - 1, y_BK), centre, log_at(x_BK + 1, y_BK), x_BK, width, sigma)
    dy = _vertex(log_at(x_BK, y_BK - 1), centre, log_at(x_BK, y_BK + 1), y_BK, height, sigma)
    return torch.stack([x_BK + dx, y_BK + dy], -1), peak_BK


def _vertex(
    before: Tensor, centre: Tensor, after: Tensor, place: Tensor, size: int, sigma: float
) -> Tensor:
    """Offset of the parabola's vertex from the middle of three log values, at most half a cell."""
    bend = 1 / sigma**2
    before = torch.where(place == 0, 2 * centre - after - bend, before)
    after = torch.where(place == size - 1, 2 * centre - before - bend, after)
    curve = 2 * centre - before - after
    offset = (after - before) / (2 * curve.clamp(min=1e-6))
    return torch.where(curve > 1e-6, offset, torch.zeros_like(offset)).clamp(-0.5, 0.5)
