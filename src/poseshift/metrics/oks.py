"""Object keypoint similarity (OKS) and its average precision, as COCO defines them.

Legend: N images with one instance each, K keypoints.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities import dim_zero_cat

from poseshift.metrics.pixel_error import pixel_error
from poseshift.skeleton import Skeleton

_UNIFORM_SIGMA = 0.05
_NOWHERE = -1e6


def oks_sigmas(skeleton: Skeleton) -> tuple[Tensor, str]:
    """Give the sigma of each joint and a sentence on where they come from, to print beside results.

    Example:
        >>> from poseshift.skeleton import skeleton
        >>> oks_sigmas(skeleton("hand21"))[1]
        'uniform 0.05: none are published for hand21'
    """
    if skeleton.sigmas is not None:
        return torch.tensor(skeleton.sigmas), f"as published for {skeleton.name}"
    said = f"uniform {_UNIFORM_SIGMA}: none are published for {skeleton.name}"
    return torch.full((len(skeleton),), _UNIFORM_SIGMA), said


def label_area(true_NK2: Tensor, weight_NK: Tensor) -> Tensor:
    """Measure the box around the counted joints, for data without object areas; NaN if flat.

    Example:
        >>> label_area(torch.tensor([[[0.0, 0.0], [4.0, 5.0]]]), torch.ones(1, 2))
        tensor([20.])
    """
    out_NK1 = ~(weight_NK > 0)[..., None]
    low_N2 = true_NK2.masked_fill(out_NK1, torch.inf).amin(1)
    high_N2 = true_NK2.masked_fill(out_NK1, -torch.inf).amax(1)
    area_N = (high_N2 - low_N2).clamp(min=0).prod(-1)
    return torch.where(area_N > 0, area_N, torch.nan)


def oks(
    pred_NK2: Tensor, true_NK2: Tensor, weight_NK: Tensor, area_N: Tensor, sigmas_K: Tensor
) -> Tensor:
    """Give the similarity of each prediction to its label, from 0 to 1.

    Args:
        pred_NK2: Predicted positions.
        true_NK2: Labelled positions.
        weight_NK: Joints with a weight above 0 count.
        area_N: Area of each instance in square pixels.
        sigmas_K: Spread of each joint.

    Returns:
        The similarities; NaN where no joint counts or the area is unknown.

    Example:
        >>> true = torch.zeros(1, 2, 2)
        >>> off = torch.tensor([[[0.0, 0.0], [1.0, 0.0]]])
        >>> oks(off, true, torch.ones(1, 2), torch.tensor([50.0]), torch.tensor([0.05, 0.05]))
        tensor([0.6839])
    """
    error_NK = pixel_error(pred_NK2, true_NK2, weight_NK)
    variance_K = (2 * sigmas_K) ** 2
    return torch.exp(-(error_NK**2) / (2 * area_N[:, None] * variance_K)).nanmean(1)


def oks_ap(
    pred_NK2: Tensor,
    true_NK2: Tensor,
    weight_NK: Tensor,
    area_N: Tensor,
    score_N: Tensor,
    sigmas_K: Tensor,
) -> dict[str, float | None]:
    """Give COCO's average precision over OKS thresholds 0.50:0.05:0.95, with one person a crop.

    Args:
        pred_NK2: Predicted positions.
        true_NK2: Labelled positions.
        weight_NK: Joints with a weight above 0 count.
        area_N: Area of each instance; instances without one are left out.
        score_N: Confidence of each prediction; only the order matters.
        sigmas_K: Spread of each joint.

    Returns:
        ``ap``, ``ap50``, ``ap75`` and ``ar``; ``None`` where no instance could be scored.
    """
    from faster_coco_eval import COCO, COCOeval_faster

    counted_NK = (weight_NK > 0) & true_NK2.isfinite().all(-1)
    use_N = counted_NK.any(1) & (area_N > 0)
    if not use_N.any():
        return dict.fromkeys(("ap", "ap50", "ap75", "ar"))
    truth = COCO(_coco_labels(true_NK2[use_N], counted_NK[use_N], area_N[use_N]))
    found = truth.loadRes(_coco_results(pred_NK2[use_N], score_N[use_N]))
    judge = COCOeval_faster(truth, found, "keypoints", kpt_oks_sigmas=sigmas_K.double().tolist())
    judge.evaluate()
    judge.accumulate()
    judge.summarize()
    names = {"ap": "AP_all", "ap50": "AP_50", "ap75": "AP_75", "ar": "AR_all"}
    return {name: float(judge.stats_as_dict[coco_name]) for name, coco_name in names.items()}


def _coco_labels(true_NK2: Tensor, counted_NK: Tensor, area_N: Tensor) -> dict[str, Any]:
    """Write labels as a COCO file would; a joint that does not count is (0, 0, 0) there."""
    xy_NK2 = true_NK2.where(counted_NK[..., None], 0)
    xyv_NK3 = torch.cat([xy_NK2, 2 * counted_NK[..., None].to(xy_NK2)], -1)
    annotations = [
        {
            "id": i,
            "image_id": i,
            "category_id": 1,
            "iscrowd": 0,
            "area": area,
            "bbox": [0, 0, 1, 1],  # asked for, but OKS does not look at it
            "num_keypoints": count,
            "keypoints": keypoints,
        }
        for i, (area, count, keypoints) in enumerate(
            zip(
                area_N.tolist(),
                counted_NK.sum(1).tolist(),
                xyv_NK3.flatten(1).tolist(),
                strict=True,
            ),
            start=1,
        )
    ]
    return {
        "images": [{"id": row["id"]} for row in annotations],
        "categories": [{"id": 1, "name": "instance"}],
        "annotations": annotations,
    }


def _coco_results(pred_NK2: Tensor, score_N: Tensor) -> list[dict[str, Any]]:
    """Write predictions as COCO results; what is not finite lies far outside the image."""
    xy_NK2 = pred_NK2.nan_to_num(_NOWHERE, _NOWHERE, _NOWHERE)
    xyv_NK3 = torch.cat([xy_NK2, torch.ones_like(xy_NK2[..., :1])], -1)
    rows = zip(score_N.nan_to_num(0).tolist(), xyv_NK3.flatten(1).tolist(), strict=True)
    return [
        {"image_id": i, "category_id": 1, "score": score, "keypoints": keypoints}
        for i, (score, keypoints) in enumerate(rows, start=1)
    ]


class OksAP(Metric):
    """Gathers predictions and labels, and lets COCO's evaluation judge them all at the end.

    Args:
        skeleton: Gives the sigmas.
        kwargs: Passed to ``torchmetrics.Metric``.
    """

    is_differentiable = False
    higher_is_better = True
    full_state_update = False
    pred: list[Tensor]
    true: list[Tensor]
    weight: list[Tensor]
    area: list[Tensor]
    score: list[Tensor]

    def __init__(self, skeleton: Skeleton, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.sigmas_K, self.sigmas_said = oks_sigmas(skeleton)
        for name in ("pred", "true", "weight", "area", "score"):
            self.add_state(name, default=[], dist_reduce_fx="cat")

    def update(
        self,
        pred_NK2: Tensor,
        true_NK2: Tensor,
        weight_NK: Tensor,
        area_N: Tensor,
        score_N: Tensor,
    ) -> None:
        """Add a batch."""
        self.pred.append(pred_NK2)
        self.true.append(true_NK2)
        self.weight.append(weight_NK)
        self.area.append(area_N)
        self.score.append(score_N)

    def compute(self) -> dict[str, float | None]:
        """Give ``ap``, ``ap50``, ``ap75`` and ``ar``."""
        return oks_ap(
            dim_zero_cat(self.pred),
            dim_zero_cat(self.true),
            dim_zero_cat(self.weight),
            dim_zero_cat(self.area),
            dim_zero_cat(self.score),
            self.sigmas_K,
        )
