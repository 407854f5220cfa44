"""A domain whose batches carry the weights its sampler gives to what it drew."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from poseshift.data.domain import Domain, Indices
from poseshift.data.draws import Draws
from poseshift.data.types import Bytes, LabeledBatch
from poseshift.sampling.base import SourceSampler


class WeightedDomain:
    """The source, weighed.

    Args:
        domain: The source, or the source with frames of the target behind it: those weigh 1.
        sampler: Of the source.
    """

    def __init__(self, domain: Domain[LabeledBatch], sampler: SourceSampler) -> None:
        self.domain, self.sampler, self.crops = domain, sampler, domain.crops

    def __len__(self) -> int:
        return len(self.domain)

    def batch(self, index_B: Indices, crop_BHWC: Bytes, draws: Draws) -> LabeledBatch:
        """A batch of the domain, with the weights of this step if there are any."""
        batch = self.domain.batch(index_B, crop_BHWC, draws)
        own_B = index_B < self.sampler.length
        weight_b = self.sampler.weights(draws.step, index_B[own_B])
        if weight_b is None:
            return batch
        weight_B = np.ones(len(index_B), np.float32)
        weight_B[own_B] = weight_b
        return replace(batch, weight_B=torch.from_numpy(weight_B).to(draws.device))
