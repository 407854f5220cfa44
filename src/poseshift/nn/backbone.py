"""Backbones through transformers' AutoBackbone: any hub id or local folder, or a config alone.

Presets need no network: they are built from a config with random weights. ``pretrained`` fetches
the weights the preset is named after, from the hub's cache or the hub.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from poseshift.errors import BadInput, UserError, nearest


class Backbone(nn.Module):
    """Images to feature maps, finest first.

    Attributes:
        channels: Of each map.
        strides: Image pixels a cell of each map.
    """

    def __init__(self, model: nn.Module, channels: list[int], strides: list[int]) -> None:
        super().__init__()
        self.model, self.channels, self.strides = model, channels, strides

    def forward(self, image_BCHW: Tensor) -> tuple[Tensor, ...]:
        """Feature maps (B, channels, H / stride, W / stride)."""
        return tuple(_on_grid(features) for features in self.model(image_BCHW).feature_maps)

    def describe(self) -> dict[str, Any]:
        """Its transformers config: enough to build it again without a hub."""
        config: dict[str, Any] = self.model.config.to_diff_dict()  # type: ignore[union-attr,operator]
        return config


def _on_grid(features: Tensor) -> Tensor:
    """A map as (B, C, H, W); ViTPose leaves the cells of its square images in a row, (B, HW, C)."""
    if features.ndim == 4:
        return features
    batch, cells, channels = features.shape
    return features.transpose(1, 2).reshape(batch, channels, math.isqrt(cells), -1)


def as_backbone(model: Any, where: str | Path) -> Backbone:
    """A backbone of transformers as one of ours; ``where`` it came from is for messages."""
    return Backbone(model, [int(c) for c in model.channels], _strides(model, str(where)))


def _resnet(depths: list[int], layer: str, widths: list[int], stem: int) -> Any:
    from transformers import ResNetConfig

    make: Any = ResNetConfig  # its type stubs do not know out_features
    return make(
        embedding_size=stem,
        hidden_sizes=widths,
        depths=depths,
        layer_type=layer,
        out_features=[f"stage{i + 1}" for i in range(len(depths))],
    )


_PROBE = 224  # a multiple of every usual stride: 14, 16, 32
_WIDE, _NARROW = [256, 512, 1024, 2048], [64, 128, 256, 512]


def presets() -> dict[str, tuple[Any, str]]:
    """Config and hub id of the backbones that are known by a short name."""
    from transformers import Dinov2Config

    make: Any = Dinov2Config
    dinov2 = make(
        hidden_size=384, num_hidden_layers=12, num_attention_heads=6, image_size=518, patch_size=14,
        out_features=["stage12"],
    )  # fmt: skip
    return {
        "tiny": (_resnet([1, 2, 2], "basic", [32, 64, 128], 32), ""),
        "resnet18": (_resnet([2, 2, 2, 2], "basic", _NARROW, 64), "microsoft/resnet-18"),
        "resnet50": (_resnet([3, 4, 6, 3], "bottleneck", _WIDE, 64), "microsoft/resnet-50"),
        "resnet101": (_resnet([3, 4, 23, 3], "bottleneck", _WIDE, 64), "microsoft/resnet-101"),
        "dinov2-small": (dinov2, "facebook/dinov2-small"),
    }


def build_backbone(name: str, pretrained: bool = False) -> Backbone:
    """Build a backbone by preset name, hub id (``owner/name``) or local folder.

    Example:
        >>> build_backbone("tiny").strides
        [4, 8, 16]
    """
    known = presets()
    if name in known:
        config, hub_id = known[name]
        if pretrained and not hub_id:
            raise UserError(
                f"'{name}' has no published weights", fix="--set network.pretrained=false"
            )
        model = _pretrained(hub_id) if pretrained else _auto().from_config(config)
    elif Path(name).is_dir() or "/" in name:
        model = _pretrained(name)
    else:
        raise UserError(
            f"no backbone is called '{name}'",
            where="network.backbone",
            fix=nearest(name, known) + "; or give a hub id owner/name, or a folder",
        )
    return as_backbone(model, name)


def described_backbone(about: Mapping[str, Any], where: str | Path) -> Backbone:
    """A backbone from what :meth:`Backbone.describe` gave; its weights are random."""
    from transformers import AutoConfig

    try:
        config: Any = AutoConfig.for_model(**about)
        model = _auto().from_config(config)
    except (KeyError, TypeError, ValueError) as error:
        reason = str(error).strip().split("\n")[0]
        raise BadInput(f"does not describe a backbone ({reason})", where=where) from error
    return as_backbone(model, where)


def _auto() -> Any:
    from transformers import AutoBackbone  # slow to import, and untyped

    return AutoBackbone


def _pretrained(name: str) -> Any:
    # AutoBackbone.from_pretrained asks the hub whether the name exists, so it can open neither a
    # folder nor, offline, what is in the cache; the class it would choose can.
    from transformers import MODEL_FOR_BACKBONE_MAPPING, AutoConfig

    try:
        config: Any = AutoConfig.from_pretrained(name)
        if type(config) not in MODEL_FOR_BACKBONE_MAPPING:
            raise ValueError(f"a {type(config).__name__} is not of a backbone")
        kind: Any = MODEL_FOR_BACKBONE_MAPPING[type(config)]
        return kind.from_pretrained(name, use_safetensors=True)
    except (OSError, ValueError) as error:
        reason = str(error).strip().split("\n")[0]
        raise UserError(
            f"could not load its weights ({reason})",
            where=f"backbone '{name}'",
            fix="check the name and the connection, give a local folder, "
            "or start untrained with --set network.pretrained=false",
        ) from error


def _strides(model: nn.Module, name: str) -> list[int]:
    """Image pixels a cell of each map, from the shapes of one pass in which nothing is computed."""
    side = _probe_side(model)
    state = {key: value.to("meta") for key, value in model.state_dict().items()}
    image_BCHW = torch.empty(1, 3, side, side, device="meta")
    try:
        maps = [_on_grid(m) for m in functional_call(model, state, image_BCHW).feature_maps]
    except (RuntimeError, ValueError) as error:
        raise UserError(
            f"does not take images of {side} px ({error})",
            where=f"backbone '{name}'",
            fix="use a ResNet, ConvNeXt, Swin or DINOv2, or a preset",
        ) from error
    return [side // int(features.shape[-1]) for features in maps]


def _probe_side(model: Any) -> int:
    """Pixels a side of an image it takes: ViTPose takes one size alone, the others any."""
    config = model.config
    return int(config.image_size[0]) if config.model_type == "vitpose_backbone" else _PROBE
