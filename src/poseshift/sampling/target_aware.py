"""Target-aware: source bins are drawn as the target's *predicted* poses ask for.

Our own; where the paper stops, as it would need the target's keypoints. Several times a run the
network that predicts looks at crops of the target. Joints it is sure of make poses, the source's
score tells which bins they fall into, and half of every batch follows that histogram. No label of
the target is near: what is looked at is an unlabelled domain.

Legend: M target crops, N source samples, K joints, k bins.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from pydantic import Field

from poseshift.data.domain import Indices, LabeledDomain, UnlabeledDomain
from poseshift.data.part import CropsPart
from poseshift.data.types import UNLABELED, VISIBLE, Bytes, Floats
from poseshift.nn.posenet import PoseNet
from poseshift.predict import Predictions, predict_crops
from poseshift.sampling.base import SAMPLERS
from poseshift.sampling.bin_sampler import BinSampler, BinSamplerConfig, Doubles
from poseshift.sampling.poses import normalized
from poseshift.sampling.scores import load_score

LOOKED_AT = 1000  # target crops
SMOOTHING = 1.0  # poses every bin is given, so that none is ruled out by a few predictions
FEWEST = 10  # poses from which a histogram is made


class TargetAwareConfig(BinSamplerConfig):
    """How often the target is looked at, and what for."""

    p: float = Field(0.5, ge=0, le=1, description="share drawn as the target's poses ask for")
    looks: int = Field(9, ge=1, description="times the target is looked at, evenly over the run")
    sure: float = Field(
        0.75, gt=0, le=1, description="share of the predicted joints, the surest, that count"
    )


def look_steps(steps: int, looks: int) -> tuple[int, ...]:
    """Steps before which the target is looked at; the first part of a run is uniform.

    Example:
        >>> look_steps(1000, 4), look_steps(3, 9)
        ((200, 400, 600, 800), (1, 2))
    """
    every = (round(steps * i / (looks + 1)) for i in range(1, looks + 1))
    return tuple(dict.fromkeys(step for step in every if 0 < step < steps))


def sure_visibility(confidence_MK: Floats, sure: float) -> Bytes:
    """Visibility of predictions: the surest joints of all, in crops with at least half of them.

    Example:
        >>> sure_visibility(np.float32([[0.9, 0.8], [0.1, 0.7], [0.2, 0.1]]), sure=0.5).tolist()
        [[2, 2], [0, 2], [0, 0]]
    """
    sure_MK = confidence_MK >= np.quantile(confidence_MK, 1 - sure)
    sure_MK &= (sure_MK.mean(1) >= 0.5)[:, None]
    return np.where(sure_MK, VISIBLE, UNLABELED).astype(np.uint8)


def histogram(bin_M: Indices, k: int) -> Doubles:
    """Shares of bins, smoothed.

    Example:
        >>> histogram(np.array([1, 1]), k=3).tolist()
        [0.2, 0.6, 0.2]
    """
    count_k = np.bincount(bin_M, minlength=k) + SMOOTHING
    return np.asarray(count_k / count_k.sum())


@SAMPLERS.register("target-aware")
class TargetAware(BinSampler):
    """Uniform, and as the target's predicted poses are, mixed."""

    Config = TargetAwareConfig
    config: TargetAwareConfig
    sees_target = True

    def __init__(self, config: Any, domain: LabeledDomain, steps: int, seed: int) -> None:
        super().__init__(config, domain, steps, seed)
        self.refreshes = look_steps(steps, config.looks)
        self.score = load_score(self.bins.folder)
        self.skeleton, self.of_pack = domain.pack.skeleton, domain.of_pack
        self.wanted_k: Doubles | None = None  # until the first look

    def shares(self, step: int) -> Doubles:
        """A function of the last look alone."""
        every_k = np.asarray(self.size_k / self.length)
        if self.wanted_k is None:
            return every_k
        wanted_k = self.wanted_k * (self.size_k > 0)
        return np.asarray((1 - self.config.p) * every_k + self.config.p * wanted_k / wanted_k.sum())

    def look(self, predictions: Predictions) -> None:
        """Take the histogram of what is predicted; too few sure poses change nothing."""
        visibility_MK = sure_visibility(predictions.confidence_NK.numpy(), self.config.sure)
        poses = normalized(*self._as_pack(predictions, visibility_MK), self.skeleton)
        score_M = self.score.scores(poses)
        score_M = score_M[np.isfinite(score_M)]
        if len(score_M) >= FEWEST:
            self.wanted_k = histogram(self.bins.find(score_M), self.bins.k)

    def _as_pack(self, predictions: Predictions, visibility_MK: Bytes) -> tuple[Floats, Bytes]:
        """Predicted joints in the order of the Pack, whose poses the score knows."""
        ours = [joint for joint, theirs in enumerate(self.of_pack) if theirs >= 0]
        theirs = [self.of_pack[joint] for joint in ours]
        keypoints = np.full((len(visibility_MK), len(self.skeleton), 2), np.nan, np.float32)
        visibility = np.zeros(keypoints.shape[:2], np.uint8)
        keypoints[:, theirs] = predictions.keypoints_NK2.numpy()[:, ours]
        visibility[:, theirs] = visibility_MK[:, ours]
        return keypoints, visibility

    def state(self) -> dict[str, Any]:
        """The last look."""
        return {} if self.wanted_k is None else {"wanted_k": torch.from_numpy(self.wanted_k)}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from the last look."""
        self.wanted_k = state["wanted_k"].numpy() if "wanted_k" in state else None


def look_at(
    target: UnlabeledDomain, network: PoseNet, side: int, *, device: str, precision: str
) -> Predictions:
    """What a network predicts on crops spread evenly over the target."""
    count = min(LOOKED_AT, len(target))
    index_M = np.arange(count) * len(target) // count
    crops = CropsPart(target.crops, index_M)
    return predict_crops(network, crops, side, device=device, precision=precision)
