"""The style network: latent -> w -> one style a layer -> hinge coordinates.

    z --f--> w --A_l--> s_l          f: two layers; A_l: affine, a scale and a shift a channel
    h_0 constant;  h_(l+1) = h_l + W_l silu(scale_l * (V_l n(h_l)) + shift_l)
    u = mean + sd * (O n(h_L))

The styles alone decide the pose, as in StyleGAN without noise. Everything is a function of a plain
mapping of weights, and every weight may carry a leading dimension of R independent runs, so twenty
adaptations are one batched product.

Legend: R runs, B poses, Z latent, W width of w, H channels, S = 2 H style, D hinge coordinates.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor

from poseshift.settings import Frozen

Weights = Mapping[str, Tensor]


class NetConfig(Frozen):
    """The style network's shape."""

    latent: int = Field(32, ge=1, le=512, description="numbers a pose is drawn from")
    code: int = Field(64, ge=1, le=1024, description="width of w")
    channels: int = Field(96, ge=1, le=1024, description="channels of a layer")
    layers: int = Field(4, ge=1, le=32, description="modulated residual layers")


def begin(
    config: NetConfig, mean_D: Tensor, sd_D: Tensor, rng: torch.Generator
) -> dict[str, Tensor]:
    """Random weights; the last layer is small, so that the first poses are near the mean."""

    def normal(rows: int, columns: int, gain: float = 1.0) -> Tensor:
        return torch.randn(rows, columns, generator=rng) * (gain / math.sqrt(columns))

    code, wide = config.code, config.channels
    weights = {
        "f.0.weight": normal(code, config.latent),
        "f.0.bias": torch.zeros(code),
        "f.1.weight": normal(code, code),
        "f.1.bias": torch.zeros(code),
        "h": torch.randn(wide, generator=rng),
    }
    for layer in range(config.layers):
        weights |= {
            f"A.{layer}.weight": normal(2 * wide, code),
            f"A.{layer}.bias": torch.cat([torch.ones(wide), torch.zeros(wide)]),
            f"V.{layer}.weight": normal(wide, wide),
            f"W.{layer}.weight": normal(wide, wide, gain=config.layers**-0.5),
        }
    weights |= {"O.weight": normal(len(mean_D), wide, gain=0.3), "O.bias": torch.zeros(len(mean_D))}
    return weights | {"mean": mean_D, "sd": sd_D}


def layer_count(weights: Weights) -> int:
    """Modulated layers in a mapping of weights."""
    return sum(name.startswith("A.") and name.endswith(".weight") for name in weights)


def styles(weights: Weights, z_BZ: Tensor) -> list[Tensor]:
    """The style (B, S) of every layer: the transformation part of a pose."""
    w_BW = z_BZ
    for layer in ("f.0", "f.1"):
        w_BW = F.silu(affine(w_BW, weights, layer))
    return [style(weights, w_BW, layer) for layer in range(layer_count(weights))]


def style(weights: Weights, w_BW: Tensor, layer: int) -> Tensor:
    """The style (B, S) of one layer; a hidden layer of an adaptation adds to it, where one is."""
    style_BS = affine(w_BW, weights, f"A.{layer}")
    if f"tau.{layer}.in.weight" in weights:
        hidden_BH = F.silu(affine(style_BS, weights, f"tau.{layer}.in"))
        style_BS = style_BS + affine(hidden_BH, weights, f"tau.{layer}.out")
    return style_BS


def synthesise(weights: Weights, style_LBS: Sequence[Tensor]) -> Tensor:
    """Hinge coordinates (B, D) of styles."""
    h_BH = weights["h"][..., None, :]
    for layer, style_BS in enumerate(style_LBS):
        scale_BH, shift_BH = style_BS.chunk(2, -1)
        inner_BH = F.silu(scale_BH * affine(even(h_BH), weights, f"V.{layer}") + shift_BH)
        h_BH = h_BH + affine(inner_BH, weights, f"W.{layer}")
    u_BD = affine(even(h_BH), weights, "O")
    return weights["mean"][..., None, :] + weights["sd"][..., None, :] * u_BD


def even(h_BH: Tensor) -> Tensor:
    """Channels of mean square 1, which keeps every pose of any style within reach.

    Example:
        >>> even(torch.tensor([[3.0, 4.0]])).square().mean().round(decimals=3)
        tensor(1.)
    """
    return h_BH * (h_BH.square().mean(-1, keepdim=True) + 1e-6).rsqrt()


def affine(x_BI: Tensor, weights: Weights, name: str) -> Tensor:
    """X W' + b by name; b may be absent, both may have a leading dimension of runs."""
    weight_OI, bias_O = weights[f"{name}.weight"], weights.get(f"{name}.bias")
    y_BO = x_BI @ weight_OI.mT
    return y_BO if bias_O is None else y_BO + bias_O[..., None, :]
