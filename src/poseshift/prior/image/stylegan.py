"""StyleGAN2, as much of it as skeletons need: latent -> w -> one style a convolution -> picture.

    z --f--> w --A_l--> s_l;  x_0 constant;  x_(l+1) = act(demod(s_l) conv(s_l x_l) + b_l)

Karras et al., "Analyzing and Improving the Image Quality of StyleGAN", CVPR 2020: modulation and
demodulation, the sum of toRGB layers over sizes, weights of unit scale. Left out is what makes
texture, per-pixel noise above all: the styles alone decide the picture. As in the coordinate
network everything is a function of a plain mapping of weights. ``A.l`` are the styles of the
convolutions up to 16 pixels, which place and bend; those of finer ones are ``S.l``, those of toRGB
``R.l``, and nobody's tau touches them.

Legend: B pictures, Z latent, W width of w, I O channels, C channels of the picture.
"""

from __future__ import annotations

import math
from typing import Literal

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor

from poseshift.prior.stylenet import Weights, affine, style
from poseshift.settings import Frozen

COARSE = 16  # pixels up to which a style is a matter of pose, not of stroke
SLOW = 0.01  # rate of the mapping network against the others'
_GAIN = 2**0.5  # of the activation, so that its mean square stays 1

Side = Literal[8, 16, 32, 64, 128]


class ImageNetConfig(Frozen):
    """The shape of generator and critic."""

    side: Side = Field(64, description="pixels of a picture's side")
    latent: int = Field(128, ge=1, le=512, description="numbers a pose is drawn from")
    code: int = Field(128, ge=1, le=1024, description="width of w")
    channels: int = Field(128, ge=8, le=1024, description="at 4 and 8 pixels; half at 16, 32 ...")


def width(config: ImageNetConfig, side: int) -> int:
    """Channels at a size.

    Example:
        >>> [width(ImageNetConfig(), side) for side in (4, 8, 16, 32, 64)]
        [128, 128, 64, 64, 32]
    """
    return max(8, config.channels // (1 if side <= 8 else 2 if side <= 32 else 4))


def sizes(config: ImageNetConfig) -> list[int]:
    """4, 8 ... the side of a picture."""
    return [2**power for power in range(2, int(math.log2(config.side)) + 1)]


def convolutions(config: ImageNetConfig) -> list[tuple[str, int, int, int]]:
    """Name of the style, size, channels before and after: one convolution at 4, then two a size."""
    rows = list[tuple[str, int, int, int]]()
    before = width(config, 4)
    for side in sizes(config):
        for _ in range(1 if side == 4 else 2):
            name = f"{'A' if side <= COARSE else 'S'}.{len(rows)}"
            rows.append((name, side, before, width(config, side)))
            before = width(config, side)
    return rows


def begin(config: ImageNetConfig, channels: int, rng: torch.Generator) -> dict[str, Tensor]:
    """Random weights for pictures of so many channels, all of unit scale but the mapping's."""

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=rng)

    code = config.code
    weights = {"x": normal(width(config, 4), 4, 4)}
    for layer in range(4):
        before = config.latent if layer == 0 else code
        weights[f"f.{layer}.weight"] = normal(code, before) / SLOW
        weights[f"f.{layer}.bias"] = torch.zeros(code)
    for name, _, before, after in convolutions(config):
        place = name.partition(".")[2]
        weights |= {f"{name}.weight": normal(before, code), f"{name}.bias": torch.ones(before)}
        weights[f"C.{place}.weight"] = normal(after, before, 3, 3)
        weights[f"C.{place}.bias"] = torch.zeros(after)
    for side in sizes(config):
        wide = width(config, side)
        weights |= {f"R.{side}.weight": normal(wide, code), f"R.{side}.bias": torch.ones(wide)}
        weights[f"T.{side}.weight"] = normal(channels, wide, 1, 1)
        weights[f"T.{side}.bias"] = torch.zeros(channels)
    return weights


def codes(weights: Weights, z_BZ: Tensor) -> Tensor:
    """The code w (B, W) of latents."""
    w_BW = z_BZ * (z_BZ.square().mean(-1, keepdim=True) + 1e-8).rsqrt()
    for layer in range(4):
        w_BW = active(SLOW * affine(w_BW / w_BW.shape[-1] ** 0.5, weights, f"f.{layer}"))
    return w_BW


def synthesise(weights: Weights, w_BW: Tensor) -> Tensor:
    """Pictures (B, C, side, side), about -1 where there is nothing and 1 on a bone."""
    x_BISS = weights["x"].expand(len(w_BW), -1, -1, -1)
    x_BISS = x_BISS.contiguous(memory_format=torch.channels_last)
    w_BW = w_BW / w_BW.shape[-1] ** 0.5  # what unit weights need to keep unit scale
    picture, layer = None, 0
    while f"C.{layer}.weight" in weights:
        if layer:
            x_BISS = doubled(x_BISS)
        for _ in range(2 if layer else 1):
            x_BISS = active(_styled(x_BISS, weights, w_BW, layer))
            layer += 1
        side = x_BISS.shape[-1]
        share_BI = affine(w_BW, weights, f"R.{side}") / x_BISS.shape[1] ** 0.5
        added = F.conv2d(
            scaled(x_BISS, share_BI), weights[f"T.{side}.weight"], weights[f"T.{side}.bias"]
        )
        picture = added if picture is None else doubled(picture) + added
    assert picture is not None
    return picture.float()


def _styled(x_BISS: Tensor, weights: Weights, w_BW: Tensor, layer: int) -> Tensor:
    """A convolution whose weights each picture scales for itself.

    To scale input channels before and output channels after is the same and needs one kernel.
    """
    coarse = f"A.{layer}.weight" in weights
    style_BI = style(weights, w_BW, layer) if coarse else affine(w_BW, weights, f"S.{layer}")
    kernel_OI33 = weights[f"C.{layer}.weight"]
    power_BO = style_BI.square() @ kernel_OI33.square().sum((2, 3)).T
    y_BOSS = F.conv2d(scaled(x_BISS, style_BI), kernel_OI33, padding=1)
    y_BOSS = scaled(y_BOSS, (power_BO.float() + 1e-8).rsqrt())
    return y_BOSS + weights[f"C.{layer}.bias"][:, None, None].to(y_BOSS)


def scaled(x_BCSS: Tensor, by_BC: Tensor) -> Tensor:
    """Maps times a number a channel, in the precision of the maps, which are most of the work."""
    return x_BCSS * by_BC[..., None, None].to(x_BCSS)


def active(x: Tensor) -> Tensor:
    """Leaky ReLU that keeps the scale."""
    return F.leaky_relu(x, 0.2) * _GAIN


def doubled(x_BCSS: Tensor) -> Tensor:
    """Twice the side."""
    return F.interpolate(x_BCSS, scale_factor=2, mode="bilinear", align_corners=False)
