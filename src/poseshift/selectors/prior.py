"""Prior: whether the predicted target poses are poses that bodies take.

The k-nearest-neighbour estimate of a density (Loftsgaarden & Quesenberry, 1965) over the labelled
source poses, centred and scaled; as Pose-NDF (Tiwari et al., ECCV 2022) it measures how far a pose
is from known ones. What is nearer to a source pose than source poses are to one another is
plausible enough and earns no more: always predicting the commonest pose does not pay.

Legend: N target crops, S source poses, K joints.
"""

from __future__ import annotations

import torch
from torch import Tensor

from poseshift.pose_checks import FEWEST, centred
from poseshift.selectors.base import SELECTORS, Evidence

NEIGHBOUR = 5  # the one whose distance counts: nearer ones may be odd poses themselves


@SELECTORS.register("prior")
def prior(evidence: Evidence) -> float:
    """Mean log-likelihood for each coordinate of the pose, 0 for poses like the source's own.

    NaN where the source has too few whole poses to compare with.
    """
    labeled_SK = ~evidence.pose_SK2.isnan().any(-1)
    usual_K = labeled_SK.float().mean(0) >= 0.5
    whole_S = labeled_SK[:, usual_K].all(1)
    if not usual_K.any() or whole_S.sum() < FEWEST:
        return float("nan")
    known_SK2 = _shape(evidence.pose_SK2[whole_S][:, usual_K])
    usual = _distance(known_SK2, known_SK2, NEIGHBOUR + 1).median()  # the nearest is itself
    away_N = _distance(_shape(evidence.place_NK2[:, usual_K]), known_SK2, NEIGHBOUR)
    return float(-(away_N / usual.clamp(min=1e-6)).clamp(min=1).log().mean())


def _shape(pose_NK2: Tensor) -> Tensor:
    """Poses without their place and size, as rows."""
    every_NK = torch.ones(pose_NK2.shape[:2], dtype=torch.bool)
    return torch.from_numpy(centred(pose_NK2.numpy(), every_NK.numpy())).flatten(1)


def _distance(shape_NF: Tensor, known_SF: Tensor, neighbour: int) -> Tensor:
    """Distance to the n-th nearest known pose, one a row."""
    return torch.cdist(shape_NF, known_SF).kthvalue(neighbour, dim=1).values
