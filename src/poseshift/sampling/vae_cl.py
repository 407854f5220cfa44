"""VAE-CL: easy bins first, further ones as the run goes on (curriculum).

The schedule is not published. Here a fifth of the bins is there at the beginning and all are at
60 % of the run, pre-training included; what is there is drawn alike.
"""

from __future__ import annotations

import math

import numpy as np
from pydantic import Field

from poseshift.sampling.base import SAMPLERS
from poseshift.sampling.bin_sampler import BinSampler, Doubles, VaeBinsConfig


class VaeClConfig(VaeBinsConfig):
    """The pace."""

    first: float = Field(0.2, gt=0, le=1, description="share of the bins at the beginning")
    until: float = Field(0.6, gt=0, le=1, description="share of the run after which all are there")


def available(step: int, steps: int, config: VaeClConfig) -> int:
    """How many bins there are at a step.

    Example:
        >>> config = VaeClConfig(name="vae-cl")
        >>> [available(step, 1000, config) for step in (0, 300, 599, 600, 999)]
        [5, 15, 25, 25, 25]
    """
    pace = config.first + (1 - config.first) * step / (config.until * steps)
    return math.ceil(config.k * min(1.0, pace) - 1e-9)


@SAMPLERS.register("vae-cl")
class VaeCl(BinSampler):
    """Uniform over the bins that are there."""

    Config = VaeClConfig
    config: VaeClConfig

    def shares(self, step: int) -> Doubles:
        """Bins of equal count, so bins alike is samples alike."""
        there_k = np.arange(self.config.k) < available(step, self.steps, self.config)
        weight_k = self.size_k * there_k
        return np.asarray(weight_k / weight_k.sum())
