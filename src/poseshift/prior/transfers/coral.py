"""CORAL: the linear map of joints that gives the source the target's mean and covariance.

Sun et al., "Return of Frustratingly Easy Domain Adaptation", AAAI 2016, here with the optimal
transport map between the two Gaussians, and the target's covariance shrunk towards the source's by
n0 / (n + n0): ten poses do not say thirty variances. The root is a symmetric one: what agrees
already does not move.

Legend: n target poses, M source poses, F = 2 K coordinates.
"""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor

from poseshift.prior.generator import Generator
from poseshift.prior.transfers.base import TRANSFERS, Learned, OneByOne, TransferConfig

POSES = 10_000  # source poses to take moments of
RIDGE = 1e-6  # of the mean variance: four directions are nil, for poses are centred


class CoralConfig(TransferConfig):
    """Settings of CORAL."""

    trust: float = Field(
        10.0, ge=0, le=10_000, description="n0: poses the source's covariance is worth"
    )


@TRANSFERS.register("coral")
class Coral(OneByOne):
    """Moments matched in coordinates."""

    name = "coral"
    Config = CoralConfig
    config: CoralConfig

    @classmethod
    def learn(
        cls, generator: Generator, target_nK2: Tensor, config: TransferConfig, seed: int
    ) -> Learned:
        """Both means and the map."""
        assert isinstance(config, CoralConfig)
        x_MF = generator.sample(POSES, seed).flatten(1).double()
        y_nF = target_nK2.flatten(1).double()
        from_FF, own_FF = torch.cov(x_MF.T), torch.cov(y_nF.T)
        share = len(y_nF) / (len(y_nF) + config.trust)
        to_FF = share * own_FF + (1 - share) * from_FF
        map_FF = transport(from_FF, to_FF)
        return {"from_F": x_MF.mean(0).float(), "to_F": y_nF.mean(0).float(),
                "map_FF": map_FF.float()}  # fmt: skip

    def draw(self, count: int, rng: torch.Generator) -> Tensor:
        """Poses of the source, mapped."""
        source_BK2 = self.generator.poses(count, rng)
        away_BF = source_BK2.flatten(1) - self.learned["from_F"]
        pose_BF: Tensor = away_BF @ self.learned["map_FF"] + self.learned["to_F"]
        return pose_BF.view(count, -1, 2)


def transport(from_FF: Tensor, to_FF: Tensor) -> Tensor:
    """The symmetric map A with A C A = C': A = C^-1/2 (C^1/2 C' C^1/2)^1/2 C^-1/2.

    Example:
        >>> transport(torch.eye(2), 4 * torch.eye(2)).round(decimals=3)
        tensor([[2., 0.],
                [0., 2.]])
    """
    ridge_FF = RIDGE * from_FF.diagonal().mean() * torch.eye(len(from_FF), dtype=from_FF.dtype)
    root_FF = power(from_FF + ridge_FF, 0.5)
    back_FF = power(from_FF + ridge_FF, -0.5)
    return back_FF @ power(root_FF @ (to_FF + ridge_FF) @ root_FF, 0.5) @ back_FF


def power(spd_FF: Tensor, exponent: float) -> Tensor:
    """A power of a symmetric matrix without negative eigenvalues."""
    value_F, vector_FF = torch.linalg.eigh(spd_FF)
    powered_FF: Tensor = vector_FF * value_F.clamp(min=1e-12) ** exponent @ vector_FF.T
    return powered_FF
