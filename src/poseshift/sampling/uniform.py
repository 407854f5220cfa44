"""Uniform: every sample once an epoch, the default."""

from __future__ import annotations

from typing import Any

from poseshift.data.domain import Indices, LabeledDomain
from poseshift.data.loader import UniformSampler
from poseshift.sampling.base import SAMPLERS, SourceSampler


@SAMPLERS.register("uniform")
class Uniform(SourceSampler):
    """The loader's own sampler."""

    def __init__(self, config: Any, domain: LabeledDomain, steps: int, seed: int) -> None:
        super().__init__(config, domain, steps, seed)
        self._epochs = UniformSampler(self.length, seed)

    def indices(self, step: int, count: int) -> Indices:
        """The ``count`` sample numbers of one step."""
        return self._epochs.indices(step, count)
