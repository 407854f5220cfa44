"""The generator of skeleton images, and the poses that are read off them.

FlexPose's own kind: a style network draws pictures, a critic is its only teacher, joints are read
off and drawn again, and a picture that its joints do not explain is thrown away. It is a generator
like any other, so whatever is made for coordinates works with it; transfers that train have
versions of their own (:mod:`poseshift.prior.image.transfers`).

Legend: N S poses, B batch, K joints, D hinge coordinates, Z latent, C channels of a picture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Self

import torch
from pydantic import Field
from torch import Tensor

from poseshift.precision import Precision
from poseshift.prior.generator import (
    GENERATORS,
    Generator,
    Parts,
    Report,
    enough,
    in_chunks,
    middle,
)
from poseshift.prior.hinge import Hinge, hinge_for, revive_hinge
from poseshift.prior.image.critic import begin_critic
from poseshift.prior.image.duel import Pace, duel
from poseshift.prior.image.readout import Look, Reader, fit_reader, readout_error, unexplained
from poseshift.prior.image.render import Colours, bones_of, to_canvas
from poseshift.prior.image.stylegan import ImageNetConfig, begin, codes, synthesise
from poseshift.prior.poses import PoseSet, normalised
from poseshift.prior.stylenet import Weights
from poseshift.registry import Registry
from poseshift.settings import Frozen
from poseshift.skeleton import Skeleton

if TYPE_CHECKING:
    from poseshift.prior.transfers.base import Transfer

CHUNK = 64  # pictures at a time
PATIENCE = 8  # times as many pictures as poses wanted, before rejected ones are taken


class ImageConfig(Frozen):
    """How a generator of skeleton images is trained."""

    net: ImageNetConfig = ImageNetConfig()
    colours: Colours = Field("limbs", description="what shares a channel of the picture")
    steps: int = Field(10_000, ge=1, le=1_000_000, description="updates of generator and critic")
    batch: int = Field(16, ge=4, le=1024, description="pictures of either kind in an update")
    lr: float = Field(2e-3, gt=0, le=1, description="of Adam, for both")
    gamma: float = Field(1.0, ge=0, le=1000, description="R1: the critic's slope at true pictures")
    decay: float = Field(0.998, ge=0, lt=1, description="of the generator's average, which is kept")
    precision: Precision = Field("auto", description="auto: bf16 where the processor has it")
    reader_steps: int = Field(3000, ge=1, le=100_000, description="updates of the joints' reader")
    reject: float = Field(
        0.2, gt=0, description="share of a picture that its joints may leave unexplained"
    )

    @property
    def bf16(self) -> bool:
        """Whether training multiplies in bfloat16; drawing never does."""
        from poseshift.devices import pick_precision

        return pick_precision(self.precision, "cpu") == "bf16"


class Readings(NamedTuple):
    """Pictures and what was read off them.

    Attributes:
        picture_BCSS: From about -1 to 1.
        points_BK2: Joints, centred and of unit size.
        unexplained_B: Share of the picture that they leave unexplained.
    """

    picture_BCSS: Tensor
    points_BK2: Tensor
    unexplained_B: Tensor


@GENERATORS.register("image")
class ImageGenerator(Generator):
    """Poses from noise, by way of pictures.

    Args:
        hinge: Coordinates its poses are told in.
        weights: Of the style network.
        critic: Its teacher.
        reader: Weights of what reads joints.
        config: How it came about.
    """

    name = "image"
    usual = "flexpose"
    Config = ImageConfig
    config: ImageConfig  # type: ignore[assignment]  # its own settings in place of the base's

    def __init__(
        self,
        hinge: Hinge,
        weights: Weights,
        critic: Weights,
        reader: Weights,
        config: ImageConfig,
    ) -> None:
        self.hinge, self.config = hinge, config
        self.weights, self.critic = dict(weights), dict(critic)
        self.look_of = Look(bones_of(hinge.skeleton, config.colours), config.net.side)
        channels = len(self.look_of.bones.channels)
        self.reader = Reader(channels, len(hinge.skeleton), config.net.side)
        self.reader.load_state_dict(dict(reader))
        self.reader.requires_grad_(False)

    @classmethod
    def fit(  # type: ignore[override]  # its own settings in place of the base's
        cls,
        source: PoseSet,
        config: ImageConfig | None = None,
        seed: int = 0,
        report: Report | None = None,
    ) -> Self:
        """Learn to draw a source's whole poses, and to read drawings.

        Args:
            source: Poses; those with a joint missing are left out.
            config: Of training.
            seed: Of all random numbers.
            report: Called with the step and the generator's loss, now and then.
        """
        config, whole_SK2 = config or ImageConfig(), enough(source)
        rng = torch.Generator().manual_seed(seed)
        hinge = hinge_for(source.skeleton, whole_SK2)
        whole_SK2 = hinge.opened(whole_SK2)
        hinge_SD = hinge.split(whole_SK2)
        mean_D, sd_D = middle(hinge_SD, hinge.angle_D)
        look = Look(bones_of(source.skeleton, config.colours), config.net.side)
        reader = fit_reader(hinge_SD, sd_D, hinge, look, config.reader_steps, rng)
        channels = len(look.bones.channels)
        start = begin(config.net, channels, rng)

        def true() -> Tensor:
            rows = torch.randint(len(whole_SK2), (config.batch,), generator=rng)
            return look.draw(to_canvas(whole_SK2[rows]))

        def false(values: Weights) -> Tensor:
            z_BZ = torch.randn(config.batch, config.net.latent, generator=rng)
            return synthesise(values, codes(values, z_BZ))

        weights, critic = duel(
            start,
            begin_critic(config.net, channels, rng),
            false,
            true,
            Pace(config.steps, config.lr, config.lr, config.gamma, config.decay, bf16=config.bf16),
            rng,
            report=report,
        )
        return cls(
            hinge, weights | {"mean": mean_D, "sd": sd_D}, critic, reader.state_dict(), config
        )

    def noise(self, count: int, rng: torch.Generator) -> Tensor:
        """Latents (B, Z)."""
        return torch.randn(count, self.config.net.latent, generator=rng)

    def pictures(self, z_BZ: Tensor, weights: Weights | None = None) -> Tensor:
        """Pictures (B, C, S, S), by its own or an adapted network's weights."""
        weights = self.weights if weights is None else weights
        return synthesise(weights, codes(weights, z_BZ))

    def draw(self, points_BK2: Tensor) -> Tensor:
        """Pictures of poses as it would like to draw them."""
        return self.look_of.draw(to_canvas(points_BK2))

    def hinges(self, z_BZ: Tensor, weights: Weights | None = None) -> Tensor:
        """Hinge coordinates (B, D) read off pictures, the bad ones too."""
        return self.hinge.split(normalised(self.reader(self.pictures(z_BZ, weights)))[0])

    def sound(self, z_BZ: Tensor) -> Tensor:
        """Which latents (B,) give pictures that are poses."""
        parts = [self.look_at(part).unexplained_B for part in torch.split(z_BZ, CHUNK)]
        return torch.cat(parts) <= self.config.reject

    def read(self, count: int, rng: torch.Generator, weights: Weights | None = None) -> Readings:
        """Draw and read, the bad ones too."""
        return self.look_at(self.noise(count, rng), weights)

    @torch.no_grad()
    def look_at(self, z_BZ: Tensor, weights: Weights | None = None) -> Readings:
        """Read the pictures of latents."""
        picture_BCSS = self.pictures(z_BZ, weights)
        canvas_BK2 = self.reader(picture_BCSS)
        left_B = unexplained(picture_BCSS, canvas_BK2, self.look_of)
        return Readings(picture_BCSS, normalised(canvas_BK2)[0], left_B)

    def poses(self, count: int, rng: torch.Generator, weights: Weights | None = None) -> Tensor:
        """Poses (N, K, 2) of pictures that were not rejected.

        A generator that draws next to no pose is not waited for: after so many pictures the least
        bad of them are taken, and :meth:`rejection_rate` tells.
        """
        points, left = list[Tensor](), list[Tensor]()
        kept = tried = 0
        while kept < count and tried < PATIENCE * count:
            _, points_BK2, left_B = self.read(min(CHUNK, max(count, 16)), rng, weights)
            points.append(points_BK2)
            left.append(left_B)
            kept, tried = kept + int((left_B <= self.config.reject).sum()), tried + len(left_B)
        points_MK2, left_M = torch.cat(points), torch.cat(left)
        good_M = left_M <= self.config.reject
        if kept >= count:
            return points_MK2[good_M][:count]
        return points_MK2[left_M.argsort()[:count]]

    def rejection_rate(
        self, count: int = 1024, seed: int = 0, weights: Weights | None = None
    ) -> float:
        """Share of its pictures that are no pose."""
        rng = torch.Generator().manual_seed(seed)
        left_N = in_chunks(lambda size: self.read(size, rng, weights).unexplained_B, count, CHUNK)
        return float((left_N > self.config.reject).float().mean())

    @torch.no_grad()
    def sample(self, n: int, seed: int) -> Tensor:
        """Poses (N, K, 2), centred and of unit size; the same for the same seed."""
        rng = torch.Generator().manual_seed(seed)
        return in_chunks(lambda count: self.poses(count, rng), n, CHUNK)

    def readout_error(self, points_NK2: Tensor) -> float:
        """Mean error of joints read off perfect pictures of poses, of the picture's side."""
        return readout_error(self.reader, self.look_of, points_NK2)

    def parts(self) -> dict[str, dict[str, Tensor]]:
        """All numbers it consists of."""
        return super().parts() | {"reader": dict(self.reader.state_dict())}

    @classmethod
    def revive(cls, skeleton: Skeleton, parts: Parts, config: Frozen) -> Self:
        """A generator whose ``parts`` were kept."""
        assert isinstance(config, ImageConfig)
        hinge = revive_hinge(skeleton, dict(parts.get("hinge", {})))
        return cls(hinge, parts["weights"], parts["critic"], parts["reader"], config)

    @property
    def transfers(self) -> Registry[type[Transfer]]:
        """What adapts it."""
        from poseshift.prior.image.transfers import IMAGE_TRANSFERS

        return IMAGE_TRANSFERS
