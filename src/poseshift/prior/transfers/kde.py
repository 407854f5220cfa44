"""KDE: Gaussians around the target poses, shrunk towards their mean so that the variance stays.

Scott's rule for the bandwidth, h = n^(-1/(d+4)) with d the effective dimension of the poses: the
full dimension would blur ten poses into their mean. Noise has the target's own covariance, so with
few poses it lies in the space they span.

In ``joints`` this is the textbook estimate, which bends limbs out of their lengths; in ``hinges``
angles and log lengths are blurred, one by one, and limbs stay limbs.

Legend: n target poses, K joints, D hinge coordinates, F = 2 K, of either.
"""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import Field
from torch import Tensor

from poseshift.prior.generator import Generator, middle
from poseshift.prior.hinge import away
from poseshift.prior.transfers.base import TRANSFERS, Learned, OneByOne, TransferConfig


class KdeConfig(TransferConfig):
    """Settings of KDE."""

    space: Literal["joints", "hinges"] = Field("hinges", description="where the noise is added")
    width: float = Field(0.25, gt=0, le=10, description="of the bandwidth by Scott's rule")


@TRANSFERS.register("kde")
class Kde(OneByOne):
    """A smoothed bootstrap of the target poses."""

    name = "kde"
    Config = KdeConfig
    config: KdeConfig

    @classmethod
    def learn(
        cls, generator: Generator, target_nK2: Tensor, config: TransferConfig, seed: int
    ) -> Learned:
        """The poses by heart, in the space of the noise, and the noise's factor."""
        assert isinstance(config, KdeConfig)
        if config.space == "joints":
            at_nF, mean_F = target_nK2.flatten(1), target_nK2.flatten(1).mean(0)
            away_nF = at_nF - mean_F
            factor_nF = away_nF / len(at_nF) ** 0.5  # noise_n @ this has the target's covariance
        else:
            at_nF = generator.hinge.split(target_nK2)
            mean_F, spread_F = middle(at_nF, generator.hinge.angle_D)
            away_nF = away(at_nF, mean_F, generator.hinge.angle_D)
            factor_nF = spread_F.diag()
        width = torch.tensor(config.width * scott(away_nF))
        return {"mean_F": mean_F, "away_nF": away_nF, "factor": factor_nF, "width": width}

    def draw(self, count: int, rng: torch.Generator) -> Tensor:
        """A target pose and noise; both shrunk so that together they vary as the target does."""
        away_nF, factor, width = (self.learned[key] for key in ("away_nF", "factor", "width"))
        row_B = torch.randint(len(away_nF), (count,), generator=rng)
        noise_BF = torch.randn(count, len(factor), generator=rng) @ factor
        blurred_BF = (away_nF[row_B] + width * noise_BF) / (1 + width**2).sqrt()
        pose_BF = self.learned["mean_F"] + blurred_BF
        if self.config.space == "joints":
            return pose_BF.view(count, -1, 2)
        return self.generator.place(pose_BF)


def scott(away_nF: Tensor) -> float:
    """Scott's bandwidth in units of the deviation, for the effective dimension tr(C)^2 / tr(C^2).

    Example:
        >>> round(scott(torch.eye(2)[[0, 1] * 50] - 0.5), 3)  # on a line: d = 1
        0.398
    """
    # The Gram matrix has the covariance's eigenvalues and stays small.
    gram_nn = away_nF @ away_nF.T
    dimension = float(gram_nn.diagonal().sum() ** 2 / gram_nn.square().sum().clamp(min=1e-12))
    return float(len(away_nF) ** (-1 / (dimension + 4)))
