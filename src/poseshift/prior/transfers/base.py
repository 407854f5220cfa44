"""What a transfer is: a generator, a handful of target poses, and samples like the target.

To add one, copy ``coral.py``: what is ``learned`` from the target is a mapping of tensors, ``draw``
samples with it. Fitting many draws of target poses at once is part of the contract, so that a table
of forty fits costs little more than one.

Legend: N samples, n target poses, K joints, D hinge coordinates.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar, Self

import torch
from torch import Tensor

from poseshift.errors import BadInput
from poseshift.prior.generator import Generator, in_chunks
from poseshift.prior.poses import PoseSet, normalised
from poseshift.registry import Registry
from poseshift.settings import Frozen

FEWEST = 5  # target poses: as many as there are folds to choose by

Learned = Mapping[str, Tensor]


class TransferConfig(Frozen):
    """Settings of a transfer; this one has none."""


class Transfer(ABC):
    """Samples like the target.

    Args:
        generator: Of the source's poses.
        target: A few poses of the target; those with a joint missing are left out.
        config: The transfer's settings.
        seed: Of all random numbers.

    Attributes:
        learned: All that was learned from the target, and all that is saved.
    """

    name: ClassVar[str]
    Config: ClassVar[type[TransferConfig]] = TransferConfig

    def __init__(
        self,
        generator: Generator,
        target: PoseSet,
        config: TransferConfig | None = None,
        seed: int = 0,
    ) -> None:
        self._keep(generator, config or self.Config())
        self.learned = self.learn_all(generator, [few(target, generator)], self.config, [seed])[0]

    def _keep(self, generator: Generator, config: TransferConfig) -> None:
        self.generator, self.config = generator, config

    @classmethod
    def many(
        cls,
        generator: Generator,
        targets: Sequence[PoseSet],
        config: TransferConfig | None = None,
        seeds: Sequence[int] | None = None,
    ) -> list[Self]:
        """One transfer for each draw of target poses, fitted side by side."""
        config, seeds = config or cls.Config(), list(seeds or range(len(targets)))
        points = [few(target, generator) for target in targets]
        learned = cls.learn_all(generator, points, config, seeds)
        return [cls.revive(generator, one, config) for one in learned]

    @classmethod
    def revive(cls, generator: Generator, learned: Learned, config: TransferConfig) -> Self:
        """A transfer whose ``learned`` was kept."""
        made = cls.__new__(cls)
        made._keep(generator, config)
        made.learned = dict(learned)
        return made

    @classmethod
    @abstractmethod
    def learn_all(
        cls,
        generator: Generator,
        targets: Sequence[Tensor],
        config: TransferConfig,
        seeds: Sequence[int],
    ) -> list[Learned]:
        """Learn from each of several draws of target poses (n, K, 2); n may differ."""

    @abstractmethod
    def draw(self, count: int, rng: torch.Generator) -> Tensor:
        """Poses (N, K, 2) of about unit size."""

    @torch.no_grad()
    def sample(self, n: int, seed: int) -> Tensor:
        """Poses (N, K, 2) like the target's, centred and of unit size; the same for a seed."""
        rng = torch.Generator().manual_seed(seed)
        return in_chunks(lambda count: normalised(self.draw(count, rng))[0], n)


class OneByOne(Transfer):
    """A transfer that learns so fast that there is nothing to do side by side."""

    @classmethod
    def learn_all(
        cls,
        generator: Generator,
        targets: Sequence[Tensor],
        config: TransferConfig,
        seeds: Sequence[int],
    ) -> list[Learned]:
        """Learn from one draw after the other."""
        runs = zip(targets, seeds, strict=True)
        return [cls.learn(generator, target, config, seed) for target, seed in runs]

    @classmethod
    @abstractmethod
    def learn(
        cls, generator: Generator, target_nK2: Tensor, config: TransferConfig, seed: int
    ) -> Learned:
        """Learn from target poses (n, K, 2)."""


def few(target: PoseSet, generator: Generator) -> Tensor:
    """The target's whole poses, checked against what the generator knows and a transfer needs."""
    if target.skeleton.keypoints != generator.skeleton.keypoints:
        raise BadInput(
            f"its poses are of skeleton {target.skeleton.name}, "
            f"the prior's of {generator.skeleton.name}",
            where=target.name,
            fix=f"map them to {generator.skeleton.name}, or fit a prior of their skeleton",
        )
    whole = target.whole()
    if len(whole) < FEWEST:
        raise BadInput(
            f"{len(whole)} of {len(target)} poses have all joints, adapting needs {FEWEST}",
            where=target.name,
            fix=f"give at least {FEWEST} whole poses of the target",
        )
    return generator.hinge.opened(whole.points_NK2)


TRANSFERS: Registry[type[Transfer]] = Registry(
    "transfers",
    {
        name: f"poseshift.prior.transfers.{name}"
        for name in (
            "source", "finetune", "freezed", "adagan", "lora", "flexpose", "hinge_map", "tilt",
            "resample", "kde", "coral", "echo", "chorus",
        )
    },
)  # fmt: skip
