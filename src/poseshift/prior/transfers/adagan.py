"""AdaGAN, read as scale and shift: each channel's style is rescaled so that codes give the poses.

Noguchi & Harada, "Image Generation From Small Datasets via Batch Statistics Adaptation", ICCV 2019.
Every target pose has a code of its own; scale, shift and codes minimise

    |g(z_i) - x_i|_1 + 0.1 EMD(z, N(0, I)) + 0.02 |scale - 1|^2

with no critic. Here the energy distance stands for the earth mover's, and distances between poses
are those of the other transfers. Which method the FlexPose paper calls AdaGAN is not said there:
this is one reading of it.

Legend: n target poses, B batch, Z latent.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from pydantic import Field
from torch import Tensor

from poseshift.prior.descent import descend
from poseshift.prior.energy import energy_distance
from poseshift.prior.generator import Generator
from poseshift.prior.mixup import mixup
from poseshift.prior.stylenet import Weights
from poseshift.prior.transfers import tau
from poseshift.prior.transfers.base import TRANSFERS, Learned, TransferConfig
from poseshift.prior.transfers.styled import Runs, Styled, StyledConfig


class AdaganConfig(StyledConfig):
    """Settings of AdaGAN."""

    lr: float = Field(1e-2, gt=0, le=1, description="of Adam, falling along half a cosine")
    normal: float = Field(0.3, ge=0, le=100, description="weight of the codes' distance to N(0, I)")
    near: float = Field(0.02, ge=0, le=100, description="weight of scales away from 1")


@TRANSFERS.register("adagan")
class Adagan(Styled):
    """Scale and shift by reconstruction."""

    name = "adagan"
    Config = AdaganConfig

    @classmethod
    def start(
        cls, generator: Generator, config: TransferConfig, rng: torch.Generator
    ) -> dict[str, Tensor]:
        """Scale 1, shift 0."""
        return tau.same(generator.weights, "diag", rng)

    @classmethod
    def adapted(cls, weights: Weights, values: Learned) -> Weights:
        """Scale and shift folded into the style layers."""
        return tau.folded(weights, values)

    @classmethod
    def learn_all(
        cls,
        generator: Generator,
        targets: Sequence[Tensor],
        config: TransferConfig,
        seeds: Sequence[int],
    ) -> list[Learned]:
        """One draw after the other: each has its own number of codes."""
        assert isinstance(config, AdaganConfig)
        runs = zip(targets, seeds, strict=True)
        return [_learn(generator, target, config, seed) for target, seed in runs]


class Mixed:
    """Pose-mixup where every pose has a code: a mixture's code is the mixture of the codes.

    Args:
        count: Target poses.
        chance: Of each to be mixed with another one; 0 leaves them as they are and draws nothing.
        rng: Random numbers.
    """

    def __init__(self, count: int, chance: float, rng: torch.Generator) -> None:
        self.count, self.chance, self.rng = count, chance, rng
        self.other_n, self.share_n = torch.arange(count), torch.ones(count)

    def draw(self) -> None:
        """Partners and shares of a step."""
        if self.chance:
            self.other_n = torch.randint(self.count, (self.count,), generator=self.rng)
            share_n, throw_n = torch.rand(2, self.count, generator=self.rng)
            self.share_n = share_n.where(throw_n < self.chance, 1.0)

    def poses(self, hinge_nD: Tensor, angle_D: Tensor) -> Tensor:
        """Mixtures of poses, hinge by hinge."""
        if not self.chance:
            return hinge_nD
        return mixup(hinge_nD, hinge_nD[self.other_n], self.share_n, angle_D)

    def codes(self, code_nZ: Tensor) -> Tensor:
        """The same mixtures of their codes."""
        if not self.chance:
            return code_nZ
        return torch.lerp(code_nZ[self.other_n], code_nZ, self.share_n[:, None])


def _learn(
    generator: Generator, target_nK2: Tensor, config: AdaganConfig, seed: int
) -> dict[str, Tensor]:
    rng = torch.Generator().manual_seed(seed)
    runs = Runs(generator, [target_nK2], config, [rng])
    start = Adagan.start(generator, config, rng)
    hinge_nD = runs.hinges[0]
    mixed = Mixed(len(hinge_nD), config.mixup, rng)

    def loss(values: Learned, step: int) -> Tensor:
        code_nZ = values["code"]
        mixed.draw()
        weights = Adagan.adapted(generator.weights, values)
        made = torch.cat(generator.look(generator.hinges(mixed.codes(code_nZ), weights)), -1)
        true = torch.cat(generator.look(mixed.poses(hinge_nD, generator.hinge.angle_D)), -1)
        normal = energy_distance([code_nZ], [generator.noise(config.batch, rng)])
        scales = [value for name, value in values.items() if name.endswith("scale")]
        away = torch.stack([(scale - 1).square().mean() for scale in scales]).sum()
        return (made - true).abs().mean() + config.normal * normal + config.near * away

    start["code"] = generator.noise(len(hinge_nD), rng)
    values = descend(start, loss, config.lr, config.steps)
    del values["code"]
    return values
