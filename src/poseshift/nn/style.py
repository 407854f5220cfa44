"""Styles: the content of one image in the look of another.

``Fourier`` and ``Colour`` need no training. ``AdaIN`` has a decoder that ``poseshift style`` trains
for a pair of domains; one serves both directions.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import torch
from safetensors.torch import save as to_bytes
from torch import Tensor, nn

from poseshift.data.views import IMAGENET_MEAN, IMAGENET_STD, normalize
from poseshift.errors import BadInput, UserError, nearest
from poseshift.files import write_atomic, write_json
from poseshift.nn.posenet import read_weights
from poseshift.nn.style_networks import Encoder, build_decoder, described_encoder, fill
from poseshift.run import read_json

ABOUT, WEIGHTS = "style.json", "style.safetensors"
EPS = 1e-5
# Luminance, blue-yellow and red-green: the axes of Ruderman et al. (1998), along which the colours
# of natural images vary almost independently.
OPPONENT = (
    (0.57735, 0.57735, 0.57735),
    (0.40825, 0.40825, -0.81650),
    (0.70711, -0.70711, 0.0),
)


class Style(nn.Module, ABC):
    """Maps a content image to the look of a style image. Has no gradient and never trains."""

    @torch.no_grad()
    def forward(self, content_BCHW: Tensor, style_BCHW: Tensor, amount_B: Tensor) -> Tensor:
        """Stylised content.

        Args:
            content_BCHW: Normalised images.
            style_BCHW: Normalised images, one a content image.
            amount_B: 0 for the content as it is, 1 for all of the style.

        Returns:
            Images like the content, within the range of normalised pixels.
        """
        image_BCHW = self.paint(content_BCHW, style_BCHW, amount_B[:, None, None, None])
        return in_range(image_BCHW).to(content_BCHW.dtype)

    def both(
        self, one_BCHW: Tensor, other_BCHW: Tensor, amount_B: Tensor, other_amount_B: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Each in the look of the other; whatever both directions need is computed once."""
        one = self(one_BCHW, other_BCHW, amount_B)
        return one, self(other_BCHW, one_BCHW, other_amount_B)

    @abstractmethod
    def paint(self, content_BCHW: Tensor, style_BCHW: Tensor, amount_B111: Tensor) -> Tensor:
        """Stylised content of any range and precision."""

    def train(self, mode: bool = True) -> Self:
        """Stay as it is: a method that trains must not move the batch statistics in here."""
        return super().train(False)


class Fourier(Style):
    """Low-frequency amplitudes of the style, phases of the content (FDA, CVPR 2020).

    Args:
        band: Half the width of the exchanged square of frequencies, as a share of the side.
    """

    def __init__(self, band: float = 0.05) -> None:
        super().__init__()
        self.band = band

    def paint(self, content_BCHW: Tensor, style_BCHW: Tensor, amount_B111: Tensor) -> Tensor:
        """Amplitudes exchanged in pixel values; around a mean of zero a sign would stay behind."""
        with torch.autocast(content_BCHW.device.type, enabled=False):
            content, style = pixels(content_BCHW), pixels(style_BCHW)
            return normalize(exchange_amplitudes(content, style, amount_B111, self.band))


class Colour(Style):
    """Mean and deviation of each colour axis of the style (Reinhard et al., 2001).

    Along Ruderman's opponent axes as in the paper, but of plain pixel values, not their logarithms,
    which would blow up the noise of dark pixels.
    """

    def paint(self, content_BCHW: Tensor, style_BCHW: Tensor, amount_B111: Tensor) -> Tensor:
        """Statistics aligned in opponent colours."""
        with torch.autocast(content_BCHW.device.type, enabled=False):
            axes = torch.tensor(OPPONENT, device=content_BCHW.device)
            content, style = (
                torch.einsum("oc,bchw->bohw", axes, pixels(image))
                for image in (content_BCHW, style_BCHW)
            )
            moved = align(content, *statistics(style), amount_B111)
            return normalize(torch.einsum("oc,bohw->bchw", axes, moved))


