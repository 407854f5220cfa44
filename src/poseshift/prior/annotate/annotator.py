"""A network that annotates crops: joints are the means of its maps.

Legend: B batch, N crops, K joints, C channels, H W map rows and columns.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from poseshift.data.pack import Crops
from poseshift.data.views import apply, plain_view, resize_matrix
from poseshift.nn.posenet import PoseNet

NEAR = 0.1  # of the side: a map that is sure of a joint has little beyond


class Annotator:
    """Joints of crops.

    Args:
        network: Images to logits of where joints are.
        side: Pixels a side of its views.
    """

    def __init__(self, network: PoseNet, side: int) -> None:
        self.network, self.side = network, side

    @torch.inference_mode()
    def __call__(self, crops: Crops, batch: int = 64) -> tuple[Tensor, Tensor]:
        """Keypoints (N, K, 2) in crop pixels, and how sure it is of each (N, K)."""
        self.network.eval()
        to_crop_33, places, sure = resize_matrix(self.side, crops.side), [], []
        for start in range(0, len(crops), batch):
            rows = range(start, min(start + batch, len(crops)))
            view = plain_view(torch.from_numpy(np.stack([crops.image(i) for i in rows])), self.side)
            logits_BKHW = self.network(view.image_BCHW)
            canvas_BK2 = expected(logits_BKHW)
            places.append(apply(to_crop_33, (canvas_BK2 + 1) * self.side / 2 - 0.5))
            sure.append(nearby(logits_BKHW, canvas_BK2))
        return torch.cat(places), torch.cat(sure)


def expected(logits_BKHW: Tensor) -> Tensor:
    """Mean places (B, K, 2) of distributions over cells, on a canvas of [-1, 1].

    Example:
        >>> sharp = torch.full((1, 1, 4, 4), -99.0)
        >>> sharp[0, 0, 0, 3] = 99.0
        >>> expected(sharp)
        tensor([[[ 0.7500, -0.7500]]])
    """
    share_BKHW, place = _shares(logits_BKHW)
    return torch.stack([share_BKHW.sum(2) @ place, share_BKHW.sum(3) @ place], -1)


def nearby(logits_BKHW: Tensor, canvas_BK2: Tensor) -> Tensor:
    """Share (B, K) of each distribution that lies near a place on the canvas.

    Example:
        >>> sharp = torch.full((1, 1, 4, 4), -99.0)
        >>> sharp[0, 0, 0, 3] = 99.0
        >>> nearby(sharp, expected(sharp)), nearby(torch.zeros(1, 1, 4, 4), torch.zeros(1, 1, 2))
        (tensor([[1.]]), tensor([[0.]]))
    """
    share_BKHW, place = _shares(logits_BKHW)
    x_BK11, y_BK11 = canvas_BK2[..., None, None].unbind(2)
    near_BKHW = torch.hypot(place - x_BK11, place[:, None] - y_BK11) <= 2 * NEAR
    return (share_BKHW * near_BKHW).sum((2, 3))


def _shares(logits_BKHW: Tensor) -> tuple[Tensor, Tensor]:
    """Each map as a distribution, and where its columns, and its rows, are on the canvas."""
    cells = logits_BKHW.shape[-1]
    place = (torch.arange(cells, device=logits_BKHW.device) * 2 + 1) / cells - 1
    return logits_BKHW.flatten(2).softmax(-1).view_as(logits_BKHW), place
