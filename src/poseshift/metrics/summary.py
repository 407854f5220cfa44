"""Everything one evaluation says, as one dictionary of plain numbers that JSON can hold.

Legend: N images, K keypoints.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from poseshift.errors import BadInput
from poseshift.metrics import evalpose
from poseshift.metrics.bootstrap import bootstrap_interval
from poseshift.metrics.oks import label_area, oks_ap, oks_sigmas
from poseshift.metrics.pck import Hits, inside_crop, mean_over, pck, torso_length
from poseshift.metrics.pixel_error import error_statistics, pixel_error
from poseshift.metrics.protocol_pck import protocol_pck
from poseshift.skeleton import Skeleton

# PCK@0.2 of the torso is the usual figure for LSP.
TORSO_THRESHOLD = 0.2


@dataclass(frozen=True)
class Cells:
    """Argmax cells of heatmaps, images in dataset order, for the published PCK.

    Attributes:
        pred_NK2: Cells of the predicted heatmaps.
        true_NK2: Cells of the labels' heatmaps.
        side: Cells a side of the heatmap.
        batch_size: Images a virtual batch: 32 for human and hand results, 1 for animals.
    """

    pred_NK2: Tensor
    true_NK2: Tensor
    side: int
    batch_size: int = 32


def summarize(
    pred_NK2: ArrayLike | Tensor,
    true_NK2: ArrayLike | Tensor,
    visibility_NK: ArrayLike | Tensor,
    side: float,
    skeleton: Skeleton,
    *,
    threshold: float = 0.05,
    categories: Sequence[str] | None = None,
    confidence_NK: ArrayLike | Tensor | None = None,
    cells: Cells | None = None,
) -> dict[str, Any]:
    """Measure predictions against labels in every way the tables need.

    Args:
        pred_NK2: Predicted positions in crop pixels.
        true_NK2: Labelled positions in crop pixels.
        visibility_NK: 0 not labelled, 1 occluded, 2 visible.
        side: Crop side in pixels.
        skeleton: Names, groups and scored joints.
        threshold: Largest error that PCK forgives, as a share of the side.
        categories: A category for each image; adds ``pck_per_category``.
        confidence_NK: Confidence of each joint; adds ``oks_ap``, which ranks images by it.
        cells: Heatmap cells; adds ``pck_protocol``.

    Returns:
        Numbers by name, ``None`` wherever nothing was there to measure.

    Example:
        >>> import numpy as np
        >>> from poseshift.skeleton import skeleton
        >>> labels = np.random.default_rng(0).uniform(10, 50, (4, 21, 2))
        >>> result = summarize(labels, labels, np.full((4, 21), 2), 64, skeleton("hand21"))
        >>> result["pck"], result["pck_interval"], result["pixel_error"]["rmse"]
        (1.0, [1.0, 1.0], 0.0)
    """
    pred, true, visibility = (_tensor(table) for table in (pred_NK2, true_NK2, visibility_NK))
    _check_shapes(pred, true, visibility, categories, skeleton)
    weight = inside_crop(true, visibility, side)
    scale = torch.full((len(true),), float(side), dtype=torch.float64)
    hits = pck(pred, true, weight, scale, threshold)
    error = pixel_error(pred, true, weight)
    scored = list(skeleton.scored)
    interval = bootstrap_interval(hits.hits_NK.numpy(), hits.valid_NK.numpy(), scored)
    result: dict[str, Any] = {
        "images": len(true),
        "labelled_joints": int((visibility > 0).sum()),
        "counted_joints": int(weight.sum()),
        "threshold": threshold,
        "pck_interval": None if interval is None else list(interval),
        **_pck_tables(hits.per_joint(), skeleton, "pck"),
        "pck_torso": _torso_pck(pred, true, visibility, weight, skeleton),
        "pixel_error": _plain(error_statistics(error[:, scored])),
        "pixel_error_per_joint": {
            name: _plain(error_statistics(error[:, k])) for k, name in enumerate(skeleton.keypoints)
        },
    }
    result |= _evalpose(pred, true, weight, skeleton)
    if categories is not None:
        result["pck_per_category"] = _per_category(hits, categories, skeleton)
    if cells is not None:
        per_joint = protocol_pck(cells.pred_NK2, cells.true_NK2, cells.side, cells.batch_size)
        result |= _pck_tables(per_joint, skeleton, "pck_protocol")
    if confidence_NK is not None:
        sigmas, said = oks_sigmas(skeleton)
        score = _tensor(confidence_NK).mean(1)
        area = label_area(true, weight)
        result["oks"] = oks_ap(pred, true, weight, area, score, sigmas) | {
            "sigmas": said,
            "area": "box of the labelled joints",
        }
    return result


def _tensor(table: ArrayLike | Tensor) -> Tensor:
    """Copy to the CPU in double precision; arrays from a Pack may be read-only."""
    if isinstance(table, Tensor):
        return table.detach().cpu().double()
    return torch.from_numpy(np.array(table, dtype=np.float64))


def _check_shapes(
    pred: Tensor,
    true: Tensor,
    visibility: Tensor,
    categories: Sequence[str] | None,
    skeleton: Skeleton,
) -> None:
    images = len(true)
    tables: dict[str, tuple[Tensor, tuple[int, ...]]] = {
        "labels": (true, (images, len(skeleton), 2)),
        "predictions": (pred, (images, len(skeleton), 2)),
        "visibility": (visibility, (images, len(skeleton))),
    }
    for name, (table, expected) in tables.items():
        if table.shape != expected:
            raise BadInput(
                f"{name} have shape {tuple(table.shape)}, expected {expected} "
                f"for {images} images and skeleton '{skeleton.name}'",
                fix="evaluate predictions on the images and the skeleton they were made for",
            )
    if categories is not None and len(categories) != images:
        raise BadInput(
            f"{len(categories)} categories for {images} images", fix="give one for each image"
        )


def _plain(values: Mapping[str, Tensor]) -> dict[str, float | None]:
    return {name: _number(value) for name, value in values.items()}


def _number(value: Tensor) -> float | None:
    """A finite float; JSON has neither NaN nor infinity."""
    number = float(value)
    return number if math.isfinite(number) else None


def _pck_tables(per_joint_K: Tensor, skeleton: Skeleton, name: str) -> dict[str, Any]:
    return {
        name: _number(mean_over(per_joint_K, skeleton.scored)),
        f"{name}_per_joint": {
            joint: _number(value)
            for joint, value in zip(skeleton.keypoints, per_joint_K, strict=True)
        },
        f"{name}_per_group": {
            group: _number(mean_over(per_joint_K, joints))
            for group, joints in skeleton.groups.items()
        },
    }


def _torso_pck(
    pred: Tensor, true: Tensor, visibility: Tensor, weight: Tensor, skeleton: Skeleton
) -> float | None:
    if skeleton.torso is None:
        return None
    scale = torso_length(true, visibility, skeleton.torso)
    per_joint_K = pck(pred, true, weight, scale, TORSO_THRESHOLD).per_joint()
    return _number(mean_over(per_joint_K, skeleton.scored))


def _evalpose(pred: Tensor, true: Tensor, weight: Tensor, skeleton: Skeleton) -> dict[str, Any]:
    """EvalPose and the error of the angles at the joints of each group; nothing without angles."""
    triplets = skeleton.triplets
    if len(triplets) < evalpose.FEWEST:
        return {}
    pred_NT, true_NT = (evalpose.joint_angles(points, triplets) for points in (pred, true))
    counted_NT = evalpose.counted_triplets(true, weight, triplets)
    error_NT = evalpose.angle_error(pred_NT, true_NT, counted_NT)
    at = {
        group: [t for t, (_, corner, _) in enumerate(triplets) if corner in joints]
        for group, joints in skeleton.groups.items()
    }
    return {
        **_plain(evalpose.summary(pred_NT, true_NT, counted_NT)),
        "angle_error_per_group": {
            group: _number(error_NT[:, corners].nanmean())
            for group, corners in at.items()
            if corners
        },
    }


def _per_category(
    hits: Hits, categories: Sequence[str], skeleton: Skeleton
) -> dict[str, float | None]:
    found: dict[str, float | None] = {}
    for category in sorted(set(categories)):
        rows = torch.tensor([other == category for other in categories])
        part = Hits(hits.hits_NK[rows], hits.valid_NK[rows])
        found[category] = _number(mean_over(part.per_joint(), skeleton.scored))
    return found
