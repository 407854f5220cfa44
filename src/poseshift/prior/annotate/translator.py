"""A small network: skeleton image and looks to a picture."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

WIDTHS = (24, 48, 96)  # channels; the side halves with each


class Translator(nn.Module):
    """Paints a skeleton image in the looks of a picture.

    Args:
        bones: Channels of the skeleton image.

    Example:
        >>> Translator(3)(torch.zeros(2, 3, 64, 64), torch.zeros(2, 3, 64, 64)).shape
        torch.Size([2, 3, 64, 64])
    """

    def __init__(self, bones: int) -> None:
        super().__init__()
        self.pose, self.looks = _encoder(bones), _encoder(3)
        self.mixed = _layer(2 * WIDTHS[-1], WIDTHS[-1])
        # What stands still, the background, comes from the picture at every scale.
        self.up = nn.ModuleList(
            _layer(coarse + 2 * fine, fine)
            for coarse, fine in zip(WIDTHS[:0:-1], WIDTHS[-2::-1], strict=True)
        )
        self.out = nn.Conv2d(WIDTHS[0] + bones + 3, 3, 5, padding=2)

    def forward(self, drawn_BCSS: Tensor, looks_BCHW: Tensor) -> Tensor:
        """The picture (B, 3, H, W)."""
        pose, looks = drawn_BCSS, looks_BCHW
        kept: list[Tensor] = []
        for of_pose, of_looks in zip(self.pose, self.looks, strict=True):
            pose, looks = of_pose(pose), of_looks(looks)
            kept.append(torch.cat([pose, looks], 1))
        x = self.mixed(kept[-1])
        for layer, finer in zip(self.up, kept[-2::-1], strict=True):
            x = layer(torch.cat([_doubled(x), finer], 1))
        painted: Tensor = self.out(torch.cat([_doubled(x), drawn_BCSS, looks_BCHW], 1))
        return painted


def _encoder(channels: int) -> nn.ModuleList:
    into = (channels, *WIDTHS[:-1])
    return nn.ModuleList(_layer(a, b, stride=2) for a, b in zip(into, WIDTHS, strict=True))


def _layer(into: int, out: int, stride: int = 1) -> nn.Module:
    conv = nn.Conv2d(into, out, 3, stride, 1, bias=False)
    return nn.Sequential(conv, nn.InstanceNorm2d(out, affine=True), nn.LeakyReLU(0.2))


def _doubled(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="nearest")
