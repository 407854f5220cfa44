"""How well images were annotated: a mean distance, and shares of joints and of poses found.

Distances are in hundredths of the crop's side, as the published error seems to be; joints count
that are labelled and inside the crop. Beside every number stands its 95 % interval over images.

Legend: N images, K joints, R resamples.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from poseshift.data.pack import Pack
from poseshift.metrics.pck import inside_crop
from poseshift.metrics.pixel_error import pixel_error

JOINT, POSE = (0.05, 0.1), 0.05  # of the crop's side
RESAMPLES = 1000

Doubles = NDArray[np.float64]
Found = dict[str, float | tuple[float, float]]


def annotation_scores(
    found_NK2: Tensor, true_NK2: Tensor, visibility_NK: Tensor, side: float
) -> Found:
    """Error and PCK, each followed by its interval.

    Args:
        found_NK2: Annotations, crop pixels.
        true_NK2: Labels.
        visibility_NK: 0 where there is no label.
        side: Of the crop, in pixels.

    Example:
        >>> import torch
        >>> true = torch.full((4, 3, 2), 50.0)
        >>> scores = annotation_scores(true + torch.tensor([6.0, 0.0]), true, torch.ones(4, 3), 100)
        >>> scores["error"], scores["pck_joint@.05"], scores["pck_joint@.1"], scores["pck_pose@.05"]
        (6.0, 0.0, 1.0, 0.0)
    """
    counted_NK = inside_crop(true_NK2, visibility_NK, side)
    error_NK = pixel_error(found_NK2, true_NK2, counted_NK).double() / side
    joint_NK = (~error_NK.isnan()).numpy()
    # What never was found, a prediction that is not finite, is as far as the crop is wide.
    away_NK: Doubles = error_NK.nan_to_num(nan=0.0, posinf=1.0).numpy()
    every_N: Doubles = joint_NK.sum(1).astype(np.float64)
    some_N, mean_N = (every_N > 0).astype(np.float64), away_NK.sum(1) / np.maximum(every_N, 1)
    sums: dict[str, tuple[Doubles, Doubles]] = {"error": (100 * away_NK.sum(1), every_N)}
    for limit in JOINT:
        hits_N = ((away_NK <= limit) & joint_NK).sum(1).astype(float)
        sums[f"pck_joint@{_short(limit)}"] = hits_N, every_N
    sums[f"pck_pose@{_short(POSE)}"] = (mean_N <= POSE) * some_N, some_N
    return _with_intervals(sums)


def scores_of_pack(found_NK2: Tensor, pack: Pack, rows: slice = slice(None)) -> Found:
    """Scores of annotations of a labelled Pack's crops, or of some of them."""
    true_NK2 = torch.from_numpy(np.array(pack.poses.keypoints_NK2[rows]))
    visibility_NK = torch.from_numpy(pack.poses.visibility_NK[rows].astype(np.int64))
    return annotation_scores(found_NK2[rows], true_NK2, visibility_NK, pack.info.side)


def _with_intervals(sums: Mapping[str, tuple[Doubles, Doubles]]) -> Found:
    """Ratios of sums over images; all are resampled alike."""
    images = len(next(iter(sums.values()))[0])
    row_RN = np.random.default_rng(0).integers(images, size=(RESAMPLES, images))
    told: Found = {}
    for name, (top_N, bottom_N) in sums.items():
        bottom = float(bottom_N.sum())
        told[name] = round(float(top_N.sum()) / bottom, 6) if bottom else float("nan")
        with np.errstate(invalid="ignore", divide="ignore"):
            share_R = top_N[row_RN].sum(1) / bottom_N[row_RN].sum(1)
        low, high = np.nanquantile(share_R, [0.025, 0.975]) if bottom else (np.nan, np.nan)
        told[f"{name}_interval"] = (float(low), float(high))
    return told


def _short(limit: float) -> str:
    """.05 for 0.05."""
    return f"{limit:g}".lstrip("0")
