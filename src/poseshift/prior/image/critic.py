"""The critic of skeleton images: residual blocks from the full size down to 4 pixels.

StyleGAN2's, with the spread of a batch as one more map, so that a generator that draws one pose is
found out. Weights have unit scale and are divided as they are used.

Legend: B pictures, C channels of a picture.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from poseshift.prior.image.stylegan import COARSE, ImageNetConfig, active, sizes, width
from poseshift.prior.stylenet import Weights, affine

GROUP = 4  # pictures whose spread is told; of more, a lone copy would hide


def begin_critic(config: ImageNetConfig, channels: int, rng: torch.Generator) -> dict[str, Tensor]:
    """Random weights for pictures of so many channels."""

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=rng)

    weights: dict[str, Tensor] = {}

    def layer(name: str, after: int, *before: int, bias: bool = True) -> None:
        weights[f"{name}.weight"] = normal(after, *before)
        if bias:
            weights[f"{name}.bias"] = torch.zeros(after)

    wide = width(config, config.side)
    layer(f"in.{config.side}", wide, channels, 1, 1)
    for side in reversed(sizes(config)[1:]):
        before, after = width(config, side), width(config, side // 2)
        layer(f"{side}.0", before, before, 3, 3)
        layer(f"{side}.1", after, before, 3, 3)
        layer(f"{side}.skip", after, before, 1, 1, bias=False)
    wide = width(config, 4)
    layer("4.conv", wide, wide + 1, 3, 3)
    layer("4.flat", wide, wide * 16)
    layer("4.out", 1, wide)
    return weights


def judged(weights: Weights, picture_BCSS: Tensor) -> Tensor:
    """Logits (B,): positive for what looks true."""
    side = picture_BCSS.shape[-1]
    x = picture_BCSS.contiguous(memory_format=torch.channels_last)
    x = active(_conv(weights, f"in.{side}", x))
    while side > 4:
        inner = active(_conv(weights, f"{side}.0", x))
        inner = F.avg_pool2d(active(_conv(weights, f"{side}.1", inner)), 2)
        x = (inner + _conv(weights, f"{side}.skip", F.avg_pool2d(x, 2))) / 2**0.5
        side //= 2
    x = torch.cat([x, batch_spread(x)], 1)
    x = active(_conv(weights, "4.conv", x)).flatten(1)
    x = active(affine(x / x.shape[1] ** 0.5, weights, "4.flat"))
    return affine(x / x.shape[1] ** 0.5, weights, "4.out")[:, 0].float()


def batch_spread(x_BCSS: Tensor) -> Tensor:
    """One map a picture: how much the pictures of its group differ.

    Example:
        >>> batch_spread(torch.ones(8, 3, 4, 4)).amax() < 1e-3
        tensor(True)
    """
    groups = -(-len(x_BCSS) // GROUP)
    count = len(x_BCSS)
    member_B = torch.arange(count, device=x_BCSS.device) % groups
    pick_GB = F.one_hot(member_B, groups).T.to(x_BCSS)
    pick_GB = pick_GB / pick_GB.sum(1, keepdim=True)
    flat_BF = x_BCSS.flatten(1).float()
    mean_GF = pick_GB @ flat_BF
    square_GF = pick_GB @ (flat_BF - mean_GF[member_B]).square()
    spread_G = (square_GF + 1e-8).sqrt().mean(1)
    return spread_G[member_B].to(x_BCSS).reshape(-1, 1, 1, 1).expand(-1, 1, *x_BCSS.shape[2:])


def head(weights: Weights) -> dict[str, Tensor]:
    """The blocks from 16 pixels down: what FreezeD trains, the others see strokes."""
    return {
        name: value
        for name, value in weights.items()
        if not name.startswith("in.") and int(name.partition(".")[0]) <= COARSE
    }


def _conv(weights: Weights, name: str, x_BISS: Tensor) -> Tensor:
    kernel = weights[f"{name}.weight"]
    return F.conv2d(
        x_BISS / kernel[0].numel() ** 0.5,
        kernel,
        weights.get(f"{name}.bias"),
        padding=kernel.shape[-1] // 2,
    )
