"""Chorus: several transfers at once, each as loud as it foretells target poses it has not seen.

Ours, no paper. Voices are the source, the hinge map, the tilt, FlexPose, the target's own poses
blurred hinge by hinge, and careful fine-tuning: all of them keep limbs limbs. Every voice is fitted
on four fifths of the target poses and judged by the last fifth, in turn. The energy score of a
mixture with weights w,

    2 sum_c w_c E|X_c - y| - sum_cd w_c w_d E|X_c - X_d|,

is a quadratic form, so the best weights on the poses left out are found at once; a pull of strength
1 / n towards equal voices keeps ten poses from deciding too much. Then every voice is fitted on all
target poses.

Legend: n target poses, C voices, B samples of a voice.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from pydantic import Field
from torch import Tensor

from poseshift.prior.energy import apart, spread
from poseshift.prior.generator import Generator
from poseshift.prior.transfers.base import TRANSFERS, Learned, Transfer, TransferConfig
from poseshift.prior.transfers.folds import folds

# In a list, not a mapping: a name may come twice.
VOICES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("source", {}),
    ("hinge_map", {}),
    ("tilt", {}),
    ("flexpose", {}),
    ("kde", {}),
    ("finetune", {}),
)
JUDGED = 600  # samples of a voice it is judged by
STEPS = 500  # of mirror descent


class ChorusConfig(TransferConfig):
    """Settings of the chorus."""

    even: float = Field(3.0, ge=0, le=100, description="pull towards equal voices, times 1 / n")


@TRANSFERS.register("chorus")
class Chorus(Transfer):
    """A mixture of transfers."""

    name = "chorus"
    Config = ChorusConfig

    @classmethod
    def learn_all(
        cls,
        generator: Generator,
        targets: Sequence[Tensor],
        config: TransferConfig,
        seeds: Sequence[int],
    ) -> list[Learned]:
        """Every voice learns from all draws and all their folds side by side."""
        assert isinstance(config, ChorusConfig)
        parts, owner = [], []
        for target, seed in zip(targets, seeds, strict=True):
            own = [target[kept] for kept, _ in folds(len(target), seed)]
            parts += [*own, target]
            owner += [seed] * (len(own) + 1)
        choirs = sing(generator, parts, owner)
        learned, each = [], len(parts) // len(targets)
        for run, (target, seed) in enumerate(zip(targets, seeds, strict=True)):
            *judged, whole = choirs[run * each : (run + 1) * each]
            left = [target[rows] for _, rows in folds(len(target), seed)]
            learned.append(_learned(generator, judged, whole, left, config, seed))
        return learned

    def draw(self, count: int, rng: torch.Generator) -> Tensor:
        """Samples of voices, each as often as its weight says, in random order."""
        shares = torch.multinomial(self.learned["weight_C"], count, replacement=True, generator=rng)
        poses = torch.empty(count, len(self.generator.skeleton), 2)
        for place, voice in enumerate(self.voices()):
            mine_B = shares == place
            if mine_B.any():
                poses[mine_B] = voice.draw(int(mine_B.sum()), rng)
        return poses

    def voices(self) -> list[Transfer]:
        """The transfers that sing."""
        return [
            TRANSFERS[name].revive(
                self.generator, part(self.learned, f"voice.{place}."), told(name, settings)
            )
            for place, (name, settings) in enumerate(VOICES)
        ]


def sing(
    generator: Generator, targets: Sequence[Tensor], seeds: Sequence[int]
) -> list[list[Transfer]]:
    """All voices for each of several draws of target poses."""
    choirs: list[list[Transfer]] = [[] for _ in targets]
    for name, settings in VOICES:
        kind, config = TRANSFERS[name], told(name, settings)
        for choir, learned in zip(
            choirs, kind.learn_all(generator, targets, config, seeds), strict=True
        ):
            choir.append(kind.revive(generator, learned, config))
    return choirs


def _learned(
    generator: Generator,
    judged: Sequence[Sequence[Transfer]],
    whole: Sequence[Transfer],
    left: Sequence[Tensor],
    config: ChorusConfig,
    seed: int,
) -> Learned:
    """Weights from the voices of the folds, and what the voices of all poses have learned."""
    reach_C, between_CC = torch.zeros(len(VOICES)), torch.zeros(len(VOICES), len(VOICES))
    count = sum(map(len, left))
    for voices, poses in zip(judged, left, strict=True):
        reach, between = heard(generator, voices, poses, seed)
        reach_C += len(poses) / count * reach
        between_CC += len(poses) / count * between
    learned = {"weight_C": balanced(reach_C, between_CC, config.even / count)}
    for place, voice in enumerate(whole):
        learned |= {f"voice.{place}.{name}": value for name, value in voice.learned.items()}
    return learned


@torch.no_grad()
def heard(
    generator: Generator, voices: Sequence[Transfer], left_nK2: Tensor, seed: int
) -> tuple[Tensor, Tensor]:
    """Mean distances of voices to poses left out (C,), and to each other (C, C)."""
    split = generator.hinge.split
    samples = [voice.sample(JUDGED, seed + place) for place, voice in enumerate(voices)]
    seen_C = [generator.look(split(points), points) for points in samples]
    left = generator.look(split(left_nK2), left_nK2)
    reach = [sum(apart(a, b).mean() for a, b in zip(own, left, strict=True)) for own in seen_C]
    between = [
        [
            sum(
                spread(a) if i == j else apart(a, b).mean() for a, b in zip(one, other, strict=True)
            )
            for j, other in enumerate(seen_C)
        ]
        for i, one in enumerate(seen_C)
    ]
    return torch.tensor(reach), torch.tensor(between)


def balanced(reach_C: Tensor, between_CC: Tensor, even: float) -> Tensor:
    """Weights of least 2 w'a - w'Dw + even KL(w | equal), by mirror descent.

    Example:
        >>> between = torch.ones(2, 2) - torch.eye(2)
        >>> balanced(torch.tensor([1.0, 3.0]), between, 0.01).round(decimals=2)
        tensor([1., 0.])
    """
    log_C = torch.zeros_like(reach_C)
    for _ in range(STEPS):
        slope_C = 2 * (reach_C - between_CC @ log_C.softmax(0)) + even * log_C.log_softmax(0)
        log_C = log_C - 0.5 * (slope_C - slope_C.mean())
    return log_C.softmax(0)


def part(learned: Learned, prefix: str) -> dict[str, Tensor]:
    """The entries under a prefix, without it.

    Example:
        >>> part({"a.x": torch.tensor(1), "b.x": torch.tensor(2)}, "b.")
        {'x': tensor(2)}
    """
    return {k.removeprefix(prefix): v for k, v in learned.items() if k.startswith(prefix)}


def told(name: str, settings: dict[str, Any]) -> TransferConfig:
    """Settings of a voice."""
    return TRANSFERS[name].Config(**settings)
