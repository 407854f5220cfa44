"""Two plain scores: how far a pose is from the mean pose, and from its neighbours.

Both are squared distances a joint, in box diagonals, over the joints that both poses have.

Legend: B or N poses, R reference poses, K joints.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from poseshift.sampling.poses import Poses
from poseshift.sampling.scores import SCORES, PoseScore, ScoreConfig, tensors

SAME = 1e-6  # below this two poses are one, as float32 tells them


class MeanConfig(ScoreConfig):
    """Nothing to set but what every score has."""

    name: str = "mean"


@SCORES.register("mean")
class MeanDistance(PoseScore):
    """Distance to the mean pose."""

    Config = MeanConfig
    mean_1K2: Tensor

    def __init__(self, joints: int, config: MeanConfig) -> None:
        super().__init__(joints, config)
        self.register_buffer("mean_1K2", torch.zeros(1, joints, 2))

    @classmethod
    def fit(
        cls,
        poses: Poses,
        config: MeanConfig,
        progress: Callable[[int, int], object] = lambda done, total: None,
    ) -> Self:
        """Average each joint where it is labelled."""
        self = cls(poses.pose_NK2.shape[1], config)
        pose_NK2, mask_NK = tensors(poses)
        self.mean_1K2[0] = pose_NK2.double().sum(0) / mask_NK.sum(0).clamp(min=1)[:, None]
        return self

    def score(self, pose_BK2: Tensor, mask_BK: Tensor) -> Tensor:
        """Mean squared distance of the labelled joints."""
        return distance(pose_BK2, mask_BK, self.mean_1K2, torch.ones_like(mask_BK[:1]))[:, 0]


class KnnConfig(ScoreConfig):
    """How many neighbours of how many."""

    name: str = "knn"
    neighbour: int = Field(10, ge=1, description="the one whose distance counts")
    references: int = Field(4000, ge=1, description="poses among which neighbours are looked for")


@SCORES.register("knn")
class NeighbourDistance(PoseScore):
    """Distance to the k-th nearest of some reference poses, the pose itself not counted."""

    Config = KnnConfig
    config: KnnConfig
    pose_RK2: Tensor
    mask_RK: Tensor

    def __init__(self, joints: int, config: KnnConfig) -> None:
        super().__init__(joints, config)
        self.register_buffer("pose_RK2", torch.zeros(config.references, joints, 2))
        # A Pack may have fewer poses: rows that are masked are nobody's neighbours.
        self.register_buffer("mask_RK", torch.zeros(config.references, joints, dtype=torch.bool))

    @classmethod
    def fit(
        cls,
        poses: Poses,
        config: KnnConfig,
        progress: Callable[[int, int], object] = lambda done, total: None,
    ) -> Self:
        """Keep some poses, drawn at random."""
        self = cls(poses.pose_NK2.shape[1], config)
        order_N = np.random.default_rng(config.seed).permutation(len(poses))
        pose_NK2, mask_NK = tensors(poses)
        chosen_R = torch.from_numpy(np.sort(order_N[: config.references]))
        self.pose_RK2[: len(chosen_R)] = pose_NK2[chosen_R]
        self.mask_RK[: len(chosen_R)] = mask_NK[chosen_R]
        return self

    def score(self, pose_BK2: Tensor, mask_BK: Tensor) -> Tensor:
        """Mean squared distance of the joints both have."""
        away_BR = distance(pose_BK2, mask_BK, self.pose_RK2, self.mask_RK)
        last = int(self.mask_RK.any(1).sum()) - 1
        near_Bn = away_BR.topk(min(self.config.neighbour, last) + 1, largest=False).values
        itself_B = near_Bn[:, 0] <= SAME
        return torch.where(itself_B, near_Bn[:, -1], near_Bn[:, max(-2, -near_Bn.shape[1])])


def distance(pose_BK2: Tensor, mask_BK: Tensor, other_RK2: Tensor, mask_RK: Tensor) -> Tensor:
    """Mean squared distance (B, R) over the joints both poses have; infinite without any.

    Example:
        >>> mask = torch.tensor([[True, False]])
        >>> distance(torch.ones(1, 2, 2), mask, torch.zeros(1, 2, 2), ~mask | mask)
        tensor([[2.]])
    """
    a_BK, b_RK = mask_BK.to(pose_BK2), mask_RK.to(other_RK2)
    pose_BK2, other_RK2 = pose_BK2 * a_BK[..., None], other_RK2 * b_RK[..., None]
    squares_BR = pose_BK2.square().sum(-1) @ b_RK.T + a_BK @ other_RK2.square().sum(-1).T
    product_BR = pose_BK2.flatten(1) @ other_RK2.flatten(1).T
    common_BR = a_BK @ b_RK.T
    return ((squares_BR - 2 * product_BR).clamp(min=0) / common_BR).where(common_BR > 0, torch.inf)
