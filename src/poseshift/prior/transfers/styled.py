"""Transfers that move weights of the style network: fine-tuning, low rank, scale and shift, tau.

All share this loop, its data and its budget, and differ in what they may move: they ``start`` from
the source and say what weights their values stand for (``adapted``). The loss is the energy
distance between generated poses and the target's, of which a share is mixed by pose-mixup; FreezeD
and AdaGAN bring losses of their own.

Legend: R runs side by side, B poses a batch, n target poses, D hinge coordinates.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor

from poseshift.prior.descent import descend
from poseshift.prior.energy import energy_distance
from poseshift.prior.generator import FIXED, Generator
from poseshift.prior.mixup import draw_mixed
from poseshift.prior.stylenet import Weights
from poseshift.prior.transfers.base import Learned, Transfer, TransferConfig

SIDE_BY_SIDE = 24  # runs at a time: more do not go faster and need memory


class StyledConfig(TransferConfig):
    """Settings of all transfers that train."""

    steps: int = Field(400, ge=1, le=100_000, description="updates")
    batch: int = Field(128, ge=8, le=4096, description="generated poses in an update")
    real: int = Field(64, ge=2, le=4096, description="target poses in an update")
    lr: float = Field(2e-3, gt=0, le=1, description="of Adam, falling along half a cosine")
    mixup: float = Field(0.0, ge=0, le=1, description="share of target poses that are mixtures")


class Styled(Transfer):
    """A style network with moved weights."""

    Config: ClassVar[type[TransferConfig]] = StyledConfig
    config: StyledConfig

    @classmethod
    @abstractmethod
    def start(
        cls, generator: Generator, config: TransferConfig, rng: torch.Generator
    ) -> dict[str, Tensor]:
        """The values of a run, standing for the source's own weights."""

    @classmethod
    @abstractmethod
    def adapted(cls, weights: Weights, values: Learned) -> Weights:
        """The style network that values stand for; both may have a leading dimension of runs."""

    @classmethod
    def shrink(cls, values: Learned, threshold_R: Tensor) -> None:
        """Move values a step towards the source, in place; nothing unless a transfer says so."""

    @classmethod
    def learn_all(
        cls,
        generator: Generator,
        targets: Sequence[Tensor],
        config: TransferConfig,
        seeds: Sequence[int],
    ) -> list[Learned]:
        """Learn from all draws, several side by side."""
        return cls.train(generator, targets, config, seeds, [0.0] * len(targets))

    @classmethod
    def train(
        cls,
        generator: Generator,
        targets: Sequence[Tensor],
        config: TransferConfig,
        seeds: Sequence[int],
        sparse: Sequence[float],
    ) -> list[Learned]:
        """Learn from all draws; ``sparse`` is the strength of ``shrink`` in each run."""
        assert isinstance(config, StyledConfig)
        learned: list[Learned] = []
        for first in range(0, len(targets), SIDE_BY_SIDE):
            some = slice(first, first + SIDE_BY_SIDE)
            rngs = [torch.Generator().manual_seed(seed) for seed in seeds[some]]
            runs = Runs(generator, targets[some], config, rngs)
            start = stacked([cls.start(generator, config, rng) for rng in rngs])
            values = cls.descend(runs, start, torch.tensor(sparse[some]))
            learned += [{k: v[run].clone() for k, v in values.items()} for run in range(len(rngs))]
        return learned

    @classmethod
    def descend(cls, runs: Runs, start: Learned, sparse_R: Tensor) -> dict[str, Tensor]:
        """Minimise the energy distance to the target."""

        def loss(values: Learned, step: int) -> Tensor:
            z_RBZ, real_RBD = runs.batch()
            false_RBD = runs.generator.hinges(z_RBZ, cls.adapted(runs.generator.weights, values))
            return energy_distance(runs.generator.look(false_RBD), runs.generator.look(real_RBD))

        def shrink(values: Learned, rate: float) -> None:
            cls.shrink(values, rate * sparse_R)

        return descend(start, loss, runs.config.lr, runs.config.steps, shrink=shrink)

    def draw(self, count: int, rng: torch.Generator) -> Tensor:
        """Poses of the adapted network."""
        weights = self.adapted(self.generator.weights, self.learned)
        return self._drawn(weights, count, rng)

    @torch.no_grad()
    def part_way(self, share: float, count: int, seed: int) -> Tensor | None:
        """Poses of weights a share of the way from the source's, of tau from the identity.

        The same poses for every share; ``None`` where poses cannot be followed.
        """
        begin = self.generator.weights
        weights = {
            name: torch.lerp(begin.get(name, torch.zeros_like(end)), end, share)
            for name, end in self.adapted(begin, self.learned).items()
        }
        return self._drawn(weights, count, torch.Generator().manual_seed(seed))

    def _drawn(self, weights: Weights, count: int, rng: torch.Generator) -> Tensor:
        generator = self.generator
        return generator.place(generator.hinges(generator.noise(count, rng), weights))


class Runs:
    """The batches of several runs; each has random numbers of its own, whoever runs beside it.

    Args:
        generator: Of the source's poses.
        targets: Target poses (n, K, 2) of each run.
        config: Sizes of the batches and the share of mixtures.
        rngs: Random numbers of each run.
    """

    def __init__(
        self,
        generator: Generator,
        targets: Sequence[Tensor],
        config: StyledConfig,
        rngs: Sequence[torch.Generator],
    ) -> None:
        self.generator, self.config, self.rngs = generator, config, rngs
        self.hinges = [generator.hinge.split(target) for target in targets]

    def batch(self) -> tuple[Tensor, Tensor]:
        """Latents (R, B, Z) and target poses (R, B, D) of a step."""
        config, angle_D = self.config, self.generator.hinge.angle_D
        z = [self.generator.noise(config.batch, rng) for rng in self.rngs]
        real = [
            draw_mixed(hinge_nD, config.real, config.mixup, angle_D, rng)
            for hinge_nD, rng in zip(self.hinges, self.rngs, strict=True)
        ]
        return torch.stack(z), torch.stack(real)


def stacked(values: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """Mappings of tensors as one, with a leading dimension of runs.

    Example:
        >>> stacked([{"a": torch.tensor(1.0)}, {"a": torch.tensor(2.0)}])
        {'a': tensor([1., 2.])}
    """
    return {name: torch.stack([one[name] for one in values]) for name in values[0]}


def movable(weights: Weights) -> dict[str, Tensor]:
    """The weights that were learned."""
    return {name: value for name, value in weights.items() if name not in FIXED}
