"""PoseVAE: a variational autoencoder of poses; what it redraws badly is rare, and so hard.

Dua et al., "Towards Effective Synthetic Data Sampling for Domain Adaptive Pose Estimation":

    L = sum_i |y_i - yhat_i|^2 + lambda KL(N(mu, sigma) || N(0, I))
    score = sum_i |y_i - yhat_i|^2

with input and target the same keypoints. Size, lambda and schedule are not published; see the
settings. A pose may lack joints: the labelled ones stand for all, so that poses with and without a
joint can be compared; the score is a mean over them where the paper has a sum.

Legend: B or N poses, K joints, Z latent numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice, pairwise
from typing import Self

import torch
from pydantic import Field
from torch import Tensor, nn

from poseshift.sampling.poses import Poses
from poseshift.sampling.scores import SCORES, PoseScore, ScoreConfig, tensors

HIDDEN = 0.1  # of the labelled joints the encoder is not shown, so that missing ones are not new


class VaeConfig(ScoreConfig):
    """What was not published."""

    name: str = "vae"
    width: int = Field(128, ge=4, le=4096, description="of the two hidden layers of either half")
    latent: int = Field(16, ge=1, le=256, description="numbers a pose is squeezed into")
    kl: float = Field(1e-3, ge=0, description="lambda, for coordinates in box diagonals")
    warmup: float = Field(0.1, ge=0, le=1, description="share of the steps lambda grows over")
    steps: int = Field(200, ge=1, description="with many more it redraws rare poses well too")
    batch: int = Field(1024, ge=1)
    lr: float = Field(1e-3, gt=0, description="of Adam, falling as a cosine")


def reconstruction(drawn_BK2: Tensor, pose_BK2: Tensor, mask_BK: Tensor) -> Tensor:
    """Squared error of each pose: its mean over the labelled joints; 0 where there are none.

    Example:
        >>> pose, mask = torch.zeros(1, 2, 2), torch.tensor([[True, False]])
        >>> reconstruction(torch.full((1, 2, 2), 3.0), pose, mask)
        tensor([18.])
    """
    error_BK = (drawn_BK2 - pose_BK2).square().sum(-1).where(mask_BK, 0)
    return error_BK.sum(1) / mask_BK.sum(1).clamp(min=1)


def divergence(mean_BZ: Tensor, logvar_BZ: Tensor) -> Tensor:
    """KL(N(mean, exp(logvar)) || N(0, I)) of each row.

    Example:
        >>> divergence(torch.tensor([[1.0, 0.0]]), torch.zeros(1, 2))
        tensor([0.5000])
    """
    return 0.5 * (mean_BZ.square() + logvar_BZ.exp() - 1 - logvar_BZ).sum(1)


def kl_weight(step: int, config: VaeConfig) -> float:
    """Lambda at a step: it grows linearly from 0 over the warm-up.

    Example:
        >>> config = VaeConfig(kl=1.0, warmup=0.5, steps=8)
        >>> [kl_weight(step, config) for step in (0, 1, 4, 7)]
        [0.0, 0.25, 1.0, 1.0]
    """
    return config.kl * min(1.0, step / max(1.0, config.warmup * config.steps))


def _mlp(*widths: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for a, b in pairwise(widths):
        layers += [nn.Linear(a, b), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


@SCORES.register("vae")
class PoseVAE(PoseScore):
    """The autoencoder.

    Args:
        joints: Of a pose.
        config: Its size.
    """

    Config = VaeConfig
    config: VaeConfig

    def __init__(self, joints: int, config: VaeConfig) -> None:
        super().__init__(joints, config)
        width, latent = config.width, config.latent
        self.encoder = _mlp(3 * joints, width, width, 2 * latent)
        self.decoder = _mlp(latent, width, width, 2 * joints)

    def encode(self, pose_BK2: Tensor, mask_BK: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance; masked joints are told apart from joints at the root."""
        pose_BK2 = pose_BK2.where(mask_BK[..., None], 0)
        both_B = torch.cat([pose_BK2.flatten(1), mask_BK.to(pose_BK2)], 1)
        mean_BZ, logvar_BZ = self.encoder(both_B).chunk(2, 1)
        return mean_BZ, logvar_BZ

    def decode(self, latent_BZ: Tensor) -> Tensor:
        """Poses (B, K, 2)."""
        pose_BK2: Tensor = self.decoder(latent_BZ).unflatten(1, (self.joints, 2))
        return pose_BK2

    def loss(
        self, pose_BK2: Tensor, mask_BK: Tensor, shown_BK: Tensor, noise_BZ: Tensor, kl: float
    ) -> Tensor:
        """The published loss, averaged over poses; the encoder sees the joints that are shown."""
        mean_BZ, logvar_BZ = self.encode(pose_BK2, shown_BK)
        drawn_BK2 = self.decode(mean_BZ + noise_BZ * (0.5 * logvar_BZ).exp())
        error_B = self.joints * reconstruction(drawn_BK2, pose_BK2, mask_BK)
        return (error_B + kl * divergence(mean_BZ, logvar_BZ)).mean()

    def score(self, pose_BK2: Tensor, mask_BK: Tensor) -> Tensor:
        """Reconstruction error from the latent mean, over the number of labelled joints."""
        mean_BZ, _ = self.encode(pose_BK2, mask_BK)
        return reconstruction(self.decode(mean_BZ), pose_BK2, mask_BK)

    @classmethod
    def fit(
        cls,
        poses: Poses,
        config: VaeConfig,
        progress: Callable[[int, int], object] = lambda done, total: None,
    ) -> Self:
        """Train on poses; the same poses and settings give the same weights."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            model = cls(poses.pose_NK2.shape[1], config)
        optimizer = torch.optim.Adam(model.parameters(), config.lr, fused=True)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, config.steps)
        draws = torch.Generator().manual_seed(config.seed)
        rows = islice(_epochs(len(poses), config.batch, draws), config.steps)
        pose_NK2, mask_NK = tensors(poses)
        for step, index_B in enumerate(rows):
            mask_BK = mask_NK[index_B]
            shown_BK = mask_BK & (torch.rand(mask_BK.shape, generator=draws) >= HIDDEN)
            noise_BZ = torch.randn(len(index_B), config.latent, generator=draws)
            kl = kl_weight(step, config)
            loss = model.loss(pose_NK2[index_B], mask_BK, shown_BK, noise_BZ, kl)
            torch.autograd.backward(loss)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
            progress(step + 1, config.steps)
        return model.eval()


def _epochs(count: int, batch: int, draws: torch.Generator) -> Iterator[Tensor]:
    """Rows of one batch after another, each row once an epoch."""
    while True:
        yield from torch.split(torch.randperm(count, generator=draws), batch)
