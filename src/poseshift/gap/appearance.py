"""The appearance gap: what crops look like, as the network would see them; no label is needed.

Six numbers a crop (brightness, contrast, colour, warmth, detail, noise), the spectrum, and features
of a backbone: their Frechet distance, and how often a linear probe tells the domains apart.

Legend: N crops, B of a batch, F frequencies, C channels, H W rows and columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from poseshift.data.domain import Indices
from poseshift.data.pack import Crops
from poseshift.data.types import Bytes, Floats
from poseshift.data.views import GRAY, IMAGENET_MEAN, IMAGENET_STD, plain_view
from poseshift.devices import pick_device
from poseshift.gap.distance import (
    Array,
    Distance,
    Split,
    against_floor,
    compare,
    probe,
)
from poseshift.metrics.frechet import frechet
from poseshift.nn.backbone import Backbone, build_backbone

CROPS = 600  # of either domain at most
BATCH = 50
AXES = 32  # principal axes of the features, for covariances of a few hundred crops
FINE = 0.25  # cycles a pixel: half of what a pixel grid can hold
MEANING = {
    "brightness": "Mean of a crop, black 0 to white 1.",
    "contrast": "Standard deviation of the brightness.",
    "colour": "Largest less smallest of red, green, blue.",
    "warmth": "Red less blue.",
    "detail": "Share of the power in waves under 4 px.",
    "noise": "Standard deviation, in grey levels of 255.",
}
SHARE, TOLD, FAR = 0.3, 0.75, 0.3  # from where on a shift, an accuracy, a Frechet distance matter


@dataclass(frozen=True, slots=True)
class Looks:
    """What was measured of N crops.

    Attributes:
        number: By name, one number a crop.
        spectrum_NF: Log10 of the power at 1, 2 ... cycles a crop.
        channel_N23: Mean and standard deviation of red, green and blue, 0 to 1.
        feature_NC: Means of a backbone's maps.
    """

    number: dict[str, Floats]
    spectrum_NF: Floats
    channel_N23: Floats
    feature_NC: Floats

    def __len__(self) -> int:
        return len(self.feature_NC)


def random_backbone() -> Backbone:
    """``tiny`` with the same random weights every time: filters of many kinds, taught nothing."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return build_backbone("tiny").eval()


@torch.inference_mode()
def look(crops: Crops, index_N: Indices, side: int, backbone: Backbone) -> Looks:
    """Measure some crops at the network's side."""
    device = pick_device("auto")
    backbone = backbone.to(device).eval()
    parts: list[tuple[Tensor, ...]] = []
    for start in range(0, len(index_N), BATCH):
        rows = index_N[start : start + BATCH]
        crop_BHWC: Bytes = np.stack([crops.image(int(i)) for i in rows])
        view_BCHW = plain_view(torch.from_numpy(crop_BHWC).to(device), side).image_BCHW
        image_BCHW = _pixels(view_BCHW)
        channels = torch.stack([image_BCHW.mean((2, 3)), image_BCHW.std((2, 3))], 1)
        features = torch.cat([maps.mean((2, 3)) for maps in backbone(view_BCHW)], 1)
        parts.append((_numbers(image_BCHW), spectrum(_luma(image_BCHW)), channels, features))
    numbers_N5, spectrum_NF, channel_N23, feature_NC = (
        torch.cat(column).float().cpu().numpy() for column in zip(*parts, strict=True)
    )
    names = ("brightness", "contrast", "colour", "warmth", "noise")
    number = dict(zip(names, numbers_N5.T, strict=True))
    number["detail"] = _fine_share(spectrum_NF, side)
    return Looks(number, spectrum_NF, channel_N23, feature_NC)


def distances(source: Looks, target: Looks, found: list[Split]) -> list[Distance]:
    """All distances of two looks."""
    told = [
        compare(name, source.number[name], target.number[name], found, SHARE) for name in MEANING
    ]
    axes_S, axes_T = principal(source.feature_NC, target.feature_NC)
    far = Distance(
        "features, Frechet", *against_floor(in_variances, axes_S, axes_T, found), FAR, "variances"
    )
    features = source.feature_NC, target.feature_NC
    seen = Distance("features, probe", *against_floor(probe, *features, found), TOLD, "accuracy")
    return [distance for distance in told if distance is not None] + [far, seen]


