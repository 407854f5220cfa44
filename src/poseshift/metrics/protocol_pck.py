"""PCK as the published codes compute it, quantised and batch-dependent, to compare with papers.

Prediction and label are both integer argmax cells of heatmaps. Distances are divided by a tenth of
the heatmap side and must be below 0.5, that is, strictly below 5 % of the side. A label counts only
if both its coordinates are above 1, which drops missing joints (their empty map has its argmax at
0, 0) and also two rows and two columns at the border. Accuracy is taken within batches; batches are
averaged by the number of their images, however few of them were valid, and a batch without a valid
image is left out. The result depends on the batch, so batches of a fixed size are cut from the
images in dataset order, however they were evaluated.

Legend: N images, K keypoints, B batches.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities import dim_zero_cat

from poseshift.metrics.pck import Hits, mean_over
from poseshift.skeleton import Skeleton


def protocol_hits(pred_cell_NK2: Tensor, true_cell_NK2: Tensor, side: int) -> Hits:
    """Decide for each joint whether the predicted cell is near enough.

    Args:
        pred_cell_NK2: Argmax cells (x, y) of predicted heatmaps; (0, 0) where the peak is not
            above 0.
        true_cell_NK2: Argmax cells of the labels' heatmaps; (0, 0) where the map is empty.
        side: Cells a side of the heatmap.

    Example:
        >>> true = torch.tensor([[[20, 20], [20, 20]]])
        >>> protocol_hits(torch.tensor([[[23, 20], [24, 20]]]), true, side=64).hits_NK
        tensor([[ True, False]])
    """
    offset_NK2 = (pred_cell_NK2 - true_cell_NK2).double()
    distance_NK = torch.linalg.vector_norm(offset_NK2, dim=-1) / (side / 10)
    valid_NK = (true_cell_NK2 > 1).all(-1)
    return Hits((distance_NK < 0.5) & valid_NK, valid_NK)


def batched_accuracy(hits_NK: Tensor, valid_NK: Tensor, batch_size: int = 32) -> Tensor:
    """Average hits within batches in dataset order, then batches by size; NaN if none is valid.

    Example:
        >>> hits = torch.tensor([[True], [False], [True]])
        >>> batched_accuracy(hits, torch.ones_like(hits), batch_size=2)
        tensor([0.6667], dtype=torch.float64)
    """
    batch_N = torch.arange(len(hits_NK), device=hits_NK.device) // batch_size
    batches = -(-len(hits_NK) // batch_size)

    def total(table: Tensor) -> Tensor:
        zeros = torch.zeros(batches, table.shape[1], dtype=torch.double, device=table.device)
        return zeros.index_add(0, batch_N, table.double())

    hits_BK, valid_BK = total(hits_NK), total(valid_NK)
    images_BK = total(torch.ones_like(valid_NK)) * (valid_BK > 0)
    return (hits_BK / valid_BK.clamp(min=1) * images_BK).sum(0) / images_BK.sum(0)


def protocol_pck(
    pred_cell_NK2: Tensor, true_cell_NK2: Tensor, side: int, batch_size: int = 32
) -> Tensor:
    """Give the published accuracy of each joint; average it with ``mean_over``.

    Args:
        pred_cell_NK2: Argmax cells of predicted heatmaps, images in dataset order.
        true_cell_NK2: Argmax cells of the labels' heatmaps.
        side: Cells a side of the heatmap.
        batch_size: Images a batch: 32 in the published human and hand results, 1 for animals.

    Example:
        >>> cells = torch.full((3, 1, 2), 20)
        >>> protocol_pck(cells, cells, side=64)
        tensor([1.], dtype=torch.float64)
    """
    return batched_accuracy(*protocol_hits(pred_cell_NK2, true_cell_NK2, side), batch_size)


class ProtocolPCK(Metric):
    """Gathers hits with their place in the dataset, so that every split over processes agrees.

    Args:
        skeleton: Says which joints are scored.
        side: Cells a side of the heatmap.
        batch_size: Images a virtual batch.
        kwargs: Passed to ``torchmetrics.Metric``.
    """

    is_differentiable = False
    higher_is_better = True
    full_state_update = False
    hits: list[Tensor]
    valid: list[Tensor]
    index: list[Tensor]

    def __init__(self, skeleton: Skeleton, side: int, batch_size: int = 32, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scored, self.side, self.batch_size = skeleton.scored, side, batch_size
        for name in ("hits", "valid", "index"):
            self.add_state(name, default=[], dist_reduce_fx="cat")

    def update(self, pred_cell_NK2: Tensor, true_cell_NK2: Tensor, index_N: Tensor) -> None:
        """Add a batch, with the place of each image in the dataset."""
        hits_NK, valid_NK = protocol_hits(pred_cell_NK2, true_cell_NK2, self.side)
        self.hits.append(hits_NK)
        self.valid.append(valid_NK)
        self.index.append(index_N)

    def compute(self) -> dict[str, Tensor]:
        """Give ``pck`` over the scored joints and ``per_joint``."""
        order_N = dim_zero_cat(self.index).argsort()
        per_joint_K = batched_accuracy(
            dim_zero_cat(self.hits)[order_N], dim_zero_cat(self.valid)[order_N], self.batch_size
        )
        return {"pck": mean_over(per_joint_K, self.scored), "per_joint": per_joint_K}
