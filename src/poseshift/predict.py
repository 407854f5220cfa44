"""Crops in, keypoints out: the one path that evaluation and prediction share."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from poseshift.data.heatmap import decode, decode_argmax
from poseshift.data.pack import Crops
from poseshift.data.types import Bytes
from poseshift.data.views import apply, plain_view, resize_matrix
from poseshift.devices import pick_device, pick_precision, place
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
    device = pick_device(device)
    bf16 = pick_precision(precision, device) == "bf16"
    network = place(network, device).eval()
    places, peaks, argmaxes, cells = [], [], [], network.cells(side)
    to_crop = resize_matrix(side, crops.side) @ resize_matrix(cells, side)
    with torch.inference_mode(), torch.autocast(device, torch.bfloat16, enabled=bf16):
        for crop_BHWC in _batches(crops, batch):
            view = plain_view(torch.from_numpy(crop_BHWC).to(device), side)
            maps_BKHW = network(view.image_BCHW).float()
            place_BK2, peak_BK = decode(maps_BKHW)
            places.append(apply(to_crop.to(device), place_BK2).cpu())
            peaks.append(peak_BK.cpu())
            argmaxes.append(decode_argmax(maps_BKHW)[0].cpu())
    return Predictions(torch.cat(places), torch.cat(peaks), torch.cat(argmaxes), cells)


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
