"""FreezeD: all of the generator against the source's critic, of which only the head is trained.

Mo et al., "Freeze the Discriminator: a Simple Baseline for Fine-Tuning GANs", CVPR Workshops 2020:
logistic loss, R1, and a mapping network a hundred times slower. The critic's first layers, which
see poses alike in all domains, stay as the source left them.

Legend: R runs, B poses, F features of a pose.
"""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor

from poseshift.errors import BadInput
from poseshift.prior.critic import HEAD, critic_loss, fooling_loss
from poseshift.prior.descent import descend
from poseshift.prior.generator import Generator
from poseshift.prior.stylenet import Weights
from poseshift.prior.transfers.base import TRANSFERS, Learned, TransferConfig
from poseshift.prior.transfers.styled import Runs, Styled, StyledConfig, movable

SLOW = 0.01  # of a step of the mapping network
BETAS = (0.0, 0.99)  # of Adam: two that learn from each other had better not look back


class FreezedConfig(StyledConfig):
    """Settings of FreezeD."""

    lr: float = Field(2e-5, gt=0, le=1, description="of Adam, falling along half a cosine")
    critic_rate: float = Field(30.0, gt=0, le=1000, description="of the critic's head, times lr")


@TRANSFERS.register("freezed")
class Freezed(Styled):
    """Adversarial fine-tuning with a half-frozen critic."""

    name = "freezed"
    Config = FreezedConfig

    @classmethod
    def start(
        cls, generator: Generator, config: TransferConfig, rng: torch.Generator
    ) -> dict[str, Tensor]:
        """How far weights, and those of the critic's head, have moved: not yet."""
        if not generator.critic:
            raise BadInput(
                "this prior was fitted without a critic, FreezeD starts from one",
                fix="fit it with critic_steps above 0",
            )
        head = {k: v for k, v in generator.critic.items() if k.startswith(HEAD)}
        return {k: torch.zeros_like(v) for k, v in (movable(generator.weights) | head).items()}

    @classmethod
    def adapted(cls, weights: Weights, values: Learned) -> Weights:
        """The weights, moved; the mapping network by a hundredth."""
        moves = ((name, values[name]) for name in movable(weights))
        return {**weights, **{
            name: weights[name] + (SLOW if name.startswith("f.") else 1) * by
            for name, by in moves
        }}  # fmt: skip

    @classmethod
    def descend(cls, runs: Runs, start: Learned, sparse_R: Tensor) -> dict[str, Tensor]:
        """Generator and critic at once, each blind to the other's gradient."""
        generator, config = runs.generator, runs.config
        assert isinstance(config, FreezedConfig)

        def loss(values: Learned, step: int) -> Tensor:
            z_RBZ, real_RBD = runs.batch()
            critic = {
                name: value + config.critic_rate * values[name] if name in values else value
                for name, value in generator.critic.items()
            }
            weights = cls.adapted(generator.weights, values)
            false_RBF = torch.cat(generator.look(generator.hinges(z_RBZ, weights)), -1)
            true_RBF = torch.cat(generator.look(real_RBD), -1)
            still = {name: value.detach() for name, value in critic.items()}
            judging = critic_loss(critic, true_RBF, false_RBF.detach())
            return judging + fooling_loss(still, false_RBF)

        values = descend(start, loss, config.lr, config.steps, betas=BETAS)
        return {name: value for name, value in values.items() if not name.startswith(HEAD)}
