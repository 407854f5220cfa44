"""Hinge map: hinges of the source's poses are offset and rescaled, as far as the target says so.

The paper's hypothesis written down: domains differ by heading, by joint angles, by bone lengths.

    u' = m + b + r (u - m)

with m the source's mean, b and log r differences of moments. Both are shrunk by the positive part
of 1 - s^2 / d^2 (James & Stein, 1961): a difference d that its standard error s could have made by
chance is exactly 0, a clear one stays nearly whole. Nothing is trained.

Legend: n target poses, M source poses, D hinge coordinates.
"""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor

from poseshift.prior.generator import Generator, middle
from poseshift.prior.hinge import away
from poseshift.prior.transfers.base import TRANSFERS, Learned, OneByOne, TransferConfig

POSES = 10_000  # source poses to take moments of


class HingeMapConfig(TransferConfig):
    """Settings of the hinge map."""

    doubt: float = Field(
        2.0, ge=0, le=100, description="standard errors are taken this much larger"
    )


@TRANSFERS.register("hinge_map")
class HingeMap(OneByOne):
    """An explicit sparse map of hinges."""

    name = "hinge_map"
    Config = HingeMapConfig

    @classmethod
    def learn(
        cls, generator: Generator, target_nK2: Tensor, config: TransferConfig, seed: int
    ) -> Learned:
        """Offset and ratio of every hinge coordinate."""
        assert isinstance(config, HingeMapConfig)
        split, angle_D = generator.hinge.split, generator.hinge.angle_D
        u_MD, v_nD = split(generator.sample(POSES, seed)), split(target_nK2)
        return hinge_map(u_MD, v_nD, angle_D, config.doubt)

    def draw(self, count: int, rng: torch.Generator) -> Tensor:
        """Poses of the source, mapped."""
        hinge = self.generator.hinge
        source_BD = hinge.split(self.generator.poses(count, rng))
        return hinge.join(mapped(source_BD, self.learned, hinge.angle_D))


def hinge_map(
    source_MD: Tensor, target_nD: Tensor, angle_D: Tensor, doubt: float = 1.0
) -> dict[str, Tensor]:
    """Mean of the source, offset and ratio of every coordinate."""
    mean_D, deviation_D = middle(source_MD, angle_D)
    to_D, spread_D = middle(target_nD, angle_D)
    count = len(target_nD)
    offset_D, log_ratio_D = away(to_D, mean_D, angle_D), (spread_D / deviation_D).log()
    # An angle all around the circle has no mean: its standard error grows as 1 / resultant.
    resultant_D = torch.hypot(target_nD.cos().mean(0), target_nD.sin().mean(0)).clamp(min=1e-3)
    error_D = doubt * deviation_D.maximum(spread_D) / count**0.5
    error_D = (error_D / resultant_D).where(angle_D, error_D)
    ratio_error = torch.tensor(doubt / (2 * (count - 1)) ** 0.5)
    return {
        "mean_D": mean_D,
        "offset_D": offset_D * certainty(offset_D, error_D),
        "ratio_D": (log_ratio_D * certainty(log_ratio_D, ratio_error)).exp(),
    }


def certainty(difference: Tensor, error: Tensor) -> Tensor:
    """Share of a difference to believe: the positive part of 1 - s^2 / d^2.

    Example:
        >>> certainty(torch.tensor([0.5, 2.0]), torch.tensor(1.0))
        tensor([0.0000, 0.7500])
    """
    return (1 - (error / difference.abs().clamp(min=1e-12)).square()).clamp(min=0)


def mapped(hinge_BD: Tensor, learned: Learned, angle_D: Tensor) -> Tensor:
    """Hinge coordinates after the map."""
    moved_BD = away(hinge_BD, learned["mean_D"], angle_D)
    return learned["mean_D"] + learned["offset_D"] + learned["ratio_D"] * moved_BD
