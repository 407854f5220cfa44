"""Transfers of a generator of skeleton images: the coordinate ones, taught by a critic.

What each may move, and how tau, its proximal step and pose-mixup work, is inherited; here are the
loop and the loss. Every transfer starts from the source's generator and the source's critic, sees
target poses mixed hinge by hinge and then drawn, both kinds of picture nudged by 3 % of the side,
and trains the critic's blocks from 16 pixels down alone (FreezeD's finding); only ``finetune``
trains all of it.

Transfers that train nothing (``hinge_map``, ``kde`` ...) are the same for all generators.

Legend: B pictures, n target poses, Z latent.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor

from poseshift.errors import BadInput
from poseshift.prior.descent import descend
from poseshift.prior.energy import energy_distance
from poseshift.prior.generator import Generator, in_chunks
from poseshift.prior.image.critic import head
from poseshift.prior.image.duel import Pace, duel
from poseshift.prior.image.generator import CHUNK, ImageGenerator
from poseshift.prior.stylenet import Weights
from poseshift.prior.transfers.adagan import Adagan, AdaganConfig, Mixed
from poseshift.prior.transfers.base import TRANSFERS, Learned, Transfer, TransferConfig
from poseshift.prior.transfers.finetune import Finetune, FinetuneConfig
from poseshift.prior.transfers.flexpose import Flexpose, FlexposeConfig
from poseshift.prior.transfers.freezed import Freezed
from poseshift.prior.transfers.lora import Lora, LoraConfig
from poseshift.prior.transfers.source import Source
from poseshift.prior.transfers.styled import Runs, Styled, StyledConfig, movable
from poseshift.registry import Registry

NUDGE = 0.03  # of the side
DECAY = 0.99  # of the average that is kept

TAUGHT = ("source", "finetune", "freezed", "adagan", "lora", "flexpose")
SHARED = ("hinge_map", "tilt", "resample", "kde", "coral", "echo")
IMAGE_TRANSFERS: Registry[type[Transfer]] = Registry(
    "image_transfers", dict.fromkeys((*TAUGHT, *SHARED), "poseshift.prior.image.transfers")
)
for _name in SHARED:
    IMAGE_TRANSFERS.register(_name)(TRANSFERS[_name])


class Paced(StyledConfig):
    """Sizes that pictures can afford; the last base of a transfer's settings, so the first word."""

    steps: int = Field(1000, ge=1, le=100_000, description="updates of either side")
    batch: int = Field(16, ge=4, le=4096, description="generated pictures in an update")
    real: int = Field(16, ge=4, le=4096, description="target pictures in an update")
    lr: float = Field(1e-3, gt=0, le=1, description="of Adam, for the generator")
    critic_lr: float = Field(1e-3, gt=0, le=1, description="of Adam, for the critic")
    gamma: float = Field(1.0, ge=0, le=1000, description="R1: the critic's slope at true pictures")


class Drawn(Transfer):
    """Poses read off the pictures of an adapted generator."""

    def network(self) -> Weights:
        """The weights it draws with."""
        return self.generator.weights

    def draw(self, count: int, rng: torch.Generator) -> Tensor:
        """Poses of pictures that were not rejected."""
        return drawing(self.generator).poses(count, rng, self.network())

    @torch.no_grad()
    def sample(self, n: int, seed: int) -> Tensor:
        """Poses (N, K, 2) like the target's, centred and of unit size; the same for a seed."""
        rng = torch.Generator().manual_seed(seed)
        return in_chunks(lambda count: self.draw(count, rng), n, CHUNK)

    def rejection_rate(self, count: int = 1024, seed: int = 0) -> float:
        """Share of its pictures that are no pose."""
        return drawing(self.generator).rejection_rate(count, seed, self.network())


class Taught(Drawn, Styled):
    """A generator moved by what a critic says of it."""

    whole_critic: ClassVar[bool] = False

    def part_way(self, share: float, count: int, seed: int) -> Tensor | None:
        """Pictures on the way may be thrown away: no pose can be followed."""
        return None

    def network(self) -> Weights:
        """The adapted weights, whatever was added folded in."""
        return self.adapted(self.generator.weights, self.learned)

    @classmethod
    def train(
        cls,
        generator: Generator,
        targets: Sequence[Tensor],
        config: TransferConfig,
        seeds: Sequence[int],
        sparse: Sequence[float],
    ) -> list[Learned]:
        """Learn from one draw after the other: pictures leave nothing to do side by side."""
        assert isinstance(config, Paced)
        return [
            cls.teach(drawing(generator), target, config, seed, strength)
            for target, seed, strength in zip(targets, seeds, sparse, strict=True)
        ]

    @classmethod
    def teach(
        cls,
        generator: ImageGenerator,
        target_nK2: Tensor,
        config: Paced,
        seed: int,
        sparse: float,
    ) -> Learned:
        """Learn from one draw of target poses."""
        rng = torch.Generator().manual_seed(seed)
        runs = Runs(generator, [target_nK2], config, [rng])
        moving = generator.critic if cls.whole_critic else head(generator.critic)

        def false(values: Learned) -> Tensor:
            weights = cls.adapted(generator.weights, values)
            return generator.pictures(generator.noise(config.batch, rng), weights)

        def true() -> Tensor:
            return generator.draw(generator.place(runs.batch()[1][0]))

        def shrink(values: Learned, rate: float) -> None:
            cls.shrink(values, torch.tensor([rate * sparse]))

        nudge = max(1, round(NUDGE * generator.config.net.side))
        bf16 = generator.config.bf16
        pace = Pace(config.steps, config.lr, config.critic_lr, config.gamma, DECAY, nudge, bf16)
        start = cls.start(generator, config, rng)
        return duel(start, moving, false, true, pace, rng, frozen=generator.critic, shrink=shrink)[
            0
        ]


