"""What a sampler of the source is: sample numbers as a pure function of the step.

So a resumed run sees what it would have seen, and several processes what one would. To add one,
copy ``vae_hm.py``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from poseshift.data.domain import Indices, LabeledDomain
from poseshift.data.types import Floats
from poseshift.registry import Registry
from poseshift.sampling import NAMES
from poseshift.settings import Frozen

if TYPE_CHECKING:
    from poseshift.predict import Predictions


class SamplerConfig(Frozen):
    """Settings every sampler has."""

    name: str = "uniform"


class SourceSampler(ABC):
    """Base of all samplers of the source.

    Args:
        config: Its settings.
        domain: The source.
        steps: Of the run.
        seed: Keeps runs, and source and target, apart.

    Attributes:
        fingerprint: Of the bins it goes by, empty without any.
        refreshes: Steps before which it wants to see predictions on the target; only methods with
            an unlabelled target have any.
    """

    Config: ClassVar[type[SamplerConfig]] = SamplerConfig
    sees_target: ClassVar[bool] = False
    fingerprint: str = ""
    refreshes: tuple[int, ...] = ()

    def __init__(self, config: Any, domain: LabeledDomain, steps: int, seed: int) -> None:
        self.config, self.steps, self.seed = config, steps, seed
        self.length = len(domain)

    @abstractmethod
    def indices(self, step: int, count: int) -> Indices:
        """The ``count`` sample numbers of one step."""

    def weights(self, step: int, index_B: Indices) -> Floats | None:
        """Factors on the losses of samples drawn at a step; ``None`` where all are 1."""
        return None

    def look(self, predictions: Predictions) -> None:  # noqa: B027 - most have nothing to see
        """See what is predicted on the target; asked for by ``refreshes``."""

    def state(self) -> dict[str, Any]:
        """What it saw, for the run's resumable state; the rest follows from the step."""
        return {}

    def restore(self, state: dict[str, Any]) -> None:  # noqa: B027 - most have no state
        """Go on from :meth:`state`."""


SAMPLERS: Registry[type[SourceSampler]] = Registry(
    "samplers", {name: f"poseshift.sampling.{name.replace('-', '_')}" for name in NAMES}
)


def build_sampler(
    config: SamplerConfig, domain: LabeledDomain, steps: int, seed: int
) -> SourceSampler:
    """The sampler a run asks for; bins it needs are made if they are not there yet."""
    return SAMPLERS[config.name](config, domain, steps, seed)
