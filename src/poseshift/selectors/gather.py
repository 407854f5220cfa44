"""The one pass that gathers a checkpoint's evidence; every checkpoint is shown the same.

The target comes as an :class:`~poseshift.data.domain.UnlabeledDomain`, so there is no label here to
choose by.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from poseshift.data.domain import Domain, Indices, LabeledDomain, UnlabeledDomain
from poseshift.data.draws import Draws, mix
from poseshift.data.heatmap import decode
from poseshift.data.types import Bytes, View
from poseshift.data.views import (
    ViewConfig,
    apply,
    inverted,
    plain_view,
    random_view,
    resize_matrix,
)
from poseshift.devices import pick_precision, place
from poseshift.metrics.pck import inside_crop
from poseshift.nn.posenet import PoseNet
from poseshift.selectors.base import Evidence

CROPS = 300  # of either domain at most
VIEWS = 2  # random ones of each target crop
POSES = 3000  # source labels at most, for the prior
BATCH = 50
TEMPERATURE = 0.1  # of the map's peak: one clear peak takes it all, two share
FAINT = 0.05  # peaks below this are noise, which spreads evenly
GRID = 12  # cells a side of the coarse grid: a little more than 0.05 of the side each

Batch = TypeVar("Batch")


class Witness:
    """Asks checkpoints about a fixed choice of crops.

    Args:
        target: The images adapted to.
        source: The labelled domain.
        view: Ranges of the random views.
        side: Pixels a side of the network's views.
        device: Where to compute.
        precision: ``32``, ``bf16`` or ``auto``.
        seed: Of the choice of crops and of the views.
    """

    def __init__(
        self,
        target: UnlabeledDomain,
        source: LabeledDomain,
        view: ViewConfig,
        side: int,
        *,
        device: str,
        precision: str,
        seed: int = 0,
    ) -> None:
        self.target, self.source, self.view, self.side = target, source, view, side
        self.device, self.seed = device, seed
        self.bf16 = pick_precision(precision, device) == "bf16"
        self.joints = list(source.skeleton.scored)
        self.target_N, self.source_M = (_some(len(d), CROPS, seed) for d in (target, source))
        self.target_crops = _decoded(target, self.target_N)
        self.source_crops = _decoded(source, self.source_M)

    @torch.inference_mode()
    def evidence(self, network: PoseNet, student: PoseNet | None) -> Evidence:
        """Everything the validators need to know of one checkpoint.

        Args:
            network: The one that predicts.
            student: The one it is the average of, if it is one.
        """
        network = place(network, self.device).eval()
        student = place(student, self.device).eval() if student is not None else None
        places, peaks, shares, views, holds, students = [], [], [], [], [], []
        for batch in self._batches(self.target, self.target_N, self.target_crops):
            plain = plain_view(batch.crop_BHWC, self.side)
            place_BK2, peak_BK, maps_BKHW = self._ask(network, plain)
            looks = [random_view(batch, self.view, self.side) for _ in range(VIEWS)]
            places.append(place_BK2)
            peaks.append(peak_BK)
            shares.append(coarse(maps_BKHW))
            views.append(torch.stack([self._ask(network, look)[0] for look in looks]))
            holds.append(torch.stack([self._holds(look, place_BK2) for look in looks]))
            if student is not None:
                students.append(self._ask(student, plain)[0])
        side, mine = self.target.side, (slice(None), self.joints)
        return Evidence(
            place_NK2=torch.cat(places).cpu()[mine] / side,
            peak_NK=torch.cat(peaks).cpu()[mine],
            share_NKP=torch.cat(shares).cpu()[mine],
            view_place_VNK2=torch.cat(views, 1).cpu()[:, :, self.joints] / side,
            view_holds_VNK=torch.cat(holds, 1).cpu()[:, :, self.joints],
            student_NK2=torch.cat(students).cpu()[mine] / side if students else None,
            **self._on_source(network),
        )

    def _on_source(self, network: PoseNet) -> dict[str, Tensor]:
        """The labelled half of the evidence."""
        source, joints = self.source, self.joints
        places = [
            self._ask(network, plain_view(batch.crop_BHWC, self.side))[0].cpu()
            for batch in self._batches(source, self.source_M, self.source_crops)
        ]
        true_NK2 = torch.from_numpy(np.array(source.keypoints_NK2))[:, joints]
        seen_NK = torch.from_numpy(np.array(source.visibility_NK))[:, joints]
        counts_NK = inside_crop(true_NK2, seen_NK, source.side)
        return {
            "source_place_MK2": torch.cat(places)[:, joints] / source.side,
            "source_true_MK2": true_NK2[self.source_M] / source.side,
            "source_counts_MK": counts_NK[self.source_M],
            "pose_SK2": true_NK2[_some(len(source), POSES, self.seed)] / source.side,
        }

    def _batches(self, domain: Domain[Batch], index_N: Indices, crops: Bytes) -> Iterator[Batch]:
        for start in range(0, len(index_N), BATCH):
            rows = slice(start, min(start + BATCH, len(index_N)))
            draws = Draws(self.seed, 0, 0, rows, len(index_N), self.device)
            yield domain.batch(index_N[rows], crops[rows], draws)

    def _ask(self, network: PoseNet, view: View) -> tuple[Tensor, Tensor, Tensor]:
        """Places in crop pixels, peaks, and the maps of the view."""
        with torch.autocast(self.device, torch.bfloat16, enabled=self.bf16):
            maps_BKHW = network.heatmaps(view.image_BCHW)
        cell_BK2, peak_BK = decode(maps_BKHW)
        of_cells = resize_matrix(maps_BKHW.shape[-1], self.side).to(cell_BK2.device)
        return apply(inverted(view.matrix_B33), apply(of_cells, cell_BK2)), peak_BK, maps_BKHW

    def _holds(self, view: View, place_BK2: Tensor) -> Tensor:
        """Whether places of the crop lie inside the view."""
        there_BK2 = apply(view.matrix_B33, place_BK2)
        return ((there_BK2 >= -0.5) & (there_BK2 < self.side - 0.5)).all(-1)


def coarse(maps_BKHW: Tensor) -> Tensor:
    """Maps as distributions over a coarse grid: softmax, then summed over blocks.

    Each map is measured by its own peak, for how high that is ``sharpness`` tells already.

    Example:
        >>> from poseshift.data.heatmap import encode
        >>> sharp = encode(torch.tensor([[[21.0, 17.0]]]), cells=48)
        >>> [round(float(coarse(maps).max()), 2) for maps in (sharp, sharp / 5, sharp / 500)]
        [0.93, 0.93, 0.01]
    """
    flat_BKC = maps_BKHW.flatten(2)
    peak_BK1 = flat_BKC.amax(-1, keepdim=True).clamp(min=FAINT)
    share_BKHW = (flat_BKC / (TEMPERATURE * peak_BK1)).softmax(-1).view_as(maps_BKHW)
    share_BKP = F.adaptive_avg_pool2d(share_BKHW, GRID).flatten(2)
    return share_BKP / share_BKP.sum(-1, keepdim=True)


def _some(length: int, most: int, seed: int) -> Indices:
    """At most so many of the samples, drawn once for all checkpoints, in the Pack's order."""
    return np.sort(np.random.default_rng(mix(seed, length)).permutation(length)[:most])


def _decoded(domain: LabeledDomain | UnlabeledDomain, index_N: Indices) -> Bytes:
    return np.stack([domain.crops.image(int(i)) for i in index_N])
