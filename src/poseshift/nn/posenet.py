"""The pose network: backbone, upsampling, one map a joint (Xiao et al., Simple Baselines, 2018).

``features`` and ``head`` are apart so that methods can put further heads on the upsampled features.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

from pydantic import Field
from safetensors import SafetensorError
from safetensors.torch import load_file
from safetensors.torch import save as to_bytes
from torch import Tensor, nn

from poseshift.errors import BadInput, UserError
from poseshift.nn.backbone import Backbone, build_backbone
from poseshift.registry import Registry
from poseshift.settings import Frozen

HEADS: Registry[Callable[[int, NetworkConfig], Upsampler]] = Registry("heads")


Width = Annotated[int, Field(ge=1, le=4096)]


class NetworkConfig(Frozen):
    """The network's shape."""

    backbone: str = Field("tiny", description="preset, hub id or folder")
    pretrained: bool = Field(False, description="load the published weights of a preset")
    head: str = Field("deconv", description="upsampling between backbone and maps")
    widths: tuple[Width, ...] = Field(
        (64, 48, 32), min_length=1, description="channels of the upsampling layers"
    )


class Upsampler(nn.Sequential):
    """Layers between the backbone and the 1x1 head.

    Attributes:
        channels: Of the upsampled features.
        factor: How many times more cells a side they have than the backbone's map.
    """

    def __init__(self, *layers: nn.Module, channels: int, factor: int) -> None:
        super().__init__(*layers)
        self.channels, self.factor = channels, factor


@HEADS.register("deconv")
def deconv(channels: int, config: NetworkConfig) -> Upsampler:
    """The published head: transposed convolutions of kernel 4, each doubling the side."""
    layers: list[nn.Module] = []
    for width in config.widths:
        conv = nn.ConvTranspose2d(channels, width, 4, stride=2, padding=1, bias=False)
        nn.init.normal_(conv.weight, std=0.001)
        layers += [conv, nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
        channels = width
    return Upsampler(*layers, channels=channels, factor=2 ** len(config.widths))


class PoseNet(nn.Module):
    """Images to heatmaps, one map a joint.

    Args:
        config: Shape of the network.
        joints: Number of maps.
    """

    def __init__(self, config: NetworkConfig, joints: int) -> None:
        super().__init__()
        self.config, self.joints = config, joints
        self.backbone: Backbone = build_backbone(config.backbone, config.pretrained)
        self.upsample: Upsampler = HEADS[config.head](self.backbone.channels, config)
        self.head = nn.Conv2d(self.upsample.channels, joints, 1)
        nn.init.normal_(self.head.weight, std=0.001)
        nn.init.constant_(self.head.get_parameter("bias"), 0)

    def features(self, image_BCHW: Tensor) -> Tensor:
        """Upsampled features (B, C, cells, cells)."""
        features: Tensor = self.upsample(self.backbone(image_BCHW))
        return features

    def forward(self, image_BCHW: Tensor) -> Tensor:
        """Heatmaps (B, K, cells, cells)."""
        maps: Tensor = self.head(self.features(image_BCHW))
        return maps

    def cells(self, side: int) -> int:
        """Heatmap cells a side for images of ``side`` pixels, which the stride must divide."""
        stride = self.backbone.stride
        if side % stride:
            near = max(stride, round(side / stride) * stride)
            raise UserError(
                f"side {side} is not a multiple of the backbone's stride {stride}",
                where="side",
                fix=f"--set side={near}",
            )
        return side // stride * self.upsample.factor

    def save(self, path: str | Path) -> None:
        """Write the weights as safetensors."""
        # Through bytes, so that a full disk is an ordinary error of the file system.
        Path(path).write_bytes(to_bytes({k: v.contiguous() for k, v in self.state_dict().items()}))

    def load(self, path: str | Path) -> None:
        """Read weights that :meth:`save` wrote for a network of the same shape."""
        try:
            state = load_file(path)
        except (OSError, SafetensorError) as error:
            raise BadInput(f"is not a safetensors file ({error})", where=path) from error
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
