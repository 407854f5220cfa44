"""VAE-balanced: bins of equal *width* in log score, drawn alike.

The paper's hypothesis of uniform support in its simplest form; over bins of equal count this would
be plain uniform sampling. A small bin is drawn so that no sample comes up more than ten times as
often as uniform sampling would bring it.
"""

from __future__ import annotations

import numpy as np
from pydantic import Field

from poseshift.sampling.base import SAMPLERS
from poseshift.sampling.bin_sampler import BinSampler, Doubles, WeighingConfig


class VaeBalancedConfig(WeighingConfig):
    """The cap."""

    repeats: float = Field(10.0, ge=1, description="most times a sample may come up in an epoch")


def balanced(size_k: Doubles, repeats: float) -> Doubles:
    """Equal shares, but none above ``repeats`` times the bin's own; what is cut goes to the others.

    Example:
        >>> balanced(np.array([98.0, 0.0, 2.0]), repeats=10).round(3).tolist()
        [0.8, 0.0, 0.2]
        >>> balanced(np.array([80.0, 0.0, 20.0]), repeats=10).tolist()
        [0.5, 0.0, 0.5]
    """
    cap_k = np.minimum(1.0, repeats * size_k / size_k.sum())
    share_k = np.zeros(len(size_k))
    open_k = size_k > 0
    while open_k.any():
        level = (1 - share_k[~open_k].sum()) / open_k.sum()
        full_k = open_k & (cap_k <= level)
        if not full_k.any():
            share_k[open_k] = level
            break
        share_k[full_k] = cap_k[full_k]
        open_k &= ~full_k
    return np.asarray(share_k / share_k.sum())


@SAMPLERS.register("vae-balanced")
class VaeBalanced(BinSampler):
    """Uniform over bins."""

    kind = "width"
    Config = VaeBalancedConfig
    config: VaeBalancedConfig

    def shares(self, step: int) -> Doubles:
        """The same at every step."""
        return balanced(self.size_k.astype(np.float64), self.config.repeats)
