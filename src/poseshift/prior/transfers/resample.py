"""Resample: the target poses themselves, again and again; what memorising would give."""

from __future__ import annotations

import torch
from torch import Tensor

from poseshift.prior.generator import Generator
from poseshift.prior.transfers.base import TRANSFERS, Learned, OneByOne, TransferConfig


@TRANSFERS.register("resample")
class Resample(OneByOne):
    """The bootstrap of the target poses."""

    name = "resample"

    @classmethod
    def learn(
        cls, generator: Generator, target_nK2: Tensor, config: TransferConfig, seed: int
    ) -> Learned:
        """The poses by heart."""
        return {"pose_nK2": target_nK2}

    def draw(self, count: int, rng: torch.Generator) -> Tensor:
        """Target poses, drawn with replacement."""
        pose_nK2 = self.learned["pose_nK2"]
        return pose_nK2[torch.randint(len(pose_nK2), (count,), generator=rng)]
