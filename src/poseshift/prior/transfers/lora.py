"""LoRA: W + B A on every matrix after the mapping network, B = 0 at first.

Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", ICLR 2022, with alpha = rank.
"""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor

from poseshift.errors import UserError
from poseshift.prior.generator import Generator
from poseshift.prior.stylenet import Weights
from poseshift.prior.transfers.base import TRANSFERS, Learned, TransferConfig
from poseshift.prior.transfers.styled import Styled, StyledConfig


class LoraConfig(StyledConfig):
    """Settings of LoRA."""

    rank: int = Field(1, ge=1, le=256, description="of the added matrices")
    parts: tuple[str, ...] | None = Field(
        None, description="only matrices whose names begin so (A: styles); left out: all"
    )


@TRANSFERS.register("lora")
class Lora(Styled):
    """Low-rank updates."""

    name = "lora"
    Config = LoraConfig

    @classmethod
    def start(
        cls, generator: Generator, config: TransferConfig, rng: torch.Generator
    ) -> dict[str, Tensor]:
        """A random A and B = 0 for each matrix of A_l, V_l, W_l and O, or for some of them."""
        assert isinstance(config, LoraConfig)
        matrices = {
            name: weight
            for name, weight in generator.weights.items()
            if name.endswith(".weight") and not name.startswith("f.")
        }
        values: dict[str, Tensor] = {}
        for name, weight_OI in matrices.items():
            if config.parts is None or name.startswith(config.parts):
                rows, columns = len(weight_OI), weight_OI[0].numel()
                down = torch.randn(config.rank, columns, generator=rng) / columns**0.5
                values |= {f"{name}.down": down, f"{name}.up": torch.zeros(rows, config.rank)}
        if not values:
            known = sorted({name.partition(".")[0] for name in matrices})
            raise UserError(
                f"no matrix's name begins with {', '.join(config.parts or ())}",
                where="parts",
                fix=f"give some of: {', '.join(known)}",
            )
        return values

    @classmethod
    def adapted(cls, weights: Weights, values: Learned) -> Weights:
        """The products added to the matrices."""
        names = {name.removesuffix(".up") for name in values if name.endswith(".up")}
        moved = {}
        for name in names:
            added = values[f"{name}.up"] @ values[f"{name}.down"]
            # A kernel is a matrix too, of outputs by all that an output looks at.
            moved[name] = weights[name] + added.reshape(*added.shape[:-1], *weights[name].shape[1:])
        return {**weights, **moved}
