"""Styles at random: how often and how strongly one domain's images take the other's look."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from poseshift.data.draws import Draws
from poseshift.nn.style import Style


class Side(NamedTuple):
    """Images that may be painted, their random numbers, and the chance of it."""

    image_BCHW: Tensor
    draws: Draws
    chance: float


def restyled(
    style: Style, content_BCHW: Tensor, style_BCHW: Tensor, draws: Draws, chance: float
) -> Tensor:
    """With a chance, thrown once a micro-batch, the content in the style by an amount a ~ U(0, 1).

    Pairs are by place in the batch; amount 1 is the style alone.
    """
    amount_B = drawn_amount(content_BCHW, draws, chance)
    if amount_B is None:
        return content_BCHW
    styled_BCHW: Tensor = style(content_BCHW, style_BCHW, amount_B)
    return styled_BCHW


def exchanged(style: Style, one: Side, other: Side) -> tuple[Tensor, Tensor]:
    """Either side, with a chance of its own, in the style of the other; see :func:`restyled`."""
    amount_B, other_amount_B = (drawn_amount(*side) for side in (one, other))
    if amount_B is not None and other_amount_B is not None:
        return style.both(one.image_BCHW, other.image_BCHW, amount_B, other_amount_B)
    first, second = one.image_BCHW, other.image_BCHW
    if amount_B is not None:
        first = style(first, second, amount_B)
    elif other_amount_B is not None:
        second = style(second, first, other_amount_B)
    return first, second


def drawn_amount(image_BCHW: Tensor, draws: Draws, chance: float) -> Tensor | None:
    """How much of the style each image takes; ``None`` for not at all."""
    coin, amount = draws.once(), draws.once()
    if coin >= chance:
        return None
    return torch.full((len(image_BCHW),), amount, device=image_BCHW.device)
