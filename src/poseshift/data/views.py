"""Views: random geometry and colour on the device, one bilinear resample from the decoded crop.

A view is one matrix. Matrices map pixel centres (integers) to pixel centres; everything that
travels between views, points or heatmaps, goes through their product, and nothing is resampled
twice.

Legend: B batch, K keypoints, C channels, H W rows and columns, _33 matrix on columns (x, y, 1).
"""

from __future__ import annotations

import math
from typing import Annotated

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor

from poseshift.data.draws import Draws
from poseshift.data.types import CropBatch, LabeledBatch, View
from poseshift.settings import Frozen
from poseshift.skeleton import Skeleton

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
GRAY = (0.299, 0.587, 0.114)


Zoom = Annotated[float, Field(ge=0.1, le=10)]


class ViewConfig(Frozen):
    """Augmentation ranges; lengths are fractions of the side, so 96 px and 256 px behave alike."""

    rotation: float = Field(30.0, ge=0, le=180, description="degrees, drawn from +-this")
    scale: tuple[Zoom, Zoom] = Field((0.8, 1.25), description="zoom range")
    shift: float = Field(0.05, ge=0, le=0.5, description="of the side, drawn from +-this")
    shear: float = Field(0.0, ge=0, le=60, description="degrees along x, drawn from +-this")
    flip: float = Field(0.0, ge=0, le=1, description="share of labelled views mirrored")
    brightness: float = Field(0.25, ge=0, le=1, description="factor drawn from 1 +- this")
    contrast: float = Field(0.25, ge=0, le=1, description="factor drawn from 1 +- this")
    saturation: float = Field(0.25, ge=0, le=1, description="factor drawn from 1 +- this")
    blur: float = Field(0.0, ge=0, le=0.05, description="largest Gaussian sigma, of the side")
    noise: float = Field(0.0, ge=0, le=0.5, description="largest noise sigma, of full scale")


def resize_matrix(from_side: int, to_side: int) -> Tensor:
    """Pixels of one side to pixels of another, both with centres at integers.

    Example:
        >>> apply(resize_matrix(256, 64), torch.tensor([[1.5, 255.5]]))  # edges go to edges
        tensor([[ 0.0000, 63.5000]])
    """
    s = to_side / from_side
    return torch.tensor([[s, 0, (s - 1) / 2], [0, s, (s - 1) / 2], [0, 0, 1]])


def apply(matrix_33: Tensor, points_2: Tensor) -> Tensor:
    """Map points (..., P, 2) through matrices (..., 3, 3).

    Example:
        >>> apply(torch.tensor([[2.0, 0, 1], [0, 2, 0], [0, 0, 1]]), torch.tensor([[3.0, 4.0]]))
        tensor([[7., 8.]])
    """
    linear, offset = matrix_33[..., :2, :2], matrix_33[..., :2, 2]
    return _product(points_2, linear.transpose(-1, -2)) + offset.unsqueeze(-2)


def _product(a: Tensor, b: Tensor) -> Tensor:
    """Product of small matrices; autocast would round ``a @ b`` to bfloat16, pixels off."""
    return (a[..., :, :, None] * b[..., None, :, :]).sum(-2)


def affine_matrix(draws: Draws, config: ViewConfig, side: int, flip: bool = False) -> Tensor:
    """Random matrices within a square of ``side`` pixels, turning about its centre.

    q = S R Sh F (p - c) + c + t: mirror first, then shear, turn, zoom and shift.
    """
    angle = draws.uniform(-config.rotation, config.rotation).deg2rad()
    low, high = (math.log(s) for s in config.scale)
    zoom = draws.uniform(low, high).exp()
    shift_B2 = draws.uniform(-config.shift, config.shift, 2) * side
    shear = draws.uniform(-config.shear, config.shear).deg2rad().tan()
    mirror = torch.where(draws.uniform(0, 1) < (config.flip if flip else 0.0), -1.0, 1.0)
    cos, sin, zero, one = angle.cos(), angle.sin(), torch.zeros_like(angle), torch.ones_like(angle)
    turn = torch.stack([torch.stack([cos, -sin], -1), torch.stack([sin, cos], -1)], -2)
    lean = torch.stack([torch.stack([mirror, shear], -1), torch.stack([zero, one], -1)], -2)
    linear_B22 = zoom[:, None, None] * _product(turn, lean)
    centre = torch.full((2,), (side - 1) / 2, device=angle.device)
    matrix_B33 = torch.eye(3, device=angle.device).repeat(len(angle), 1, 1)
    matrix_B33[:, :2, :2] = linear_B22
    matrix_B33[:, :2, 2] = centre + shift_B2 - (linear_B22 * centre).sum(-1)
    return matrix_B33


