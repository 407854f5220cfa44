"""Distances between two samples of points, a few rows at a time: memory stays flat."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

_BLOCK = 4_000_000  # distances in memory at a time


def distance_blocks(x_MD: Tensor, y_ND: Tensor) -> Iterator[Tensor]:
    """Distances of the points of one sample to all points of another, some rows at a time.

    Example:
        >>> x = torch.tensor([[0.0], [1.0]])
        >>> [block.tolist() for block in distance_blocks(x, x + 2)]
        [[[2.0, 3.0], [1.0, 2.0]]]
    """
    rows = max(1, _BLOCK // max(1, len(y_ND)))
    for start in range(0, len(x_MD), rows):
        yield torch.cdist(x_MD[start : start + rows], y_ND)
