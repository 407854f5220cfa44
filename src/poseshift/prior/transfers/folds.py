"""Choosing by the target poses alone: every pose is foretold by a fit that did not see it.

Legend: n target poses, B samples, C settings, R draws of target poses.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

import torch
from torch import Tensor

from poseshift.prior.energy import energy_distance
from poseshift.prior.generator import Generator

if TYPE_CHECKING:
    from poseshift.prior.transfers.base import Transfer, TransferConfig

C = TypeVar("C", bound="TransferConfig")
FOLDS = 5
JUDGED = 1000  # samples a fit is judged by


def folds(count: int, seed: int, parts: int = FOLDS) -> list[tuple[Tensor, Tensor]]:
    """Rows to learn from and rows left out, in random parts of nearly equal size.

    Example:
        >>> [(len(kept), len(left)) for kept, left in folds(12, seed=0)]
        [(9, 3), (9, 3), (10, 2), (10, 2), (10, 2)]
    """
    rng = torch.Generator().manual_seed(seed)
    order = torch.randperm(count, generator=rng)
    left = [order[part::parts] for part in range(parts)]
    return [(torch.cat([*left[:i], *left[i + 1 :]]), left[i]) for i in range(parts)]


def search(
    kind: type[Transfer],
    generator: Generator,
    targets: Sequence[Tensor],
    configs: Sequence[C],
    seeds: Sequence[int],
) -> list[C]:
    """For each draw the settings whose fits foretell the poses left out best; of equals the first.

    The same search for every transfer: nothing but the draw itself is looked at.
    """
    parts = [folds(len(target), seed) for target, seed in zip(targets, seeds, strict=True)]
    kept = [target[rows] for target, own in zip(targets, parts, strict=True) for rows, _ in own]
    owners = [seed for seed in seeds for _ in range(FOLDS)]
    worth_CR = torch.zeros(len(configs), len(targets))
    for choice, config in enumerate(configs):
        fits = iter(kind.learn_all(generator, kept, config, owners))
        for run, (target, own, seed) in enumerate(zip(targets, parts, seeds, strict=True)):
            for _, left in own:
                points_BK2 = kind.revive(generator, next(fits), config).sample(JUDGED, seed)
                found = surprise(generator, points_BK2, target[left])
                worth_CR[choice, run] += len(left) * found
    return [configs[choice] for choice in worth_CR.argmin(0).tolist()]


@torch.no_grad()
def surprise(generator: Generator, sample_BK2: Tensor, left_nK2: Tensor) -> float:
    """Mean energy score of samples for poses left out, up to a factor of 2: lower is better."""
    split = generator.hinge.split
    seen = generator.look(split(sample_BK2), sample_BK2)
    return float(energy_distance(seen, generator.look(split(left_nK2), left_nK2)))
