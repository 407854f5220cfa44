"""Tau: a linear map of each layer's style, folded into the layer that makes the style.

    tau_l(s) = T_l s + b_l;  s = A w + a  ->  (T A) w + (T a + b)

T is diagonal (a scale a channel) or a matrix. As the ablation a hidden layer may stand beside it,
which cannot be folded and stays with the weights.

Legend: R runs (a leading dimension, or none), L layers, S style, W width of w.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import torch
from torch import Tensor

from poseshift.errors import UserError
from poseshift.prior.stylenet import Weights, layer_count

Structure = Literal["diag", "block", "mlp"]
HIDDEN = 32  # of the ablation's hidden layer


def same(
    weights: Weights,
    structure: Structure,
    rng: torch.Generator,
    layers: Sequence[int] | None = None,
) -> dict[str, Tensor]:
    """The tau that changes nothing, of all layers or of some."""
    count, values = layer_count(weights), dict[str, Tensor]()
    if unknown := [layer for layer in layers or () if not 0 <= layer < count]:
        raise UserError(
            f"there is no layer {unknown[0]}", where="layers", fix=f"give some of 0 to {count - 1}"
        )
    for layer in range(count) if layers is None else sorted(set(layers)):
        width = len(weights[f"A.{layer}.bias"])
        tau = {"shift": torch.zeros(width)}
        tau |= (
            {"matrix": torch.eye(width)} if structure == "block" else {"scale": torch.ones(width)}
        )
        if structure == "mlp":
            tau["in.weight"] = torch.randn(HIDDEN, width, generator=rng) / width**0.5
            tau["in.bias"] = torch.zeros(HIDDEN)
            tau["out.weight"] = torch.zeros(width, HIDDEN)
        values |= {f"tau.{layer}.{name}": value for name, value in tau.items()}
    return values


def folded(weights: Weights, values: Mapping[str, Tensor]) -> Weights:
    """The style network whose styles tau has already been applied to."""
    moved = {name: value for name, value in values.items() if ".in." in name or ".out." in name}
    for layer in range(layer_count(weights)):
        of, tau = f"A.{layer}", f"tau.{layer}"
        if f"{tau}.shift" not in values:
            continue
        weight_SW, bias_S = weights[f"{of}.weight"], weights[f"{of}.bias"]
        if f"{tau}.matrix" in values:
            weight_SW = values[f"{tau}.matrix"] @ weight_SW
            bias_S = (values[f"{tau}.matrix"] @ bias_S[..., None])[..., 0]
        else:
            weight_SW = values[f"{tau}.scale"][..., None] * weight_SW
            bias_S = values[f"{tau}.scale"] * bias_S
        moved |= {f"{of}.weight": weight_SW, f"{of}.bias": bias_S + values[f"{tau}.shift"]}
    return {**weights, **moved}


def shrink(values: Mapping[str, Tensor], threshold_R: Tensor) -> None:
    """The proximal step of |T - I|_1 + |b|_1, in place, for each run its own threshold."""
    for name, value in values.items():
        if ".in." not in name:  # moves nothing while the layer after it is 0
            by = threshold_R.view(-1, *[1] * (value.ndim - 1))
            value.copy_(identity(name, value) + soft_threshold(value - identity(name, value), by))


def identity(name: str, value: Tensor) -> Tensor:
    """What a part of tau is where tau changes nothing."""
    if name.endswith("matrix"):
        return torch.eye(value.shape[-1])
    return torch.tensor(1.0 if name.endswith("scale") else 0.0)


def soft_threshold(x: Tensor, threshold: Tensor) -> Tensor:
    """sign(x) max(|x| - t, 0): the proximal step of t |x|, with exact zeros.

    Example:
        >>> soft_threshold(torch.tensor([-2.0, 0.5, 2.0]), torch.tensor(1.0))
        tensor([-1.,  0.,  1.])
    """
    return x.sign() * (x.abs() - threshold).clamp(min=0)
