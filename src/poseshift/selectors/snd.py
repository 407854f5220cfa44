"""Soft neighbourhood density: whether predictions form dense neighbourhoods.

Saito et al., Tune it the Right Way: Unsupervised Validation of Domain Adaptation via Soft
Neighborhood Density, ICCV 2021. Theirs compares softmax outputs of images; here two images are as
similar as their joints' softmax heatmaps on average. It is fooled by predictions that are all the
same: they are their own dense neighbourhood.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F

from poseshift.selectors.base import SELECTORS, Evidence

TEMPERATURE = 0.05  # published


@SELECTORS.register("snd")
def snd(evidence: Evidence) -> float:
    """Mean entropy of the distribution over an image's neighbours, in nats."""
    unit_NKP = F.normalize(evidence.share_NKP, dim=-1)
    images, joints, _ = unit_NKP.shape
    if images < 2:
        return float("nan")
    alike_NN = torch.einsum("nkp,mkp->nm", unit_NKP, unit_NKP) / joints
    others_NN = alike_NN[~torch.eye(images, dtype=torch.bool)].view(images, images - 1)
    log_share_NN = (others_NN / TEMPERATURE).log_softmax(-1)
    return float(-(log_share_NN.exp() * log_share_NN).sum(-1).mean())
