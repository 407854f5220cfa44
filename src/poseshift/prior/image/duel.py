"""Generator against critic: the loop that pre-training and every transfer share.

    L_D = softplus(-D(true)) + softplus(D(false)) + gamma/2 |grad D(true)|^2
    L_G = softplus(-D(false))

The penalty (R1; Mescheder et al., ICML 2018) is taken every 16th step, 16 times as strong, as in
StyleGAN2. What is kept of the generator is its average over the last steps; a number that is where
it began at the end (a proximal step put it back) is kept exactly there.

Legend: B pictures, C channels, S side.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from poseshift.nn.ema import ema_decay
from poseshift.prior.image.critic import judged

Values = Mapping[str, Tensor]
LAZY = 16  # steps between penalties
BETAS = (0.0, 0.99)


class Pace(NamedTuple):
    """How a duel goes.

    Attributes:
        steps: Updates of each side.
        lr: Of Adam, for the maker.
        critic_lr: Of Adam, for the critic.
        gamma: Strength of the penalty.
        decay: Of the average that is kept.
        nudge: Pixels that true and false pictures are moved by before the critic sees them, by
            chance and alike for all; 0 for none.
        bf16: Whether networks multiply in bfloat16; weights and their updates stay as they are.
    """

    steps: int
    lr: float
    critic_lr: float
    gamma: float
    decay: float
    nudge: int = 0
    bf16: bool = False


def duel(
    maker: Values,
    critic: Values,
    false: Callable[[Values], Tensor],
    true: Callable[[], Tensor],
    pace: Pace,
    rng: torch.Generator,
    *,
    frozen: Values | None = None,
    shrink: Callable[[Values, float], None] | None = None,
    report: Callable[[int, float], None] | None = None,
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Train both sides in turn.

    Args:
        maker: What the generator's side may move; not changed.
        critic: What the critic's side may move; not changed.
        false: Generated pictures (B, C, S, S) by values of the maker.
        true: True pictures.
        pace: Steps, rates and strengths.
        rng: Of the nudges.
        frozen: Weights of the critic that do not move.
        shrink: Applied in place to the maker after each of its updates, told the rate.
        report: Called with the step and the maker's loss, now and then.

    Returns:
        The maker's average and the critic's last values.
    """
    ours, theirs = _leaves(maker), _leaves(critic)
    average = {name: value.detach().clone() for name, value in maker.items()}
    adam_ours, adam_theirs = (
        torch.optim.Adam(list(side.values()), lr=lr, betas=BETAS, foreach=True)
        for side, lr in ((ours, pace.lr), (theirs, pace.critic_lr))
    )
    sees = {**(frozen or {}), **theirs}
    mixed = partial(torch.autocast, "cpu", torch.bfloat16, enabled=pace.bf16)
    for step in range(pace.steps):
        with mixed():
            made = false(ours)
        drawn_true, drawn_made = nudged([true(), made.detach()], pace.nudge, rng)
        adam_theirs.zero_grad()
        penalty = pace.gamma * LAZY if step % LAZY == 0 else 0.0
        with mixed():
            told = critic_loss(sees, drawn_true, drawn_made, penalty)
        torch.autograd.backward(told)
        adam_theirs.step()
        adam_ours.zero_grad()
        still = {name: value.detach() for name, value in sees.items()}
        with mixed():
            logit_B = judged(still, nudged([made], pace.nudge, rng)[0])
        loss = F.softplus(-logit_B).mean()
        torch.autograd.backward(loss)
        adam_ours.step()
        with torch.no_grad():
            if shrink is not None:
                shrink(ours, pace.lr)
            decay = ema_decay(pace.decay, step)
            for name, value in ours.items():
                average[name].lerp_(value, 1 - decay)
        if report is not None and (step + 1) % 20 == 0:
            report(step + 1, float(loss.detach()))
    kept = {
        name: value.where(ours[name].detach() != maker[name], maker[name])
        for name, value in average.items()
    }
    return kept, {name: value.detach() for name, value in theirs.items()}


def critic_loss(critic: Values, true_BCSS: Tensor, false_BCSS: Tensor, gamma: float) -> Tensor:
    """What the critic minimises; without the penalty where gamma is 0."""
    true_BCSS = true_BCSS.detach().requires_grad_(gamma > 0)
    true_B = judged(critic, true_BCSS)
    loss = F.softplus(-true_B).mean() + F.softplus(judged(critic, false_BCSS)).mean()
    if gamma == 0:
        return loss
    (slope_BCSS,) = torch.autograd.grad(true_B.sum(), true_BCSS, create_graph=True)
    return loss + gamma / 2 * slope_BCSS.square().sum((1, 2, 3)).mean()


def nudged(pictures: list[Tensor], by: int, rng: torch.Generator) -> list[Tensor]:
    """Batches moved by up to so many pixels, with the dark of -1 coming in at the edge.

    Example:
        >>> picture = torch.ones(1, 1, 4, 4)
        >>> nudged([picture], 0, torch.Generator())[0] is picture
        True
    """
    if by == 0:
        return pictures
    x, y = torch.randint(2 * by + 1, (2,), generator=rng).tolist()
    side = pictures[0].shape[-1]
    wide = [F.pad(picture, (by, by, by, by), value=-1.0) for picture in pictures]
    return [picture[..., y : y + side, x : x + side] for picture in wide]


def _leaves(values: Values) -> dict[str, Tensor]:
    return {name: value.detach().clone().requires_grad_() for name, value in values.items()}
