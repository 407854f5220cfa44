"""Tilt: the source's own poses, reweighted; for actions that are rare here and frequent there.

A map moves poses and cannot make one action more frequent. Here poses x of a pool are weighted by

    w(x) ~ exp(-strength psi(x)),  psi(x) = 2 E_T d(x, t) - 2 E_w d(x, x')

the solution of min_w energy distance(w, T) + KL(w | 1) / strength, found by damped steps of this
very equation: near the target and far from what is already plenty means more. Poses are drawn
around the pool's latents by z' = sqrt(1 - e^2) z + e noise, which keeps N(0, I) where weights are
equal, so a million samples are a million poses. The strength is chosen by folds of the target.

Legend: n target poses, M poses of the pool, Z latent.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from pydantic import Field
from torch import Tensor

from poseshift.prior.energy import apart
from poseshift.prior.generator import Generator
from poseshift.prior.transfers.base import TRANSFERS, Learned, OneByOne, TransferConfig
from poseshift.prior.transfers.folds import folds
from poseshift.prior.transfers.hinge_map import hinge_map, mapped

POOL = 1000
STEPS = 40  # of mirror descent
STRENGTHS = (0.0, 1.0, 3.0, 10.0, 30.0)
PATIENCE = 8  # times a latent that gives no pose is drawn anew
JITTER = 0.3  # e: how far a pose strays from its latent in the pool
WIDEST = 6.0  # twice the largest distance between poses, about: bounds the step


class TiltConfig(TransferConfig):
    """Settings of the tilt."""

    moved: bool = Field(False, description="tilt poses that the hinge map has moved first")


@TRANSFERS.register("tilt")
class Tilt(OneByOne):
    """Source poses, reweighted."""

    name = "tilt"
    Config = TiltConfig

    @classmethod
    def learn(
        cls, generator: Generator, target_nK2: Tensor, config: TransferConfig, seed: int
    ) -> Learned:
        """Latents and weights of the pool, and the map that comes before."""
        assert isinstance(config, TiltConfig)
        rng = torch.Generator().manual_seed(seed)
        z_MZ = sound(generator, lambda count: generator.noise(count, rng), POOL)
        strengths_S, worth_S = torch.tensor(STRENGTHS), torch.zeros(len(STRENGTHS))
        for kept, left in folds(len(target_nK2), seed):
            pool = _Pool(generator, z_MZ, target_nK2[kept], config.moved)
            weight_MS = pool.tilted(strengths_S)
            worth_S += len(left) * pool.surprise(weight_MS, target_nK2[left])
        best = strengths_S[worth_S.argmin()]
        pool = _Pool(generator, z_MZ, target_nK2, config.moved)
        return {"z_MZ": z_MZ, "weight_M": pool.tilted(best[None])[:, 0], **pool.map}

    def draw(self, count: int, rng: torch.Generator) -> Tensor:
        """Poses around the latents of the pool, by weight."""
        generator, learned = self.generator, self.learned
        steady, weight_M = (1 - JITTER**2) ** 0.5, learned["weight_M"]

        def near(count: int) -> Tensor:
            row_B = torch.multinomial(weight_M, count, replacement=True, generator=rng)
            z_BZ: Tensor = steady * learned["z_MZ"][row_B] + JITTER * generator.noise(count, rng)
            return z_BZ

        return moved_poses(generator, sound(generator, near, count), learned)


def sound(generator: Generator, draw: Callable[[int], Tensor], count: int) -> Tensor:
    """Latents (B, Z) that give poses; those that give none are drawn anew, a few times."""
    z_BZ = draw(count)
    bad_M = torch.arange(count)[~generator.sound(z_BZ)]
    for _ in range(PATIENCE):
        if not len(bad_M):
            break
        z_BZ[bad_M] = draw(len(bad_M))
        bad_M = bad_M[~generator.sound(z_BZ[bad_M])]
    return z_BZ


class _Pool:
    """Poses of the pool, moved towards some target poses, and their distances."""

    def __init__(self, generator: Generator, z_MZ: Tensor, target_nK2: Tensor, moved: bool) -> None:
        self.generator, split = generator, generator.hinge.split
        source_MD = split(moved_poses(generator, z_MZ, {}))
        angle_D = generator.hinge.angle_D
        self.map = hinge_map(source_MD, split(target_nK2), angle_D) if moved else {}
        points_MK2 = moved_poses(generator, z_MZ, self.map)
        self.seen = generator.look(split(points_MK2), points_MK2)
        self.between_MM = sum((apart(view, view) for view in self.seen), torch.zeros(()))
        self.to_target_M = self.reach(target_nK2)

    def reach(self, target_nK2: Tensor) -> Tensor:
        """Mean distance of every pose of the pool to target poses (M,)."""
        seen = self.generator.look(self.generator.hinge.split(target_nK2), target_nK2)
        terms = [apart(own, other).mean(-1) for own, other in zip(self.seen, seen, strict=True)]
        return torch.stack(terms).sum(0)

    def tilted(self, strength_S: Tensor) -> Tensor:
        """Weights (M, S) for several strengths at once, by mirror descent."""
        log_MS = torch.zeros(len(self.to_target_M), len(strength_S))
        step_S = strength_S / (1 + WIDEST * strength_S)
        for _ in range(STEPS):
            plenty_MS = self.between_MM @ log_MS.softmax(0)
            slope_MS = 2 * (self.to_target_M[:, None] - plenty_MS)
            pull_MS = log_MS / strength_S.clamp(min=1e-6)
            log_MS = log_MS - step_S * (slope_MS + pull_MS)
            log_MS = log_MS - log_MS.logsumexp(0)
            log_MS = log_MS + torch.log(torch.tensor(float(len(log_MS))))
        return log_MS.softmax(0)

    def surprise(self, weight_MS: Tensor, left_nK2: Tensor) -> Tensor:
        """Energy score (S,) of the weighted pool for poses left out, up to a factor of 2."""
        spread_S = (weight_MS * (self.between_MM @ weight_MS)).sum(0)
        return 2 * self.reach(left_nK2) @ weight_MS - spread_S


def moved_poses(generator: Generator, z_BZ: Tensor, learned: Learned) -> Tensor:
    """Poses (B, K, 2) of latents, after the hinge map where there is one."""
    points_BK2 = generator.place(generator.hinges(z_BZ))
    if "mean_D" not in learned:
        return points_BK2
    return generator.place(
        mapped(generator.hinge.split(points_BK2), learned, generator.hinge.angle_D)
    )
