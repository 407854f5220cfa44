"""Evidence made up for a test."""

from typing import Any

import numpy as np
import torch

from poseshift.selectors.base import Evidence


def evidence(seed: int = 0, crops: int = 9, joints: int = 5, **given: Any) -> Evidence:
    """Random but possible evidence; ``given`` replaces parts of it."""
    draw = np.random.default_rng(seed)
    place = draw.uniform(0, 1, (crops, joints, 2))
    true = draw.uniform(0, 1, (7, joints, 2))
    share = draw.dirichlet(np.full(16, 0.2), (crops, joints))
    parts: dict[str, Any] = {
        "place_NK2": place,
        "peak_NK": draw.uniform(-0.2, 1.3, (crops, joints)),
        "share_NKP": share,
        "view_place_VNK2": place + draw.normal(0, 0.04, (2, crops, joints, 2)),
        "view_holds_VNK": draw.random((2, crops, joints)) < 0.8,
        "student_NK2": place + draw.normal(0, 0.04, (crops, joints, 2)),
        "source_place_MK2": true + draw.normal(0, 0.04, (7, joints, 2)),
        "source_true_MK2": true,
        "source_counts_MK": draw.random((7, joints)) < 0.8,
        "pose_SK2": draw.uniform(0, 1, (60, joints, 2)),
        **given,
    }
    return Evidence(**{name: _tensor(value) for name, value in parts.items()})


def _tensor(value: Any) -> torch.Tensor | None:
    if value is None:
        return None
    array = np.asarray(value)
    return torch.from_numpy(array if array.dtype == bool else array.astype(np.float32))
