"""Styles at random: how often and how strongly one domain's images take the other's look."""

from __future__ import annotations

import torch
from torch import Tensor

from poseshift.data.draws import Draws
from poseshift.nn.style import Style


def restyled(
    style: Style, content_BCHW: Tensor, style_BCHW: Tensor, draws: Draws, chance: float
) -> Tensor:
    """With a chance, thrown once a micro-batch, the content in the style by an amount a ~ U(0, 1).

    Pairs are by place in the batch; amount 1 is the style alone.
    """
    coin, amount = draws.once(), draws.once()
    if coin >= chance:
        return content_BCHW
    amount_B = torch.full((len(content_BCHW),), amount, device=content_BCHW.device)
    styled_BCHW: Tensor = style(content_BCHW, style_BCHW, amount_B)
    return styled_BCHW
