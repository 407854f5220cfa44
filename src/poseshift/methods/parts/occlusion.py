"""Adaptive occlusion: hide a joint the teacher is sure of, so that the student must infer it.

Legend: B batch, K keypoints, C channels, H W rows and columns.
"""

from __future__ import annotations

import torch
from torch import Tensor

from poseshift.data.draws import Draws


def occlude(
    image_BCHW: Tensor,
    place_BK2: Tensor,
    sure_BK: Tensor,
    draws: Draws,
    *,
    rate: float,
    half: float,
) -> Tensor:
    """Overwrite a square around one sure joint of some images with another part of the same image.

    Args:
        image_BCHW: The student's images.
        place_BK2: Joints in pixels of these images.
        sure_BK: Which joints may be hidden.
        draws: Random numbers: which images, which joint, and where the patch comes from.
        rate: Chance of an image with any sure joint.
        half: Half the square's side, of the image's.
    """
    height, width = image_BCHW.shape[-2:]
    reach = max(1, round(half * width))
    # The sure joint with the largest random number is a fair choice among them.
    lot_BK = draws.uniform(0, 1, place_BK2.shape[1]).masked_fill(~sure_BK, -1.0)
    chosen_B = lot_BK.argmax(1)
    struck_B = sure_BK.any(1) & (draws.uniform(0, 1) < rate)
    centre_B2 = place_BK2.gather(1, chosen_B[:, None, None].expand(-1, 1, 2))[:, 0].round()
    size = torch.tensor([width, height], device=image_BCHW.device)
    origin_B2 = (draws.uniform(0, 1, 2) * (size - 2 * reach)).floor() + reach
    return _copy_square(image_BCHW, origin_B2.long(), centre_B2.long(), reach, struck_B)


def _copy_square(
    image_BCHW: Tensor, from_B2: Tensor, to_B2: Tensor, reach: int, struck_B: Tensor
) -> Tensor:
    """Copy the square around one place of each struck image to another; what falls outside goes."""
    height, width = image_BCHW.shape[-2:]
    x = torch.arange(width, device=image_BCHW.device)
    y = torch.arange(height, device=image_BCHW.device)
    dx_BW, dy_BH = x - to_B2[:, :1], y - to_B2[:, 1:]
    hit_BW, hit_BH = (dx_BW >= -reach) & (dx_BW < reach), (dy_BH >= -reach) & (dy_BH < reach)
    hit_BHW = hit_BH[:, :, None] & hit_BW[:, None, :] & struck_B[:, None, None]
    from_x_BW = torch.where(hit_BW, dx_BW + from_B2[:, :1], x).clamp(0, width - 1)
    from_y_BH = torch.where(hit_BH, dy_BH + from_B2[:, 1:], y).clamp(0, height - 1)
    rows = torch.arange(len(image_BCHW), device=image_BCHW.device)[:, None, None]
    copied_BHWC = image_BCHW.permute(0, 2, 3, 1)[rows, from_y_BH[:, :, None], from_x_BW[:, None, :]]
    return torch.where(hit_BHW[:, None], copied_BHWC.permute(0, 3, 1, 2), image_BCHW)
