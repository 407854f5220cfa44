"""The pose network: backbone, upsampling, one map a joint (Xiao et al., Simple Baselines, 2018).

``features`` and ``head`` are apart so that methods can put further heads on the upsampled features.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import torch.nn.functional as F
from pydantic import Field
from safetensors import SafetensorError
from safetensors.torch import load_file
from safetensors.torch import save as to_bytes
from torch import Tensor, nn

from poseshift.data.heatmap import SIGMA
from poseshift.errors import BadInput, UserError
from poseshift.nn.backbone import Backbone, build_backbone, described_backbone
from poseshift.registry import Registry
from poseshift.settings import Frozen, build

Width = Annotated[int, Field(ge=1, le=4096)]
Regressor = Literal["linear", "conv", "wide"]


class NetworkConfig(Frozen):
    """The network's shape."""

    backbone: str = Field("tiny", description="preset, hub id or folder")
    pretrained: bool = Field(False, description="load the published weights of a preset")
    head: str = Field(
        "lateral", description="upsampling between backbone and maps; deconv: as published"
    )
    widths: tuple[Width, ...] = Field(
        (64, 48, 32), min_length=1, description="channels of the upsampling layers"
    )
    regressor: Regressor = Field(
        "linear", description="features to maps: a convolution of 1x1, RegDA's two, or one of 3x3"
    )
    output: Literal["maps", "logits"] = Field(
        "maps", description="maps of peak 1, or logits of a distribution over the cells"
    )


class Upsampler(nn.Module):
    """Layers between the backbone's maps, finest first, and the 1x1 head.

    Attributes:
        channels: Of the upsampled features.
        factor: How many times more cells a side they have than the coarsest map.
    """

    channels: int
    factor: int


HEADS: Registry[Callable[[Backbone, NetworkConfig], Upsampler]] = Registry("heads")


class Doublings(Upsampler):
    """Transposed convolutions of kernel 4 on the coarsest map, each doubling the side.

    Args:
        backbone: Whose maps come in.
        widths: Channels after each doubling.
        lateral: Add the backbone's finer maps where the strides meet.
    """

    def __init__(self, backbone: Backbone, widths: Sequence[int], *, lateral: bool) -> None:
        super().__init__()
        self.doublings, self.laterals = nn.ModuleList(), nn.ModuleDict()
        self.finer: dict[int, int] = {}  # doubling -> which of the backbone's maps joins after it
        channels, stride = backbone.channels[-1], backbone.strides[-1]
        for step, width in enumerate(widths):
            conv = nn.ConvTranspose2d(channels, width, 4, stride=2, padding=1, bias=False)
            nn.init.normal_(conv.weight, std=0.001)
            self.doublings.append(nn.Sequential(conv, nn.BatchNorm2d(width)))
            channels, stride = width, stride // 2
            if lateral and stride in backbone.strides:
                self.finer[step] = backbone.strides.index(stride)
                finer = backbone.channels[self.finer[step]]
                self.laterals[str(step)] = nn.Conv2d(finer, width, 1)
        self.channels, self.factor = channels, 2 ** len(widths)

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """Upsampled features."""
        features = maps[-1]
        for step, double in enumerate(self.doublings):
            features = double(features)
            if step in self.finer:
                features = features + self.laterals[str(step)](maps[self.finer[step]])
            features = F.relu(features, inplace=True)
        return features


@HEADS.register("deconv")
def deconv(backbone: Backbone, config: NetworkConfig) -> Upsampler:
    """The published head (Xiao et al., 2018): the coarsest map alone."""
    return Doublings(backbone, config.widths, lateral=False)


@HEADS.register("lateral")
def lateral(backbone: Backbone, config: NetworkConfig) -> Upsampler:
    """The published head with the backbone's finer maps added (Lin et al., CVPR 2017).

    The coarse map knows the whole, the fine ones the place: a small network learns to localise in
    a fraction of the steps. With a backbone of one scale it is :func:`deconv`.
    """
    return Doublings(backbone, config.widths, lateral=True)


class Bilinear(Upsampler):
    """ReLU, then interpolation: nothing to learn, and as many channels as the coarsest map has.

    Args:
        backbone: Whose maps come in.
        doublings: Of the side, all in one interpolation.
    """

    def __init__(self, backbone: Backbone, doublings: int) -> None:
        super().__init__()
        self.channels, self.factor = backbone.channels[-1], 2**doublings

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """Upsampled features."""
        return F.interpolate(F.relu(maps[-1]), scale_factor=self.factor, mode="bilinear")


@HEADS.register("bilinear")
def bilinear(backbone: Backbone, config: NetworkConfig) -> Upsampler:
    """ViTPose's simple head (Xu et al., NeurIPS 2022), with the regressor ``wide``.

    It doubles once for each of the widths, which say nothing else here.
    """
    return Bilinear(backbone, len(config.widths))


