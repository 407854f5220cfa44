"""A critic of poses: three layers on what a pose looks like, logistic loss and R1.

    L_D = softplus(-D(true)) + softplus(D(false)) + gamma/2 |grad D(true)|^2
    L_G = softplus(-D(false))

Mescheder et al., "Which Training Methods for GANs do actually Converge?", ICML 2018.

Legend: R runs (a leading dimension, or none), B poses, F features.
"""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor

from poseshift.prior.stylenet import Weights, affine

WIDTH = 128
GAMMA = 1.0
HEAD = ("D.2", "D.3")  # what FreezeD trains; the layers before read poses alike in all domains


def begin_critic(features: int, rng: torch.Generator) -> dict[str, Tensor]:
    """Random weights for poses of so many features."""
    widths = (features, WIDTH, WIDTH, WIDTH, 1)
    weights = {}
    for layer, (before, after) in enumerate(pairwise(widths)):
        weights[f"D.{layer}.weight"] = torch.randn(after, before, generator=rng) / before**0.5
        weights[f"D.{layer}.bias"] = torch.zeros(after)
    return weights


def judged(weights: Weights, pose_BF: Tensor) -> Tensor:
    """Logits (B,): positive for what looks true."""
    for layer in range(3):
        pose_BF = F.leaky_relu(affine(pose_BF, weights, f"D.{layer}"), 0.2)
    return affine(pose_BF, weights, "D.3")[..., 0]


def critic_loss(weights: Weights, true_BF: Tensor, false_BF: Tensor) -> Tensor:
    """What the critic minimises, one a run."""
    true_BF = true_BF.detach().requires_grad_()
    true_B = judged(weights, true_BF)
    (slope_BF,) = torch.autograd.grad(true_B.sum(), true_BF, create_graph=True)
    penalty = GAMMA / 2 * slope_BF.square().sum(-1).mean(-1)
    return F.softplus(-true_B).mean(-1) + F.softplus(judged(weights, false_BF)).mean(-1) + penalty


def fooling_loss(weights: Weights, false_BF: Tensor) -> Tensor:
    """What a generator minimises, one a run."""
    return F.softplus(-judged(weights, false_BF)).mean(-1)