def inverted(matrix_B33: Tensor) -> Tensor:
    """Inverse of affine matrices, written out: exact enough in float32, on any device.

    Example:
        >>> inverted(torch.tensor([[[2.0, 0, 1], [0, 4, 0], [0, 0, 1]]]))[0].diag()
        tensor([0.5000, 0.2500, 1.0000])
    """
    a, b, c = matrix_B33[..., 0, :].unbind(-1)
    d, e, f = matrix_B33[..., 1, :].unbind(-1)
    det = a * e - b * d
    x, y = torch.stack([e, -b], -1) / det[..., None], torch.stack([-d, a], -1) / det[..., None]
    moved = torch.stack([c, f], -1)
    result = torch.zeros_like(matrix_B33)
    result[..., 0, :2], result[..., 1, :2], result[..., 2, 2] = x, y, 1
    result[..., 0, 2], result[..., 1, 2] = -(x * moved).sum(-1), -(y * moved).sum(-1)
    return result


def resample(image_BCHW: Tensor, matrix_B33: Tensor, side: int) -> Tensor:
    """Draw images through matrices onto squares of ``side`` pixels: one bilinear resample.

    Works for crops and for heatmaps alike; outside the input is zero.
    """
    grid_BHW2 = _grid(matrix_B33, image_BCHW.shape[-2], image_BCHW.shape[-1], side)
    return F.grid_sample(image_BCHW.float(), grid_BHW2, align_corners=False)


def _grid(matrix_B33: Tensor, height: int, width: int, side: int) -> Tensor:
    """Where each output pixel lies in the input, as ``grid_sample`` wants it."""
    inverse = inverted(matrix_B33)
    # grid_sample (align_corners=False) wants the *input* place of each output pixel as
    # (2 p + 1) / size - 1, so the pixel grid, the inverse and that scaling fold into one product.
    ticks = torch.arange(side, device=matrix_B33.device, dtype=matrix_B33.dtype)
    size = torch.tensor([width, height], device=matrix_B33.device)
    linear_B22 = inverse[:, :2, :2] * (2 / size)[:, None]
    offset_B2 = (2 * inverse[:, :2, 2] + 1) / size - 1
    along_x = ticks[None, None, :, None] * linear_B22[:, None, None, :, 0]
    along_y = ticks[None, :, None, None] * linear_B22[:, None, None, :, 1]
    grid_BHW2: Tensor = along_x + along_y + offset_B2[:, None, None, :]
    return grid_BHW2


def photometric(image_BCHW: Tensor, draws: Draws, config: ViewConfig) -> Tensor:
    """Random brightness, contrast, saturation, blur and noise of images in [0, 1]."""

    def factor(spread: float) -> Tensor:
        return draws.uniform(1 - spread, 1 + spread, 1, 1, 1)

    weights = torch.tensor(GRAY, device=image_BCHW.device)[:, None, None]
    bright, contrast, colour = (
        factor(config.brightness),
        factor(config.contrast),
        factor(config.saturation),
    )
    image = image_BCHW * bright
    gray = (image * weights).sum(1, keepdim=True)
    mean = gray.mean((2, 3), keepdim=True)
    # saturation then contrast, written out: c (s x + (1 - s) gray) + (1 - c) mean
    image = (contrast * colour) * image + (contrast * (1 - colour)) * gray + (1 - contrast) * mean
    if config.blur:
        image = _blur(image, draws.uniform(0, config.blur) * image.shape[-1])
    if config.noise:
        sigma = draws.uniform(0, config.noise, 1, 1, 1)
        image = image + sigma * draws.normal(*image.shape[1:])
    return image.clamp(0, 1)


def _blur(image_BCHW: Tensor, sigma_B: Tensor) -> Tensor:
    """Blur each image with its own Gaussian: two one-dimensional grouped convolutions."""
    batch, channels, height, width = image_BCHW.shape
    reach = max(1, math.ceil(3 * float(sigma_B.max())))
    ticks = torch.arange(-reach, reach + 1, device=image_BCHW.device)
    kernel_BT = torch.exp(-0.5 * (ticks / sigma_B.clamp(min=1e-3)[:, None]) ** 2)
    kernel_BT = (kernel_BT / kernel_BT.sum(1, keepdim=True)).repeat_interleave(channels, 0)
    flat = image_BCHW.reshape(1, batch * channels, height, width)
    flat = F.pad(flat, (reach, reach, reach, reach), mode="replicate")
    flat = F.conv2d(flat, kernel_BT[:, None, :, None], groups=batch * channels)
    flat = F.conv2d(flat, kernel_BT[:, None, None, :], groups=batch * channels)
    return flat.reshape(batch, channels, height, width)


def normalize(image_BCHW: Tensor) -> Tensor:
    """Images in [0, 1] to the range ImageNet networks expect."""
    mean = torch.tensor(IMAGENET_MEAN, device=image_BCHW.device)[:, None, None]
    std = torch.tensor(IMAGENET_STD, device=image_BCHW.device)[:, None, None]
    return (image_BCHW - mean) / std