def _pixels(view_BCHW: Tensor) -> Tensor:
    """A network's view back to colours between 0 and 1."""
    mean, sd = (
        torch.tensor(values, device=view_BCHW.device)[:, None, None]
        for values in (IMAGENET_MEAN, IMAGENET_STD)
    )
    return view_BCHW * sd + mean


def _luma(image_BCHW: Tensor) -> Tensor:
    weights = torch.tensor(GRAY, device=image_BCHW.device)[:, None, None]
    return (image_BCHW * weights).sum(1)


def _numbers(image_BCHW: Tensor) -> Tensor:
    """Brightness, contrast, colour, warmth and noise (B, 5), all but the last from 0 to 1."""
    luma_BHW = _luma(image_BCHW)
    colour_BHW = image_BCHW.amax(1) - image_BCHW.amin(1)
    warmth_BHW = image_BCHW[:, 0] - image_BCHW[:, 2]
    pixels = (1, 2)
    return torch.stack(
        [
            luma_BHW.mean(pixels),
            luma_BHW.std(pixels),
            colour_BHW.mean(pixels),
            warmth_BHW.mean(pixels),
            noise_level(luma_BHW),
        ],
        1,
    )


def noise_level(luma_BHW: Tensor) -> Tensor:
    """Standard deviation of the noise, in grey levels of 255.

    The filter of Immerkaer (1996) is blind to planes and straight edges; the median in place of his
    mean also leaves out textures that cover less than half of the crop.

    Example:
        >>> noise = 0.02 * torch.randn(1, 96, 96, generator=torch.Generator().manual_seed(0))
        >>> [round(float(noise_level(noise + slope))) for slope in (0, torch.arange(96) / 96)]
        [5, 5]
    """
    row = torch.tensor([1.0, -2.0, 1.0], device=luma_BHW.device)
    answer_BHW = F.conv2d(luma_BHW[:, None], torch.outer(row, row)[None, None])[:, 0]
    return answer_BHW.abs().flatten(1).median(1).values * (255 / 0.6745 / 6)


def spectrum(luma_BHW: Tensor) -> Tensor:
    """Log10 power at 1, 2 ... side/2 cycles a crop (B, F), the same in all directions.

    Example:
        >>> waves = torch.sin(torch.arange(64) * 2 * torch.pi * 8 / 64).expand(1, 64, 64)
        >>> 1 + int(spectrum(waves).argmax())
        8
    """
    side = luma_BHW.shape[-1]
    window = torch.hann_window(side, periodic=False, device=luma_BHW.device)
    flat_BHW = (luma_BHW - luma_BHW.mean((1, 2), keepdim=True)) * torch.outer(window, window)
    power_BM = torch.fft.fft2(flat_BHW).abs().square().flatten(1)
    cycle_H = torch.fft.fftfreq(side, 1 / side, device=luma_BHW.device)
    ring_M = torch.hypot(cycle_H[:, None], cycle_H[None]).round().long().flatten()
    inside_M = (ring_M >= 1) & (ring_M <= side // 2)
    ring_M, power_BM = ring_M[inside_M] - 1, power_BM[:, inside_M]
    total_BF = torch.zeros(len(power_BM), side // 2, device=luma_BHW.device)
    total_BF.index_add_(1, ring_M, power_BM)
    return (total_BF / torch.bincount(ring_M) + 1e-12).log10()


def _fine_share(spectrum_NF: Floats, side: int) -> Floats:
    """Share of the power in waves of four pixels and shorter."""
    cycles_F = np.arange(1, spectrum_NF.shape[1] + 1)
    power_NF = 10.0 ** spectrum_NF.astype(np.float64) * cycles_F  # a ring is as long as its radius
    fine_N = power_NF[:, cycles_F > FINE * side].sum(1) / power_NF.sum(1)
    return cast("Floats", fine_N.astype(np.float32))


def principal(source_NC: Array, target_MC: Array) -> tuple[Array, Array]:
    """Both samples on the main axes of the two together, channels in standard deviations."""
    both = np.concatenate([source_NC, target_MC]).astype(np.float64)
    both = (both - both.mean(0)) / (both.std(0) + 1e-9)
    axes = np.linalg.svd(both, full_matrices=False)[2][:AXES]
    placed: Array = both @ axes.T
    return placed[: len(source_NC)], placed[len(source_NC) :]


def in_variances(a_NF: Array, b_MF: Array) -> float:
    """Frechet distance over the variance of the first sample, so that scales cancel."""
    return frechet(torch.from_numpy(a_NF), torch.from_numpy(b_MF)) / float(a_NF.var(0).sum())
