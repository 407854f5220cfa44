"""The generator of a source's poses: trained once, kept, sampled by the million.

The style network learns from whole source poses by energy distance (:mod:`poseshift.prior.energy`):
nothing adversarial, so nothing to balance, and the same numbers again for the same seed. Beside it
a critic learns to tell its poses from the source's; the generator never sees it. It is what FreezeD
starts from.

Legend: N S poses, B batch, K joints, D hinge coordinates, Z latent.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, ClassVar, Self

import torch
from pydantic import Field
from torch import Tensor

from poseshift.errors import BadInput
from poseshift.prior.critic import begin_critic, critic_loss
from poseshift.prior.descent import descend
from poseshift.prior.energy import energy_distance, features
from poseshift.prior.hinge import Hinge, away, hinge_for, revive_hinge
from poseshift.prior.poses import PoseSet, normalised
from poseshift.prior.stylenet import NetConfig, Weights, begin, styles, synthesise
from poseshift.registry import Registry
from poseshift.settings import Frozen
from poseshift.skeleton import Skeleton

if TYPE_CHECKING:
    from poseshift.prior.transfers.base import Transfer

FEWEST = 100  # source poses below which there is no distribution to speak of
CHUNK = 1024  # poses at a time: their activations stay in the cache
FIXED = ("mean", "sd")  # measured, not learned
Report = Callable[[int, float], None]
Parts = Mapping[str, Mapping[str, Tensor]]


GENERATORS: Registry[type[Generator]] = Registry(
    "generators",
    {"coordinates": "poseshift.prior.generator", "image": "poseshift.prior.image.generator"},
)


class GeneratorConfig(Frozen):
    """How a generator is trained."""

    net: NetConfig = NetConfig()
    steps: int = Field(4000, ge=1, le=1_000_000, description="updates")
    batch: int = Field(256, ge=8, le=16384, description="poses of either kind in an update")
    lr: float = Field(5e-3, gt=0, le=1, description="of Adam, falling along half a cosine")
    critic_steps: int = Field(800, ge=0, le=100_000, description="updates of the critic")


@GENERATORS.register("coordinates")
class Generator:
    """Poses from noise.

    Args:
        hinge: The coordinates it speaks in.
        weights: Of the style network.
        critic: Tells its poses from the source's.
        config: How it came about.

    Example:
        >>> from poseshift.skeleton import skeleton
        >>> hands = PoseSet.of(torch.randn(200, 21, 2), skeleton("hand21"))
        >>> brief = GeneratorConfig(steps=2, batch=8, critic_steps=2)
        >>> Generator.fit(hands, brief, seed=0).sample(5, seed=1).shape
        torch.Size([5, 21, 2])
    """

    name: ClassVar[str] = "coordinates"
    usual: ClassVar[str] = "chorus"  # of its transfers
    Config: ClassVar[type[Frozen]] = GeneratorConfig

    def __init__(
        self, hinge: Hinge, weights: Weights, critic: Weights, config: GeneratorConfig
    ) -> None:
        self.hinge, self.config = hinge, config
        self.weights, self.critic = dict(weights), dict(critic)

    @property
    def skeleton(self) -> Skeleton:
        """The joints of its poses."""
        return self.hinge.skeleton

    @classmethod
    def fit(
        cls,
        source: PoseSet,
        config: GeneratorConfig | None = None,
        seed: int = 0,
        report: Report | None = None,
    ) -> Self:
        """Learn the distribution of a source's whole poses.

        Args:
            source: Poses; those with a joint missing are left out.
            config: Of training.
            seed: Of all random numbers.
            report: Called with the step and the loss, now and then.
        """
        config, whole_SK2 = config or GeneratorConfig(), enough(source)
        rng = torch.Generator().manual_seed(seed)
        hinge = hinge_for(source.skeleton, whole_SK2)
        whole_SK2 = hinge.opened(whole_SK2)
        hinge_SD = hinge.split(whole_SK2)
        start = begin(config.net, *middle(hinge_SD, hinge.angle_D), rng)
        made = cls(hinge, start, {}, config)
        fixed = {name: start.pop(name) for name in FIXED}

        def batch() -> Tensor:
            return torch.randint(len(hinge_SD), (config.batch,), generator=rng)

        def loss(values: Weights, step: int) -> Tensor:
            rows = batch()
            false_BD = made.hinges(made.noise(config.batch, rng), {**values, **fixed})
            return energy_distance(made.look(false_BD), made.look(hinge_SD[rows], whole_SK2[rows]))

        made.weights = descend(start, loss, config.lr, config.steps, report=report) | fixed
        made.critic = made._train_critic(hinge_SD, batch, rng)
        return made

    def _train_critic(
        self, hinge_SD: Tensor, batch: Callable[[], Tensor], rng: torch.Generator
    ) -> dict[str, Tensor]:
        """Tell the finished generator's poses from the source's."""
        count = self.config.batch

        def loss(values: Weights, step: int) -> Tensor:
            with torch.no_grad():
                false = torch.cat(self.look(self.hinges(self.noise(count, rng))), -1)
                true = torch.cat(self.look(hinge_SD[batch()]), -1)
            return critic_loss(values, true, false)

        width = sum(part.shape[-1] for part in self.look(hinge_SD[:1]))
        return descend(begin_critic(width, rng), loss, 1e-3, self.config.critic_steps)

    def noise(self, count: int, rng: torch.Generator) -> Tensor:
        """Latents (B, Z)."""
        return torch.randn(count, self.config.net.latent, generator=rng)

    def hinges(self, z_BZ: Tensor, weights: Weights | None = None) -> Tensor:
        """Hinge coordinates (B, D) of latents, by its own or an adapted network's weights."""
        weights = self.weights if weights is None else weights
        return synthesise(weights, styles(weights, z_BZ))

    def sound(self, z_BZ: Tensor) -> Tensor:
        """Which latents (B,) give poses; here all of them do."""
        return torch.ones(len(z_BZ), dtype=torch.bool)

    def place(self, hinge_BD: Tensor) -> Tensor:
        """Joints (B, K, 2), centred and of unit size."""
        return normalised(self.hinge.join(hinge_BD))[0]

    def look(self, hinge_BD: Tensor, points_BK2: Tensor | None = None) -> list[Tensor]:
        """Poses as distances between them are measured."""
        points_BK2 = self.place(hinge_BD) if points_BK2 is None else points_BK2
        return features(hinge_BD, points_BK2, self.hinge, self.weights["sd"])

    def poses(self, count: int, rng: torch.Generator) -> Tensor:
        """Poses (B, K, 2) of new latents."""
        return self.place(self.hinges(self.noise(count, rng)))

    @torch.no_grad()
    def sample(self, n: int, seed: int) -> Tensor:
        """Poses (N, K, 2), centred and of unit size; the same for the same seed."""
        rng = torch.Generator().manual_seed(seed)
        return in_chunks(lambda count: self.poses(count, rng), n)

    def parts(self) -> dict[str, dict[str, Tensor]]:
        """All numbers it consists of, for saving."""
        return {"weights": self.weights, "critic": self.critic, "hinge": self.hinge.arrays()}

    @classmethod
    def revive(cls, skeleton: Skeleton, parts: Parts, config: Frozen) -> Self:
        """A generator whose ``parts`` were kept."""
        assert isinstance(config, GeneratorConfig)
        if parts["weights"]["mean"].shape != (2 * len(skeleton),):
            raise ValueError(f"its weights are not those of {skeleton.name}")
        hinge = revive_hinge(skeleton, dict(parts.get("hinge", {})))
        return cls(hinge, parts["weights"], parts.get("critic", {}), config)

    @property
    def transfers(self) -> Registry[type[Transfer]]:
        """What adapts it."""
        from poseshift.prior.transfers.base import TRANSFERS

        return TRANSFERS