class AdaIN(Style):
    """Statistics of the style's features on the content's features, decoded (ICCV 2017).

    t = a AdaIN(f(content), f(style)) + (1 - a) f(content); the image is g(t).

    Args:
        encoder: f, of which the deepest level is used.
        decoder: g, trained for f.
    """

    def __init__(self, encoder: Encoder, decoder: nn.Module) -> None:
        super().__init__()
        self.encoder, self.decoder = encoder, decoder
        self.requires_grad_(False).eval()

    def paint(self, content_BCHW: Tensor, style_BCHW: Tensor, amount_B111: Tensor) -> Tensor:
        """Encode both, align, decode."""
        return self._decoded(self._encoded(content_BCHW), self._encoded(style_BCHW), amount_B111)

    @torch.no_grad()
    def both(
        self, one_BCHW: Tensor, other_BCHW: Tensor, amount_B: Tensor, other_amount_B: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Each in the look of the other; both are encoded once."""
        one, other = self._encoded(one_BCHW), self._encoded(other_BCHW)
        ways = (one, other, amount_B), (other, one, other_amount_B)
        first, second = (
            in_range(self._decoded(content, style, amount[:, None, None, None]))
            for content, style, amount in ways
        )
        return first.to(one_BCHW.dtype), second.to(other_BCHW.dtype)

    def _encoded(self, image_BCHW: Tensor) -> Tensor:
        check_side(self.encoder, image_BCHW.shape[-1])
        features_BCHW: Tensor = self.encoder(image_BCHW)[-1]
        return features_BCHW

    def _decoded(self, content_BCHW: Tensor, style_BCHW: Tensor, amount_B111: Tensor) -> Tensor:
        features = align(content_BCHW, *statistics(style_BCHW), amount_B111)
        image_BCHW: Tensor = self.decoder(features)
        return image_BCHW

    def save(self, folder: Path, about: Mapping[str, Any]) -> None:
        """Write the weights, then what they are and how they came about."""
        state = {key: value.contiguous() for key, value in self.state_dict().items()}
        write_atomic(folder / WEIGHTS, lambda path: path.write_bytes(to_bytes(state)))
        write_json(folder / ABOUT, {"encoder": self.encoder.describe(), **about})

    @classmethod
    def open(cls, folder: Path) -> AdaIN:
        """Read what :meth:`save` wrote; needs neither the run nor the hub the encoder is from."""
        fix = "make one with: poseshift style SOURCE TARGET --encoder RUN --out STYLE"
        if not (folder / ABOUT).is_file():
            raise BadInput(f"is not a style: it has no {ABOUT}", where=folder, fix=fix)
        about = read_json(folder / ABOUT).get("encoder")
        if not isinstance(about, dict):
            raise BadInput("does not say 'encoder'", where=folder / ABOUT, fix=fix)
        encoder = described_encoder(about, folder / ABOUT)
        style = cls(encoder, build_decoder(encoder.channels[-1], encoder.mirror))
        fill(style, read_weights(folder / WEIGHTS), folder / WEIGHTS, fix)
        return style


UNTRAINED: dict[str, type[Style]] = {"fourier": Fourier, "colour": Colour}


def build_style(name: str) -> Style:
    """A style by name, or by what ``poseshift style`` wrote: the folder or the weights in it.

    Example:
        >>> image = normalize(torch.rand(2, 3, 8, 8))
        >>> build_style("colour")(image, image.flip(0), torch.ones(2)).shape
        torch.Size([2, 3, 8, 8])
    """
    if name in UNTRAINED:
        return UNTRAINED[name]()
    path = Path(name)
    if path.is_dir() or path.is_file():
        return AdaIN.open(path if path.is_dir() else path.parent)
    raise UserError(
        f"no style is called '{name}'",
        where="method.style",
        fix=nearest(name, UNTRAINED) + "; or give a folder that 'poseshift style' wrote",
    )


def check_side(encoder: Encoder, side: int) -> None:
    """Whether images of this side come back as large as they went in."""
    stride = encoder.strides[-1]
    if side % stride:
        near = max(stride, round(side / stride) * stride)
        raise UserError(
            f"side {side} is not a multiple of the style encoder's stride {stride}",
            where="side",
            fix=f"--set side={near}",
        )


def statistics(features_BCHW: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and deviation of every channel (B, C, 1, 1), in float32.

    Example:
        >>> mean, deviation = statistics(torch.tensor([[[[1.0, 3.0]]]]))
        >>> round(float(mean), 2), round(float(deviation), 2)
        (2.0, 1.41)
    """
    variance, mean = torch.var_mean(features_BCHW.float(), (2, 3), keepdim=True)
    return mean, (variance + EPS).sqrt()


def align(
    content_BCHW: Tensor, mean_BC11: Tensor, deviation_BC11: Tensor, amount_B111: Tensor
) -> Tensor:
    """Move channel statistics towards the given ones, by a share; in float32.

    a (d (c - m_c) / d_c + m) + (1 - a) c, as one factor and one summand a channel: exactly the
    content where a is 0.

    Example:
        >>> content, one = torch.tensor([[[[1.0, 3.0]]]]), torch.ones(1, 1, 1, 1)
        >>> align(content, 5 * one, 2**0.5 * one, 0.5 * one).flatten().round(decimals=2)
        tensor([2.5000, 4.5000])
    """
    mean, deviation = statistics(content_BCHW)
    gain = 1 + amount_B111 * (deviation_BC11 / deviation - 1)
    offset = mean + amount_B111 * (mean_BC11 - mean) - mean * gain
    return torch.addcmul(offset, content_BCHW.float(), gain)


def exchange_amplitudes(
    content_BCHW: Tensor, style_BCHW: Tensor, amount_B111: Tensor, band: float
) -> Tensor:
    """Give the content's low frequencies the style's amplitudes, by a share.

    Written as what is added to the content, so nothing changes where the amplitudes agree.

    Example:
        >>> dark, light = torch.full((1, 3, 8, 8), 0.2), torch.full((1, 3, 8, 8), 0.8)
        >>> exchange_amplitudes(dark, light, torch.full((1, 1, 1, 1), 0.5), 0.1).mean()
        tensor(0.5000)
    """
    height, width = content_BCHW.shape[-2:]
    reach = int(min(height, width) * band)
    content, style = torch.fft.rfft2(content_BCHW), torch.fft.rfft2(style_BCHW)
    rows = torch.fft.fftfreq(height, 1 / height, device=content.device).abs() < reach + 0.5
    columns = torch.fft.rfftfreq(width, 1 / width, device=content.device) < reach + 0.5
    low = rows[:, None] & columns
    change = (style.abs() - content.abs()) * content.sgn() * low
    added_BCHW: Tensor = torch.fft.irfft2(change, s=(height, width))
    return content_BCHW + amount_B111 * added_BCHW


def in_range(image_BCHW: Tensor) -> Tensor:
    """Cut to the range of normalised pixels, in float32."""
    ends = torch.tensor([0.0, 1.0], device=image_BCHW.device)
    low, high = normalize(ends[:, None, None, None].expand(2, 3, 1, 1))
    return image_BCHW.float().clamp(low, high)


def pixels(image_BCHW: Tensor) -> Tensor:
    """Normalised images back to [0, 1], in float32.

    Example:
        >>> pixels(normalize(torch.full((1, 3, 1, 1), 0.25))).flatten()
        tensor([0.2500, 0.2500, 0.2500])
    """
    mean = torch.tensor(IMAGENET_MEAN, device=image_BCHW.device)[:, None, None]
    std = torch.tensor(IMAGENET_STD, device=image_BCHW.device)[:, None, None]
    pixels_BCHW: Tensor = image_BCHW.float() * std + mean
    return pixels_BCHW
