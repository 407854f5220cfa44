"""LoRA: W + B A on every matrix after the mapping network, B = 0 at first.

Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", ICLR 2022, with alpha = rank.
"""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor

from poseshift.prior.generator import Generator
from poseshift.prior.stylenet import Weights
from poseshift.prior.transfers.base import TRANSFERS, Learned, TransferConfig
from poseshift.prior.transfers.styled import Styled, StyledConfig


class LoraConfig(StyledConfig):
    """Settings of LoRA."""

    rank: int = Field(4, ge=1, le=256, description="of the added matrices")


@TRANSFERS.register("lora")
class Lora(Styled):
    """Low-rank updates."""

    name = "lora"
    Config = LoraConfig

    @classmethod
    def start(
        cls, generator: Generator, config: TransferConfig, rng: torch.Generator
    ) -> dict[str, Tensor]:
        """A random A and B = 0 for each matrix of A_l, V_l, W_l and O."""
        assert isinstance(config, LoraConfig)
        values: dict[str, Tensor] = {}
        for name, weight_OI in generator.weights.items():
            if name.endswith(".weight") and not name.startswith("f."):
                rows, columns = len(weight_OI), weight_OI[0].numel()
                down = torch.randn(config.rank, columns, generator=rng) / columns**0.5
                values |= {f"{name}.down": down, f"{name}.up": torch.zeros(rows, config.rank)}
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