def enough(source: PoseSet) -> Tensor:
    """The whole poses of a source (S, K, 2), if they are a distribution to learn."""
    whole_SK2 = source.whole().points_NK2
    if len(whole_SK2) < FEWEST:
        raise BadInput(
            f"{len(whole_SK2)} of {len(source)} poses have all joints, a generator needs {FEWEST}",
            where=source.name,
            fix="give more poses, or map them to a skeleton with fewer joints",
        )
    return whole_SK2


def in_chunks(draw: Callable[[int], Tensor], n: int, size: int = CHUNK) -> Tensor:
    """The first n of what ``draw`` gives, a chunk at a time; fewer are the beginning of more.

    Example:
        >>> in_chunks(torch.zeros, 10_000).shape
        torch.Size([10000])
    """
    if n < 1:
        raise BadInput(f"expected at least one pose to sample, found {n}", fix="ask for 1 or more")
    return torch.cat([draw(size) for _ in range(math.ceil(n / size))])[:n]


def middle(hinge_ND: Tensor, angle_D: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and deviation of hinge coordinates; of angles the circular mean, and around it.

    Example:
        >>> mean, deviation = middle(torch.tensor([[3.0], [-3.0]]), torch.tensor([True]))
        >>> round(abs(float(mean)), 3), round(float(deviation), 3)
        (3.142, 0.142)
    """
    circular_D = torch.atan2(hinge_ND.sin().mean(-2), hinge_ND.cos().mean(-2))
    mean_D = circular_D.where(angle_D, hinge_ND.mean(-2))
    spread_D = away(hinge_ND, mean_D[..., None, :], angle_D).square().mean(-2).sqrt()
    return mean_D, spread_D.clamp(min=1e-3)
