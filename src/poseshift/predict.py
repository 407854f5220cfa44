"""Crops in, keypoints out: the one path that evaluation and prediction share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from poseshift.data.domain import Indices
from poseshift.data.heatmap import decode, decode_argmax
from poseshift.data.pack import Crops
from poseshift.data.types import Bytes
from poseshift.data.views import apply, plain_view, resize_matrix
from poseshift.devices import pick_device, pick_precision, place
from poseshift.errors import UserError
from poseshift.nn.posenet import PoseNet


@dataclass(frozen=True, slots=True)
class Predictions:
    """Keypoints of N crops.

    Attributes:
        keypoints_NK2: Sub-pixel places in crop pixels.
        confidence_NK: Heatmap peaks.
        cell_NK2: Integer argmax cells, for the published PCK.
        cells: Heatmap cells a side.
    """

    keypoints_NK2: Tensor
    confidence_NK: Tensor
    cell_NK2: Tensor
    cells: int

    def take(self, rows: Indices) -> Predictions:
        """Those of some crops."""
        return Predictions(
            self.keypoints_NK2[rows], self.confidence_NK[rows], self.cell_NK2[rows], self.cells
        )


def predict_crops(
    network: PoseNet,
    crops: Crops,
    side: int,
    *,
    device: str = "auto",
    precision: str = "auto",
    batch: int = 64,
) -> Predictions:
    """Predict every crop of a Pack.

    Args:
        network: Of a checkpoint, see :meth:`poseshift.run.Run.network`.
        crops: The images.
        side: Pixels a side of the network's views.
        device: Where to compute.
        precision: ``32``, ``bf16`` or ``auto``.
        batch: Crops at a time.
    """
    predictor = Predictor(network, side, device=device, precision=precision, batch=batch)
    return _joined([predictor(crop_BHWC) for crop_BHWC in _batches(crops, batch)])


class Predictor:
    """A network where it computes; takes fewer crops at a time when memory runs out.

    Args:
        network: Of a checkpoint, see :meth:`poseshift.run.Run.network`.
        side: Pixels a side of the network's views.
        device: Where to compute.
        precision: ``32``, ``bf16`` or ``auto``.
        batch: Crops at a time, halved whenever they are too many.
    """

    def __init__(
        self,
        network: PoseNet,
        side: int,
        *,
        device: str = "auto",
        precision: str = "auto",
        batch: int = 64,
    ) -> None:
        self.device, self.side, self.batch = pick_device(device), side, batch
        self.bf16 = pick_precision(precision, self.device) == "bf16"
        self.network = place(network, self.device).eval()
        self.cells = network.cells(side)

    def __call__(self, crop_BHWC: Bytes) -> Predictions:
        """Predict crops of one side, at least one."""
        parts: list[Predictions] = []
        done = 0
        while done < len(crop_BHWC):
            part = self._try(crop_BHWC[done : done + self.batch])
            if part is None:
                self._halve()
            else:
                parts.append(part)
                done += len(part.keypoints_NK2)
        return _joined(parts)

    def _try(self, crop_BHWC: Bytes) -> Predictions | None:
        """Predictions, or ``None`` if they do not fit into memory."""
        try:
            return self._predict(crop_BHWC)
        except RuntimeError as error:  # only CUDA has a kind of its own for this
            words = ("out of memory", "can't allocate memory")
            if isinstance(error, torch.OutOfMemoryError) or any(w in str(error) for w in words):
                return None
            raise

    def _halve(self) -> None:
        if self.batch == 1:
            raise UserError(
                f"one image of {self.side} px does not fit into its memory",
                where=self.device,
                fix="close other programs, or use another device",
            )
        self.batch //= 2

    def _predict(self, crop_BHWC: Bytes) -> Predictions:
        crop_side = crop_BHWC.shape[1]
        to_crop = resize_matrix(self.side, crop_side) @ resize_matrix(self.cells, self.side)
        with torch.inference_mode(), torch.autocast(self.device, torch.bfloat16, enabled=self.bf16):
            view = plain_view(torch.from_numpy(crop_BHWC).to(self.device), self.side)
            maps_BKHW = self.network.heatmaps(view.image_BCHW)
            place_BK2, peak_BK = decode(maps_BKHW)
            keypoints_BK2 = apply(to_crop.to(self.device), place_BK2)
            cell_BK2 = decode_argmax(maps_BKHW)[0]
        return Predictions(keypoints_BK2.cpu(), peak_BK.cpu(), cell_BK2.cpu(), self.cells)


def _joined(parts: Sequence[Predictions]) -> Predictions:
    """Predictions of several batches as one."""
    return Predictions(
        torch.cat([part.keypoints_NK2 for part in parts]),
        torch.cat([part.confidence_NK for part in parts]),
        torch.cat([part.cell_NK2 for part in parts]),
        parts[0].cells,
    )


def _batches(crops: Crops, batch: int) -> Iterator[Bytes]:
    """Decoded batches; the next is decoded on a thread while this one is computed."""

    def load(start: int) -> Bytes:
        return np.stack([crops.image(i) for i in range(start, min(start + batch, len(crops)))])

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(load, 0)
        for start in range(batch, len(crops) + batch, batch):
            ready = waiting.result()
            if start < len(crops):
                waiting = pool.submit(load, start)
            yield ready
