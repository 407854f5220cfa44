"""Random subset: what ``vae-hm`` does, with as many samples that chance calls hard.

The control arm: the same number of unique images, each repeated as often. What ``vae-hm`` gains
over it comes from *which* samples are drawn more often, and not from drawing some more often.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from pydantic import Field

from poseshift.data.domain import Indices, LabeledDomain
from poseshift.data.draws import mix
from poseshift.sampling.base import SAMPLERS, SamplerConfig, SourceSampler
from poseshift.sampling.bin_sampler import Places, find_rows
from poseshift.sampling.vae_hm import hard_bins


class RandomSubsetConfig(SamplerConfig):
    """The mixture, as for ``vae-hm``."""

    k: int = Field(25, ge=1, description="bins of the sampler it is the control of")
    p: float = Field(0.5, ge=0, le=1, description="share drawn from the subset")
    hard: float = Field(1 / 3, gt=0, le=1, description="size of the subset, in bins as shares of k")


@SAMPLERS.register("random-subset")
class RandomSubset(SourceSampler):
    """Uniform, and uniform over a random subset, mixed."""

    Config = RandomSubsetConfig
    config: RandomSubsetConfig

    def __init__(self, config: Any, domain: LabeledDomain, steps: int, seed: int) -> None:
        super().__init__(config, domain, steps, seed)
        hard = hard_bins(config.k, config.hard)
        others = -(-(config.k - hard) * self.length // config.k)  # as equal-count bins are cut
        self.size_2 = np.array([others, self.length - others])
        self._places = Places(self.length, seed)
        # The subset comes last, as hard bins do.
        self._members_N = np.random.default_rng(mix(seed, self.length)).permutation(self.length)

    def indices(self, step: int, count: int) -> Indices:
        """The ``count`` sample numbers of one step."""
        share_2 = (1 - self.config.p) * self.size_2 / self.length + [0, self.config.p]
        row_B = find_rows(self._places(step, count), share_2, self.size_2)
        return np.asarray(self._members_N[row_B])
