"""The one loop everything here is trained by: Adam on a mapping of tensors, runs side by side.

Legend: R independent runs, a leading dimension of every value and of the loss, or none.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import torch
from torch import Tensor

Values = Mapping[str, Tensor]
WARM_UP = 50  # steps at the beginning with a rising rate
BETAS = (0.9, 0.99)


def descend(
    start: Values,
    loss: Callable[[Values, int], Tensor],
    lr: float,
    steps: int,
    *,
    betas: tuple[float, float] = BETAS,
    shrink: Callable[[Values, float], None] | None = None,
    report: Callable[[int, float], None] | None = None,
) -> dict[str, Tensor]:
    """Minimise a loss.

    Adam scales every number by itself, so runs in one batch do not feel each other: the sum of
    their losses has the gradients of each.

    Args:
        start: Where the values begin; they are not changed.
        loss: Of values at a step; one number, or one a run.
        lr: The rate, rising over some first steps and falling along half a cosine.
        steps: Updates.
        betas: Of Adam.
        shrink: Applied in place after every update, told the rate of the step.
        report: Called with the step and the mean loss, now and then.

    Example:
        >>> low = descend({"x": torch.tensor(3.0)}, lambda v, _: (v["x"] - 1) ** 2, 0.1, 300)
        >>> round(float(low["x"]), 2)
        1.0
    """
    values = {name: value.detach().clone().requires_grad_() for name, value in start.items()}
    adam = torch.optim.Adam(list(values.values()), lr=lr, betas=betas, foreach=True)
    for step in range(steps):
        rate = lr * min(1, (step + 1) / WARM_UP) * (1 + math.cos(math.pi * step / steps)) / 2
        for group in adam.param_groups:
            group["lr"] = rate
        adam.zero_grad()
        found = loss(values, step)
        torch.autograd.backward(found.sum())
        adam.step()
        if shrink is not None:
            with torch.no_grad():
                shrink(values, rate)
        if report is not None and (step + 1) % 50 == 0:
            report(step + 1, float(found.detach().mean()))
    return {name: value.detach() for name, value in values.items()}
