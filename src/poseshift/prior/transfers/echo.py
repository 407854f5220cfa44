"""Echo: every target pose calls up the source poses most like it, and they meet somewhere between.

A smoothed bootstrap whose noise is what the source knows of poses: for a target pose one of its
nearest source poses is drawn and mixed with it hinge by hinge, by a share from U(0, 1). Where the
target is like nothing in the source, half the way is still half the way.

Legend: n target poses, M poses of the pool, D hinge coordinates, B samples.
"""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor

from poseshift.prior.energy import apart
from poseshift.prior.generator import Generator
from poseshift.prior.mixup import mixup
from poseshift.prior.transfers.base import TRANSFERS, Learned, OneByOne, TransferConfig

POOL = 4000


class EchoConfig(TransferConfig):
    """Settings of the echo."""

    near: int = Field(300, ge=1, le=1000, description="source poses a target pose calls up")


@TRANSFERS.register("echo")
class Echo(OneByOne):
    """Target poses blurred along the source."""

    name = "echo"
    Config = EchoConfig

    @classmethod
    def learn(
        cls, generator: Generator, target_nK2: Tensor, config: TransferConfig, seed: int
    ) -> Learned:
        """Target poses and the neighbours of each."""
        assert isinstance(config, EchoConfig)
        hinge_nD = generator.hinge.split(target_nK2)
        pool_MK2 = generator.sample(POOL, seed)
        pool_MD = generator.hinge.split(pool_MK2)
        views = zip(
            generator.look(hinge_nD, target_nK2), generator.look(pool_MD, pool_MK2), strict=True
        )
        far_nM = torch.stack([apart(own, other) for own, other in views]).sum(0)
        return {
            "hinge_nD": hinge_nD,
            "near_nXD": pool_MD[far_nM.topk(config.near, largest=False)[1]],
        }

    def draw(self, count: int, rng: torch.Generator) -> Tensor:
        """Mixtures of a target pose and a neighbour."""
        hinge_nD, near_nXD = self.learned["hinge_nD"], self.learned["near_nXD"]
        row_B = torch.randint(len(hinge_nD), (count,), generator=rng)
        which_B = torch.randint(near_nXD.shape[1], (count,), generator=rng)
        share_B = torch.rand(count, generator=rng)
        mixed_BD = mixup(
            near_nXD[row_B, which_B], hinge_nD[row_B], share_B, self.generator.hinge.angle_D
        )
        return self.generator.place(mixed_BD)
