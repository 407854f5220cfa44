"""A generator of 16 pixels that has hardly learned anything, for tests of how it is handled."""

from functools import cache

import torch

from poseshift.prior.image.generator import ImageConfig, ImageGenerator
from poseshift.prior.image.stylegan import ImageNetConfig
from tests.prior.made import bodies

NET = ImageNetConfig(side=16, latent=8, code=16, channels=16)
SMALL = ImageConfig(net=NET, steps=18, batch=8, reader_steps=4, reject=100.0)


@cache
def generator() -> ImageGenerator:
    return ImageGenerator.fit(bodies(120, 1), SMALL, seed=0)


def latents(count: int = 3) -> torch.Tensor:
    return generator().noise(count, torch.Generator().manual_seed(5))
