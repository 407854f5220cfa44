"""Layers that change nothing on the way forward and the gradient on the way back."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class _Scaled(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, factor: float) -> Tensor:
        ctx.factor = factor
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return gradients[0] * ctx.factor, None


def scale_gradient(x: Tensor, factor: float) -> Tensor:
    """The same values; the gradient is multiplied by ``factor``.

    A negative factor is gradient reversal (Ganin & Lempitsky, ICML 2015), a growing positive one
    RegDA's warm start.

    Example:
        >>> x = torch.ones(2, requires_grad=True)
        >>> scale_gradient(3 * x, -0.5).sum().backward()
        >>> x.grad
        tensor([-1.5000, -1.5000])
    """
    scaled: Tensor = _Scaled.apply(x, factor)  # type: ignore[no-untyped-call]
    return scaled
