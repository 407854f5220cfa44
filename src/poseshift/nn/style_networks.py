"""Encoders and decoders of styles: frozen features of an image, and the way back to an image.

An encoder gives its levels finest first. The decoder starts at the deepest and mirrors it: 3x3
convolutions with reflection padding, nearest upsampling where the encoder halves the side.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from poseshift.errors import BadInput, UserError
from poseshift.nn.backbone import Backbone, described_backbone
from poseshift.nn.posenet import read_weights

Widths = tuple[tuple[int, ...], ...]  # of a decoder's convolutions, a tuple a resolution


class Encoder(nn.Module):
    """Normalised images to feature levels.

    Attributes:
        channels: Of each level.
        strides: Image pixels a cell of each level.
        mirror: Widths of the decoder that belongs to it, coarse to fine.
    """

    channels: Sequence[int]
    strides: Sequence[int]
    mirror: Widths

    def forward(self, image_BCHW: Tensor) -> tuple[Tensor, ...]:
        """Levels, finest first."""
        raise NotImplementedError

    def describe(self) -> dict[str, Any]:
        """What :func:`described_encoder` needs to build it again."""
        raise NotImplementedError


class VGG(Encoder):
    """VGG-19 up to relu4_1, with reflection padding (Huang & Belongie, AdaIN, ICCV 2017).

    Layers have the numbers, and so the parameters the names, that torchvision gives them.
    """

    channels = (64, 128, 256, 512)
    strides = (1, 2, 4, 8)
    mirror = ((256,), (256, 256, 256, 128), (128, 64), (64, 3))

    def __init__(self) -> None:
        super().__init__()
        widths = (64, 64, 0, 128, 128, 0, 256, 256, 256, 256, 0, 512)  # 0 halves the side
        layers: list[nn.Module] = []
        channels = 3
        for width in widths:
            layers += _conv(channels, width) if width else [nn.MaxPool2d(2)]
            channels = width or channels
        self.features = nn.Sequential(*layers)
        self.taps = {1, 6, 11, 20}  # relu1_1, relu2_1, relu3_1, relu4_1

    def forward(self, image_BCHW: Tensor) -> tuple[Tensor, ...]:
        """relu1_1, relu2_1, relu3_1, relu4_1."""
        levels, features = [], image_BCHW
        for number, layer in enumerate(self.features):
            features = layer(features)
            if number in self.taps:
                levels.append(features)
        return tuple(levels)

    def describe(self) -> dict[str, Any]:
        """Its kind says all."""
        return {"kind": "vgg19"}


class ResNet(Encoder):
    """The stem convolution and the first stages of a ResNet backbone.

    Args:
        backbone: Whose layers to take.
        stages: How many.
    """

    def __init__(self, backbone: Backbone, stages: int) -> None:
        super().__init__()
        model: Any = backbone.model
        if getattr(model.config, "model_type", "") != "resnet":
            raise UserError(
                f"a style's encoder is a ResNet's, found '{model.config.model_type}'",
                fix="give a run with a ResNet backbone, a ResNet's hub id, or VGG-19 weights",
            )
        self.about = {"kind": "resnet", "stages": stages, "backbone": backbone.describe()}
        self.stem, self.pool = model.embedder.embedder, model.embedder.pooler
        self.stages = nn.ModuleList(model.encoder.stages[:stages])
        first = 8 if model.config.downsample_in_first_stage else 4
        self.channels = [model.config.embedding_size, *model.config.hidden_sizes[:stages]]
        self.strides = [2, *(first * 2**stage for stage in range(len(self.stages)))]
        self.mirror = mirrored(self.channels, self.strides)

    def forward(self, image_BCHW: Tensor) -> tuple[Tensor, ...]:
        """The stem's map, then one a stage."""
        levels = [self.stem(image_BCHW)]
        features = self.pool(levels[0])
        for stage in self.stages:
            features = stage(features)
            levels.append(features)
        return tuple(levels)

    def describe(self) -> dict[str, Any]:
        """The backbone's description, and how much of it is used."""
        return self.about


def mirrored(channels: Sequence[int], strides: Sequence[int]) -> Widths:
    """Widths of a decoder for the deepest level, down to stride 1 at half the finest's channels.

    Example:
        >>> mirrored([64, 256, 512], [2, 4, 8])
        ((256,), (256, 64), (64, 32), (32, 3))
    """
    levels = list(zip(strides, channels, strict=True))
    sides = [2**power for power in range(strides[-1].bit_length())]  # 1, 2, 4 ... the deepest
    widths = [next(c for s, c in levels if s >= stride) for stride in sides]
    steps = [*pairwise(reversed([3, channels[0] // 2, *widths[1:]]))]
    return ((steps[0][1],), *steps[1:])


def build_decoder(channels: int, widths: Widths) -> nn.Sequential:
    """Convolutions of the given widths, a doubling of the side between two resolutions."""
    layers: list[nn.Module] = []
    for number, group in enumerate(widths):
        layers += [nn.Upsample(scale_factor=2)] if number else []
        for width in group:
            layers += _conv(channels, width)
            channels = width
    return nn.Sequential(*layers[:-1])  # the image itself is not rectified


def _conv(channels: int, width: int) -> list[nn.Module]:
    conv = nn.Conv2d(channels, width, 3, padding=1, padding_mode="reflect")
    return [conv, nn.ReLU(inplace=False)]


def described_encoder(about: Mapping[str, Any], where: str | Path) -> Encoder:
    """An encoder from what :meth:`Encoder.describe` gave; its weights are random."""
    kind = about.get("kind")
    if kind == "vgg19":
        return VGG()
    if kind == "resnet":
        backbone, stages = about.get("backbone"), about.get("stages")
        if not isinstance(backbone, dict) or type(stages) is not int or stages < 1:
            raise BadInput("does not say 'backbone' and 'stages' of its encoder", where=where)
        return ResNet(described_backbone(backbone, where), stages)
    raise BadInput(f"expected an encoder vgg19 or resnet, found '{kind}'", where=where)


def read_vgg(path: Path) -> VGG:
    """VGG-19 with the weights of a file that names them as torchvision does."""
    state = read_weights(path) if path.suffix == ".safetensors" else _unpickled(path)
    vgg = VGG()
    own = {key: value for key, value in state.items() if key in vgg.state_dict()}
    fill(
        vgg,
        own,
        path,
        fix="give torchvision's vgg19 weights, or the hub id or folder of a transformers ResNet",
    )
    return vgg


def _unpickled(path: Path) -> dict[str, Tensor]:
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise BadInput("no such file", where=path, fix="check the path") from error
    except Exception as error:  # torch raises many kinds for what is not plain tensors
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise BadInput(
            f"is not a file of weights alone ({reason})",
            where=path,
            fix="save its state_dict(), best as .safetensors",
        ) from error
    if not isinstance(state, dict) or not all(isinstance(v, Tensor) for v in state.values()):
        raise BadInput("holds no state_dict", where=path, fix="save the network's state_dict()")
    return state


def fill(module: nn.Module, state: Mapping[str, Tensor], where: Path, fix: str) -> None:
    """Load weights of which all must be there and fit."""
    own = module.state_dict()
    for key in sorted(own.keys() | state.keys()):
        expected, found = _shape(own, key), _shape(state, key)
        if expected != found:
            problem = f"expected '{key}' to be {expected}, found {found}"
            raise BadInput(problem, where=where, fix=fix)
    module.load_state_dict(dict(state))


def _shape(state: Mapping[str, Tensor], key: str) -> str:
    return " x ".join(map(str, state[key].shape)) if key in state else "absent"
