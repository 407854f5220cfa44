"""Shares of bins: the base of samplers that draw more from some bins than from others.

An epoch of the uniform sampler deals out the places 0 .. N-1 of a line in random order. Here the
same places, each moved by a random part of one, find samples on a line where every sample is as
long as its probability. So a sample comes up about as often as it should in *every* epoch and not
only on average, equal shares are the uniform sampler, and all remains a pure function of the step.

Legend: N samples, B of a batch, k bins.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, SerializeAsAny, field_validator

from poseshift.data.domain import Indices, LabeledDomain
from poseshift.data.draws import mix
from poseshift.data.loader import UniformSampler
from poseshift.data.types import Floats
from poseshift.sampling.base import SamplerConfig, SourceSampler
from poseshift.sampling.bins import Kind, open_bins
from poseshift.sampling.scores import SCORES, USUAL, ScoreConfig
from poseshift.settings import own_settings

Doubles = NDArray[np.float64]


class BinSamplerConfig(SamplerConfig):
    """Which bins."""

    usual: ClassVar[str] = USUAL

    k: int = Field(25, ge=1, description="bins")
    score: SerializeAsAny[ScoreConfig] = Field(
        default_factory=ScoreConfig, validate_default=True, description="what bins are made of"
    )

    @field_validator("score", mode="before")
    @classmethod
    def _own_settings(cls, value: Any) -> ScoreConfig:
        """Each score brings its own settings; without a name it is the sampler's usual one."""
        told = {} if type(value) is ScoreConfig else value
        settings: ScoreConfig = own_settings(told, SCORES, cls.usual)
        return settings


class VaeBinsConfig(BinSamplerConfig):
    """Bins of the score the sampler is named after."""

    usual: ClassVar[str] = "vae"


class WeighingConfig(VaeBinsConfig):
    """Bins, and whether what is drawn more often counts less."""

    weights: Literal["none", "importance"] = Field(
        "none", description="importance: the expected loss is that of uniform sampling"
    )


class Places:
    """Places in [0, 1), a pure function of the step: in each epoch one in every N-th part.

    Args:
        length: N.
        seed: Of the sampler.

    Example:
        >>> place = np.concatenate([Places(4, seed=0)(step, 2) for step in range(2)])
        >>> np.floor(4 * np.sort(place)).tolist()
        [0.0, 1.0, 2.0, 3.0]
    """

    def __init__(self, length: int, seed: int) -> None:
        self.length, self.seed = length, seed
        self._epochs = UniformSampler(length, seed)

    def __call__(self, step: int, count: int) -> Doubles:
        """The ``count`` places of one step."""
        move_B = np.random.default_rng(mix(self.seed, step)).random(count)
        return np.asarray((self._epochs.indices(step, count) + move_B) / self.length)


class BinSampler(SourceSampler):
    """Draws bins by their shares, and every sample of a bin alike."""

    kind: ClassVar[Kind] = "count"
    Config = BinSamplerConfig

    def __init__(self, config: Any, domain: LabeledDomain, steps: int, seed: int) -> None:
        super().__init__(config, domain, steps, seed)
        self.bins = open_bins(domain.pack, config.score, config.k, self.kind)
        self.fingerprint = self.bins.fingerprint
        self.size_k = self.bins.size_k
        self._places = Places(self.length, seed)
        self._members_N = np.argsort(self.bins.bin_N, kind="stable")

    @abstractmethod
    def shares(self, step: int) -> Doubles:
        """The share (k,) each bin has in a step; 0 for an empty bin, 1 in all."""

    def indices(self, step: int, count: int) -> Indices:
        """The ``count`` sample numbers of one step."""
        place_B = self._places(step, count)
        return self._members_N[find_rows(place_B, self.shares(step), self.size_k)]

    def weights(self, step: int, index_B: Indices) -> Floats | None:
        """How much rarer uniform sampling would have drawn them, where that is to count."""
        if getattr(self.config, "weights", "none") == "none":
            return None
        bin_B = self.bins.bin_N[index_B]
        factor_B = self.size_k[bin_B] / self.length / self.shares(step)[bin_B]
        return factor_B.astype(np.float32)


def find_rows(place_B: Doubles, share_k: Doubles, size_k: Indices) -> Indices:
    """Rows of a table sorted by bin, at places in [0, 1) of a line where bins have their shares.

    Example:
        >>> place, size = np.array([0.0, 0.2, 0.4, 0.6, 0.8]), np.array([2, 2, 1])
        >>> find_rows(place, np.array([0.4, 0.4, 0.2]), size).tolist()
        [0, 1, 2, 3, 4]
        >>> find_rows(place, np.array([0.0, 0.2, 0.8]), size).tolist()
        [2, 4, 4, 4, 4]
    """
    end_k = np.cumsum(share_k)
    last = int(np.flatnonzero(share_k)[-1])
    bin_B = np.minimum(np.searchsorted(end_k, place_B, side="right"), last)
    within_B = (place_B - (end_k - share_k)[bin_B]) / share_k[bin_B] * size_k[bin_B]
    # A place at the very end of a bin may be rounded out of it.
    row_B = np.clip(np.floor(within_B + 1e-9).astype(np.int64), 0, size_k[bin_B] - 1)
    return np.asarray((np.cumsum(size_k) - size_k)[bin_B] + row_B)
