"""Source: no transfer; the row everything is compared with."""

from __future__ import annotations

import torch
from torch import Tensor

from poseshift.prior.generator import Generator
from poseshift.prior.transfers.base import TRANSFERS, Learned, OneByOne, TransferConfig


@TRANSFERS.register("source")
class Source(OneByOne):
    """The generator as it is."""

    name = "source"

    @classmethod
    def learn(
        cls, generator: Generator, target_nK2: Tensor, config: TransferConfig, seed: int
    ) -> Learned:
        """Nothing."""
        return {}

    def draw(self, count: int, rng: torch.Generator) -> Tensor:
        """Poses of the source."""
        return self.generator.place(self.generator.hinges(self.generator.noise(count, rng)))
