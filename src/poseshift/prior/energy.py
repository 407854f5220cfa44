"""Energy distance and energy score: how far samples are from poses, with nothing to train.

The energy distance of two laws is 2 E|X-Y| - E|X-X'| - E|Y-Y'|, 0 for equal laws alone. Its half
for a single y, E|X-y| - E|X-X'| / 2, is the energy score, a strictly proper one (Gneiting &
Raftery, 2007): its mean over poses left out says which of several samplers foretells them best.

Poses are compared by their joints and by their hinges, so that a limb of false length or a joint
bent the wrong way counts however little its end moves.

Legend: R independent runs (a leading dimension, or none), B samples, N poses, F features.
"""

from __future__ import annotations

import torch
from torch import Tensor

from poseshift.prior.hinge import Hinge

BENDS = 0.5  # weight of the distance between hinges against that between joints


def features(hinge_BD: Tensor, points_BK2: Tensor, hinge: Hinge, spread_D: Tensor) -> list[Tensor]:
    """A pose seen in two ways: its joints, and its hinges in units of the source's spread."""
    angle_D = hinge.angle_D
    turn_BA, rest_BL = hinge_BD[..., angle_D], hinge_BD[..., ~angle_D][..., 2:]
    rest_BL = rest_BL / spread_D[~angle_D][2:]
    bends = torch.cat([turn_BA.cos(), turn_BA.sin(), 0.5 * rest_BL.clamp(-20, 20)], -1)
    return [points_BK2.flatten(-2), BENDS * bends]


def energy_distance(x: list[Tensor], y: list[Tensor]) -> Tensor:
    """Energy distance but for its constant E|Y-Y'|, summed over the views of a pose; one a run.

    Example:
        >>> x = torch.randn(500, 3, generator=torch.Generator().manual_seed(0))
        >>> near, far = energy_distance([x], [x[:250]]), energy_distance([x], [x[:250] + 2])
        >>> bool(near < far)
        True
    """
    terms = [2 * apart(a, b).mean((-2, -1)) - spread(a) for a, b in zip(x, y, strict=True)]
    return torch.stack(terms).sum(0)


def spread(x_BF: Tensor) -> Tensor:
    """E|X-X'| over pairs of different samples.

    Example:
        >>> spread(torch.tensor([[0.0], [3.0]])).round()
        tensor(3.)
    """
    count = x_BF.shape[-2]
    return apart(x_BF, x_BF).sum((-2, -1)) / (count * (count - 1))


def apart(x_BF: Tensor, y_NF: Tensor) -> Tensor:
    """Distances (B, N); smooth at 0, so that a sample on top of a pose has a gradient."""
    square_BN = (
        x_BF.square().sum(-1)[..., :, None]
        + y_NF.square().sum(-1)[..., None, :]
        - 2 * x_BF @ y_NF.mT
    )
    return square_BN.clamp(min=1e-6).sqrt()
