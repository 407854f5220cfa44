"""Fine-tuning: every weight of the generator may move."""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor

from poseshift.prior.generator import Generator
from poseshift.prior.stylenet import Weights
from poseshift.prior.transfers.base import TRANSFERS, Learned, TransferConfig
from poseshift.prior.transfers.styled import Styled, StyledConfig, movable


class FinetuneConfig(StyledConfig):
    """Settings of fine-tuning."""

    lr: float = Field(1e-4, gt=0, le=1, description="of Adam, falling along half a cosine")


@TRANSFERS.register("finetune")
class Finetune(Styled):
    """All weights."""

    name = "finetune"
    Config = FinetuneConfig

    @classmethod
    def start(
        cls, generator: Generator, config: TransferConfig, rng: torch.Generator
    ) -> dict[str, Tensor]:
        """The weights themselves."""
        return movable(generator.weights)

    @classmethod
    def adapted(cls, weights: Weights, values: Learned) -> Weights:
        """The values in place of the weights."""
        return {**weights, **values}