def regressor(channels: int, joints: int, kind: Regressor) -> nn.Module:
    """Features to maps, weights N(0, .001).

    ``linear`` is a 1x1 convolution, ``conv`` RegDA's conv3x3-BN-ReLU-conv1x1, ``wide`` a 3x3 one.
    """
    size = 3 if kind == "wide" else 1
    head = nn.Conv2d(channels, joints, size, padding=size // 2)
    convs, layers = [head], nn.Sequential(head)
    if kind == "conv":
        wide = nn.Conv2d(channels, channels, 3, padding=1)
        convs = [wide, head]
        layers = nn.Sequential(wide, nn.BatchNorm2d(channels), nn.ReLU(inplace=True), head)
    for conv in convs:
        nn.init.normal_(conv.weight, std=0.001)
        nn.init.constant_(conv.get_parameter("bias"), 0)
    return layers if kind == "conv" else head


class PoseNet(nn.Module):
    """Images to heatmaps, one map a joint.

    Args:
        config: Shape of the network.
        joints: Number of maps.
        backbone: One that is already built, instead of what the config names.
    """

    def __init__(
        self, config: NetworkConfig, joints: int, backbone: Backbone | None = None
    ) -> None:
        super().__init__()
        self.config, self.joints = config, joints
        self.backbone = backbone or build_backbone(config.backbone, config.pretrained)
        self.upsample: Upsampler = HEADS[config.head](self.backbone, config)
        self.head = regressor(self.upsample.channels, joints, config.regressor)

    def features(self, image_BCHW: Tensor) -> Tensor:
        """Upsampled features (B, C, cells, cells)."""
        features: Tensor = self.upsample(self.backbone(image_BCHW))
        return features

    def forward(self, image_BCHW: Tensor) -> Tensor:
        """What the head gives (B, K, cells, cells): maps, or logits of them."""
        raw: Tensor = self.head(self.features(image_BCHW))
        return raw

    def heatmaps(self, image_BCHW: Tensor) -> Tensor:
        """Maps of peak 1 (B, K, cells, cells), whatever the head was trained to give."""
        raw = self(image_BCHW).float()
        return raw if self.config.output == "maps" else maps_of_logits(raw)

    def cells(self, side: int) -> int:
        """Heatmap cells a side for images of ``side`` pixels, which the stride must divide."""
        stride = self.backbone.strides[-1]
        if side % stride:
            near = max(stride, round(side / stride) * stride)
            raise UserError(
                f"side {side} is not a multiple of the backbone's stride {stride}",
                where="side",
                fix=f"--set side={near}",
            )
        return side // stride * self.upsample.factor

    def describe(self) -> dict[str, Any]:
        """All that :meth:`from_description` needs to build this network again, without a hub."""
        return {
            "network": self.config.model_dump(),
            "joints": self.joints,
            "backbone": self.backbone.describe(),
        }

    @classmethod
    def from_description(cls, about: Mapping[str, Any], where: str | Path) -> PoseNet:
        """Build a described network; its weights are random until :meth:`load`."""
        try:
            shape, joints, backbone = (
                dict(about["network"]),
                int(about["joints"]),
                about["backbone"],
            )
        except (KeyError, TypeError, ValueError) as error:
            raise BadInput(f"does not describe a network ({error!r})", where=where) from error
        config = build(NetworkConfig, shape, where=str(where))
        return cls(config, joints, described_backbone(backbone, where))

    def save(self, path: str | Path) -> None:
        """Write the weights as safetensors."""
        # Through bytes, so that a full disk is an ordinary error of the file system.
        Path(path).write_bytes(to_bytes({k: v.contiguous() for k, v in self.state_dict().items()}))

    def load(self, path: str | Path) -> None:
        """Read weights that :meth:`save` wrote for a network of the same shape."""
        state = read_weights(path)
        own = self.state_dict()
        wrong = sorted(
            key for key in own.keys() | state.keys()
            if key not in own or key not in state or own[key].shape != state[key].shape
        )  # fmt: skip
        if wrong:
            raise BadInput(
                f"{len(wrong)} of {len(own)} tensors differ from this network, first '{wrong[0]}'",
                where=path,
                fix="use the backbone, head and skeleton the weights were trained with",
            )
        self.load_state_dict(state)


def maps_of_logits(logits_BKHW: Tensor) -> Tensor:
    """Logits of a distribution over cells to maps of peak 1.

    A Gaussian label normalised to sum 1 has the peak 1 / (2 pi sigma^2), which is divided out.

    Example:
        >>> import torch
        >>> sharp = torch.full((1, 1, 48, 48), -9.0)
        >>> sharp[0, 0, 20, 30] = 9.0
        >>> round(float(maps_of_logits(sharp).max()), 2)
        1.0
    """
    cells = logits_BKHW.shape[-1]
    share = logits_BKHW.flatten(2).softmax(-1).view_as(logits_BKHW)
    return (share * (2 * math.pi * (SIGMA * cells) ** 2)).clamp(max=1)


def read_weights(path: str | Path) -> dict[str, Tensor]:
    """Tensors of a safetensors file."""
    try:
        state: dict[str, Tensor] = load_file(path)
    except (OSError, SafetensorError) as error:
        raise BadInput(f"is not a safetensors file ({error})", where=path) from error
    return state
