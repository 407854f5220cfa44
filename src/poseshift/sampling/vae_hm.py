"""VAE-HM: part of every batch from the hardest bins (hard mining).

How much is not published; the paper's table loses on shoulders and hips, as if easy poses had been
drawn too rarely. Here a half stays uniform over the source and a half comes from the top third.
"""

from __future__ import annotations

import math
from typing import Self

import numpy as np
from pydantic import Field, model_validator

from poseshift.sampling.base import SAMPLERS
from poseshift.sampling.bin_sampler import BinSampler, Doubles, WeighingConfig


class VaeHmConfig(WeighingConfig):
    """The mixture."""

    p: float = Field(0.5, ge=0, le=1, description="share drawn from the hard bins")
    hard: float = Field(1 / 3, gt=0, le=1, description="share of the bins that are hard")

    @model_validator(mode="after")
    def _every_sample_can_come(self) -> Self:
        if self.p == 1 and self.weights == "importance":
            raise ValueError("weights=importance needs p < 1: what is never drawn has no weight")
        return self


def hard_bins(k: int, hard: float) -> int:
    """How many bins are hard: the top third of 25 are the last nine.

    Example:
        >>> hard_bins(25, 1 / 3), hard_bins(3, 1 / 3)
        (9, 1)
    """
    return math.ceil(k * hard - 1e-9)


@SAMPLERS.register("vae-hm")
class VaeHm(BinSampler):
    """Uniform, and uniform over the hard bins, mixed."""

    Config = VaeHmConfig
    config: VaeHmConfig

    def shares(self, step: int) -> Doubles:
        """The same at every step."""
        every_k = self.size_k / self.length
        hard_k = self.size_k * (np.arange(self.config.k) >= self.first_hard)
        return np.asarray((1 - self.config.p) * every_k + self.config.p * hard_k / hard_k.sum())

    @property
    def first_hard(self) -> int:
        """The first of the hard bins."""
        return self.config.k - hard_bins(self.config.k, self.config.hard)
