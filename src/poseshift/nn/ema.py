"""Exponential moving averages of networks."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def ema_decay(decay: float, step: int) -> float:
    """Decay after ``step`` updates: short at first, so that an average forgets its random start.

    Example:
        >>> round(ema_decay(0.99, 0), 3), ema_decay(0.99, 10_000)
        (0.1, 0.99)
    """
    return min(decay, (1 + step) / (10 + step))


@torch.no_grad()
def ema_update(
    average: nn.Module, model: nn.Module, decay: float, *, statistics: bool = True
) -> None:
    """Move an average: decay * average + (1 - decay) * model.

    Batch statistics move with it unless ``statistics`` is false; counters (integer buffers) are
    copied.
    """
    if not statistics:
        parameters = [p.detach() for p in average.parameters()]
        torch._foreach_lerp_(parameters, [p.detach() for p in model.parameters()], 1 - decay)
        return
    mine, theirs = average.state_dict(keep_vars=True), model.state_dict(keep_vars=True)
    floats = [key for key, value in mine.items() if value.is_floating_point()]
    into: list[Tensor] = [mine[key].detach() for key in floats]
    torch._foreach_lerp_(into, [theirs[key].detach() for key in floats], 1 - decay)
    for key in mine.keys() - set(floats):
        mine[key].copy_(theirs[key])
