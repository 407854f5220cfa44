"""A discriminator that judges every cell of a feature map (Isola et al., CVPR 2017, patch-wise)."""

from __future__ import annotations

from itertools import pairwise

from torch import nn


class CellDiscriminator(nn.Sequential):
    """3x3 convolutions C -> C, C/2, C/2, each LeakyReLU .2, then one logit a cell; no batch norm.

    With the published 256 channels: 256, 128, 128, 1.

    Args:
        channels: Of the features.
    """

    def __init__(self, channels: int) -> None:
        widths = [channels, channels, channels // 2, channels // 2]
        layers: list[nn.Module] = []
        for before, after in pairwise(widths):
            layers += [nn.Conv2d(before, after, 3, padding=1), nn.LeakyReLU(0.2, inplace=True)]
        super().__init__(*layers, nn.Conv2d(widths[-1], 1, 3, padding=1))
