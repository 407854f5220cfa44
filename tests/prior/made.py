"""Bodies that are easy to know, a generator of them that takes a second, and tiny settings."""

from functools import cache
from typing import Any

import torch
from torch import Tensor

from poseshift.prior.generator import Generator, GeneratorConfig
from poseshift.prior.hinge import hinge_for
from poseshift.prior.poses import PoseSet
from poseshift.prior.stylenet import NetConfig
from poseshift.prior.transfers.base import TRANSFERS, TransferConfig
from poseshift.prior.transfers.styled import StyledConfig
from poseshift.skeleton import Skeleton, skeleton

BODY = skeleton("body16")
NET = NetConfig(latent=4, code=8, channels=8, layers=2)
SMALL = GeneratorConfig(net=NET, steps=60, batch=32, lr=2e-2, critic_steps=10)


def bodies(
    count: int, seed: int, *, turn: float = 0.0, spread: float = 0.2, of: Skeleton = BODY
) -> PoseSet:
    """Poses around one pose, hinge by hinge; ``turn`` bends all of its angles."""
    shape = torch.randn(1, len(of), 2, generator=torch.Generator().manual_seed(0))
    hinge = hinge_for(of, shape + 0.1 * torch.randn(9, len(of), 2))
    noise_ND = torch.randn(count, 2 * len(of), generator=torch.Generator().manual_seed(seed))
    moved_ND = hinge.split(shape) + spread * noise_ND + turn * hinge.angle_D
    return PoseSet.of(hinge.join(moved_ND), of, f"{of.name}.json")


@cache
def body_generator() -> Generator:
    """A generator of bodies; nobody may change it."""
    return Generator.fit(bodies(400, 1), SMALL, seed=0)


def few(count: int = 12, seed: int = 7) -> PoseSet:
    """Target poses."""
    return bodies(count, seed, turn=0.5)


def brief(name: str, **settings: Any) -> TransferConfig:
    """Settings of a transfer that train for a few steps, where it trains."""
    kind = TRANSFERS[name].Config
    if issubclass(kind, StyledConfig):
        settings = {"steps": 4, "batch": 16, "real": 8, **settings}
    return kind(**settings)


def alike(one: Tensor, other: Tensor) -> bool:
    """Whether two tensors are equal to the bit."""
    return one.shape == other.shape and bool((one == other).all())
