"""What a score of poses is: fitted to the source's poses, higher for rarer and harder ones.

To add one, copy ``distances.py``: a :class:`PoseScore` with a config. Everything it learned is
a parameter or a buffer, so that any score is kept as a safetensors file and a JSON beside it.

Legend: B or N poses, K joints.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
from pydantic import Field
from safetensors import SafetensorError
from safetensors.torch import load_file
from safetensors.torch import save as to_bytes
from torch import Tensor, nn

from poseshift.data.types import Floats
from poseshift.errors import BadInput
from poseshift.files import write_atomic, write_json
from poseshift.registry import Registry
from poseshift.sampling.poses import Poses
from poseshift.settings import Frozen, own_settings

ROWS = 4096  # poses scored at a time: results must not depend on who scores how many
USUAL = "knn"  # agrees best with true densities, see docs/benchmarks.md
WEIGHTS, SHAPE = "score.safetensors", "score.json"


class ScoreConfig(Frozen):
    """Settings of every score; with the Pack they decide its numbers."""

    name: str = ""
    poses: int = Field(100_000, ge=1, description="poses it is fitted to, spread over the Pack")
    seed: int = Field(0, ge=0)


class PoseScore(nn.Module, ABC):
    """A score that can be fitted, applied and kept.

    Args:
        joints: Of a pose.
        config: Its settings.
    """

    Config: ClassVar[type[ScoreConfig]] = ScoreConfig

    def __init__(self, joints: int, config: Any) -> None:
        super().__init__()
        self.joints, self.config = joints, config

    @classmethod
    @abstractmethod
    def fit(
        cls,
        poses: Poses,
        config: Any,
        progress: Callable[[int, int], object] = lambda done, total: None,
    ) -> Self:
        """Learn what is usual from some poses."""

    @abstractmethod
    def score(self, pose_BK2: Tensor, mask_BK: Tensor) -> Tensor:
        """Scores (B,) of poses with at least one joint."""

    @torch.inference_mode()
    def scores(self, poses: Poses) -> Floats:
        """Scores (N,); NaN for a pose of which nothing is known."""
        pose_NK2, mask_NK = tensors(poses)
        batches = zip(torch.split(pose_NK2, ROWS), torch.split(mask_NK, ROWS), strict=True)
        parts = [self.score(pose_BK2, mask_BK) for pose_BK2, mask_BK in batches]
        score_N: Floats = torch.cat(parts).numpy()
        return np.where(poses.mask_NK.any(1), score_N, np.float32(np.nan))


def tensors(poses: Poses) -> tuple[Tensor, Tensor]:
    """Poses and their masks as tensors; what is masked is zero, whatever it was."""
    pose_NK2 = np.where(poses.mask_NK[..., None], poses.pose_NK2, np.float32(0))
    return torch.from_numpy(pose_NK2), torch.from_numpy(poses.mask_NK)


SCORES: Registry[type[PoseScore]] = Registry(
    "scores",
    {
        "vae": "poseshift.sampling.pose_vae",
        "mean": "poseshift.sampling.distances",
        "knn": "poseshift.sampling.distances",
    },
)


def fit_score(
    poses: Poses,
    config: ScoreConfig,
    progress: Callable[[int, int], object] = lambda done, total: None,
) -> PoseScore:
    """Fit the score the settings name; ``progress`` is told steps done and steps in all."""
    return SCORES[config.name].fit(poses, config, progress)


def save_score(score: PoseScore, folder: Path) -> None:
    """Keep a score: what it learned as safetensors, what it is as JSON."""
    # Through bytes, so that a full disk is an ordinary error of the file system.
    state = to_bytes({name: value.contiguous() for name, value in score.state_dict().items()})
    write_atomic(folder / WEIGHTS, lambda path: path.write_bytes(state))
    write_json(folder / SHAPE, {"joints": score.joints, "config": score.config.model_dump()})


def load_score(folder: Path) -> PoseScore:
    """Open what :func:`save_score` kept."""
    try:
        said = json.loads((folder / SHAPE).read_text(encoding="utf-8"))
        config: ScoreConfig = own_settings(said["config"], SCORES, USUAL)
        score = SCORES[config.name](int(said["joints"]), config)
        score.load_state_dict(load_file(folder / WEIGHTS))
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        raise BadInput(
            f"is no score of poses ({str(error).splitlines()[0]})",
            where=folder,
            fix="delete it and make it again with: poseshift bins PACK",
        ) from error
    return score.eval()
