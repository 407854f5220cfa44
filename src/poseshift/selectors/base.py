"""What a validator is: a number for one checkpoint, made without a target label; higher is better.

To add one, copy ``sharpness.py``: a function of :class:`Evidence`, with its reference. Evidence is
gathered once a checkpoint, in one pass, and shared by all validators.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from poseshift.registry import Registry

NEAR = 0.05  # of the crop side: the distance of PCK@0.05


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one checkpoint says of crops every checkpoint of the run is shown.

    Places are in crop sides, so 0.05 is a twentieth of the crop; joints are the skeleton's scored
    ones. Legend: N target crops, V views of each, M source crops, S source poses, K joints, P cells
    of a coarse grid.

    Attributes:
        place_NK2: Predicted places in the target crops.
        peak_NK: Heatmap peaks of these predictions.
        share_NKP: The heatmaps as distributions over a coarse grid.
        view_place_VNK2: Places predicted in random views, carried back to the crop.
        view_holds_VNK: Whether ``place_NK2`` lies inside the view, so that it could be found there.
        student_NK2: Places predicted by the raw network, where an average predicts; else ``None``.
        source_place_MK2: Predicted places in source crops.
        source_true_MK2: Their labels.
        source_counts_MK: Which of them are labelled and inside the crop.
        pose_SK2: Labelled source poses, NaN where not labelled.
    """

    place_NK2: Tensor
    peak_NK: Tensor
    share_NKP: Tensor
    view_place_VNK2: Tensor
    view_holds_VNK: Tensor
    student_NK2: Tensor | None
    source_place_MK2: Tensor
    source_true_MK2: Tensor
    source_counts_MK: Tensor
    pose_SK2: Tensor


Validator = Callable[[Evidence], float]  # NaN where it cannot tell


def near(a_2: Tensor, b_2: Tensor) -> Tensor:
    """Whether two places are within 0.05 crop sides of each other.

    Example:
        >>> near(torch.zeros(2, 2), torch.tensor([[0.03, 0.03], [0.04, 0.04]])).tolist()
        [True, False]
    """
    apart: Tensor = torch.linalg.vector_norm(a_2 - b_2, dim=-1)
    return apart <= NEAR


SELECTORS: Registry[Validator] = Registry(
    "selectors",
    {
        name: f"poseshift.selectors.{name}"
        for name in (
            "agreement", "consistency", "infomax", "prior", "sharpness", "snd", "source",
        )
    },
)  # fmt: skip