def drawing(generator: Generator) -> ImageGenerator:
    """The same generator, known to draw."""
    if not isinstance(generator, ImageGenerator):
        raise BadInput(
            "this prior makes coordinates, the transfer needs one that draws skeleton images",
            fix="take the transfer of the same name for coordinates",
        )
    return generator


@IMAGE_TRANSFERS.register("source")
class ImageSource(Drawn, Source):
    """The generator as it is."""


class ImageFinetuneConfig(Paced, FinetuneConfig):
    """Settings of fine-tuning."""


@IMAGE_TRANSFERS.register("finetune")
class ImageFinetune(Taught, Finetune):
    """All weights, and all of the critic."""

    Config = ImageFinetuneConfig
    whole_critic = True


class ImageFreezedConfig(Paced):
    """Settings of FreezeD."""


@IMAGE_TRANSFERS.register("freezed")
class ImageFreezed(Taught, Freezed):
    """All weights, the mapping network slowly, against a half-frozen critic."""

    Config = ImageFreezedConfig  # type: ignore[assignment]  # its critic has a rate already

    @classmethod
    def adapted(cls, weights: Weights, values: Learned) -> Weights:
        """The weights, moved; this network's own scaling already slows the mapping down."""
        return {**weights, **{name: weights[name] + values[name] for name in movable(weights)}}

    @classmethod
    def start(
        cls, generator: Generator, config: TransferConfig, rng: torch.Generator
    ) -> dict[str, Tensor]:
        """How far weights have moved: nothing yet."""
        return {k: torch.zeros_like(v) for k, v in movable(generator.weights).items()}


class ImageLoraConfig(Paced, LoraConfig):
    """Settings of LoRA."""

    rank: int = Field(4, ge=1, le=256, description="of the added matrices")


@IMAGE_TRANSFERS.register("lora")
class ImageLora(Taught, Lora):
    """Low-rank updates of matrices and kernels."""

    Config = ImageLoraConfig

    @classmethod
    def start(
        cls, generator: Generator, config: TransferConfig, rng: torch.Generator
    ) -> dict[str, Tensor]:
        """B = 0 and an A of unit scale, as the weights it is added to are here."""
        values = super().start(generator, config, rng)
        return {
            name: value * value.shape[-1] ** 0.5 if name.endswith(".down") else value
            for name, value in values.items()
        }


class ImageFlexposeConfig(Paced, FlexposeConfig):
    """Settings of FlexPose; lambda is fixed, for twenty fits to choose it by would take hours."""

    sparse: float | None = Field(
        0.03, ge=0, le=1, description="lambda; null: chosen on the target poses, twenty fits"
    )
    mixup: float = Field(0.5, ge=0, le=1, description="share of target poses that are mixtures")


@IMAGE_TRANSFERS.register("flexpose")
class ImageFlexpose(Taught, Flexpose):
    """Layer-wise tau of the styles up to 16 pixels."""

    Config = ImageFlexposeConfig


class ImageAdaganConfig(AdaganConfig):
    """Settings of AdaGAN."""

    steps: int = Field(1000, ge=1, le=100_000, description="updates")


@IMAGE_TRANSFERS.register("adagan")
class ImageAdagan(Taught, Adagan):
    """Scale and shift by reconstruction of the target's pictures, without a critic."""

    Config = ImageAdaganConfig

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
        return [_redraw(drawing(generator), target, config, seed) for target, seed in runs]


def _redraw(
    generator: ImageGenerator, target_nK2: Tensor, config: AdaganConfig, seed: int
) -> Learned:
    rng = torch.Generator().manual_seed(seed)
    hinge_nD = generator.hinge.split(target_nK2)
    mixed = Mixed(len(hinge_nD), config.mixup, rng)

    def loss(values: Learned, step: int) -> Tensor:
        code_nZ = values["code"]
        rows = torch.randint(len(code_nZ), (min(len(code_nZ), 16),), generator=rng)
        mixed.draw()
        weights = ImageAdagan.adapted(generator.weights, values)
        with torch.no_grad():
            poses = mixed.poses(hinge_nD, generator.hinge.angle_D)[rows]
            true = generator.draw(generator.place(poses))
        miss = (generator.pictures(mixed.codes(code_nZ)[rows], weights) - true).abs().mean()
        normal = energy_distance([code_nZ], [generator.noise(config.batch, rng)])
        scales = [value for name, value in values.items() if name.endswith("scale")]
        away = torch.stack([(scale - 1).square().mean() for scale in scales]).sum()
        return miss + config.normal * normal + config.near * away

    start = ImageAdagan.start(generator, config, rng)
    start["code"] = generator.noise(len(target_nK2), rng)
    values = descend(start, loss, config.lr, config.steps)
    del values["code"]
    return values