def to_float(crop_BHWC: Tensor) -> Tensor:
    """Decoded bytes to channels-first floats in [0, 1]; the memory stays channels-last."""
    return crop_BHWC.permute(0, 3, 1, 2).float() / 255


def plain_view(crop_BHWC: Tensor, side: int) -> View:
    """The crop itself at the network's side: what evaluation and prediction use."""
    matrix = resize_matrix(crop_BHWC.shape[1], side).to(crop_BHWC.device)
    matrix_B33 = matrix.expand(len(crop_BHWC), 3, 3)
    image = (
        _draw(crop_BHWC, matrix_B33, side) if crop_BHWC.shape[1] != side else to_float(crop_BHWC)
    )
    return View(normalize(image), matrix_B33)


def random_view(batch: CropBatch, config: ViewConfig, side: int, flip: bool = False) -> View:
    """An augmented view of each crop."""
    crop_side = batch.crop_BHWC.shape[1]
    resize = resize_matrix(crop_side, side).to(batch.crop_BHWC.device)
    matrix_B33 = _product(affine_matrix(batch.draws, config, side, flip), resize)
    image = _draw(batch.crop_BHWC, matrix_B33, side)
    return View(normalize(photometric(image, batch.draws, config)), matrix_B33)


def _draw(crop_BHWC: Tensor, matrix_B33: Tensor, side: int) -> Tensor:
    """The crop through its matrix; a crop much larger than the view is averaged down first.

    One bilinear tap of four pixels would skip pixels there, and a Pack of large crops would look
    sharper than a Pack of small ones: a gap of our own making.
    """
    image, crop_side = to_float(crop_BHWC), crop_BHWC.shape[1]
    factor = crop_side // side
    if factor < 2:
        return resample(image, matrix_B33, side)
    image = F.avg_pool2d(image, factor)
    # Cell centres of the average, in crop pixels: x = factor * (x' + 0.5) - 0.5
    back = torch.eye(3, device=image.device) * factor
    back[:2, 2], back[2, 2] = (factor - 1) / 2, 1
    return resample(image, _product(matrix_B33, back), side)


def labeled_view(
    batch: LabeledBatch, config: ViewConfig, side: int, skeleton: Skeleton
) -> tuple[View, Tensor, Tensor]:
    """An augmented view with its keypoints (view pixels) and weights.

    Returns:
        The view, keypoints (B, K, 2) with zeros where the weight is zero, and weights (B, K):
        1 for labelled joints inside the view, times the sample's own if the batch has any. A
        mirrored view has its joints relabelled.
    """
    view = random_view(batch, config, side, flip=True)
    keypoints_BK2, labeled_BK = batch.keypoints_BK2, batch.visibility_BK > 0
    if config.flip:
        order = torch.tensor(skeleton.flip, device=keypoints_BK2.device)
        mirrored = torch.linalg.det(view.matrix_B33) < 0
        keypoints_BK2 = torch.where(mirrored[:, None, None], keypoints_BK2[:, order], keypoints_BK2)
        labeled_BK = torch.where(mirrored[:, None], labeled_BK[:, order], labeled_BK)
    points_BK2 = apply(view.matrix_B33, keypoints_BK2)
    inside = ((points_BK2 >= -0.5) & (points_BK2 < side - 0.5)).all(-1)
    weight_BK = labeled_BK & inside
    points_BK2 = points_BK2.masked_fill(~weight_BK[..., None], 0.0)
    if batch.weight_B is None:
        return view, points_BK2, weight_BK.float()
    return view, points_BK2, weight_BK * batch.weight_B[:, None]


def warp_maps(
    maps_BKHW: Tensor, from_B33: Tensor, to_B33: Tensor, view_side: int, cells: int | None = None
) -> Tensor:
    """Carry heatmaps from one view to another: the product of the matrices, one resample.

    Beyond the centres of the outermost cells a map is unknown and the result zero: a sample there
    would be part map, part nothing, and move the peaks of joints at the border inwards.

    Args:
        maps_BKHW: Heatmaps of the view ``from_B33``.
        from_B33: Crop pixels to pixels of the view the maps belong to.
        to_B33: Crop pixels to pixels of the view they should go to.
        view_side: Pixels a side of both views.
        cells: Heatmap side wanted, the same if not given.
    """
    size = maps_BKHW.shape[-1]
    cells = cells or size
    to_cells = resize_matrix(view_side, cells).to(maps_BKHW.device)
    of_cells = resize_matrix(size, view_side).to(maps_BKHW.device)
    step_B33 = _product(to_B33, inverted(from_B33))
    whole_B33 = _product(_product(to_cells, step_B33), of_cells)
    grid_BHW2 = _grid(whole_B33, size, size, cells)
    known_BHW = (grid_BHW2.abs() <= 1 - 1 / size + 1e-4).all(-1)
    carried_BKHW = F.grid_sample(maps_BKHW.float(), grid_BHW2, align_corners=False)
    return carried_BKHW * known_BHW[:, None]
