"""Backbones through transformers' AutoBackbone: any hub id or local folder, or a config alone.

Presets need no network: they are built from a config with random weights. ``pretrained`` fetches
the weights the preset is named after, from the hub's cache or the hub.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import Tensor, nn

from poseshift.errors import UserError, nearest


class Backbone(nn.Module):
    """Images to one feature map.

    Attributes:
        channels: Of the feature map.
        stride: Image pixels a feature cell.
    """

    def __init__(self, model: nn.Module, channels: int, stride: int) -> None:
        super().__init__()
        self.model, self.channels, self.stride = model, channels, stride

    def forward(self, image_BCHW: Tensor) -> Tensor:
        """Feature map (B, channels, H / stride, W / stride)."""
        features: Tensor = self.model(image_BCHW).feature_maps[-1]
        return features


def _resnet(depths: list[int], layer: str, widths: list[int], stem: int) -> Any:
    from transformers import ResNetConfig

    make: Any = ResNetConfig  # its type stubs do not know out_features
    return make(
        embedding_size=stem,
        hidden_sizes=widths,
        depths=depths,
        layer_type=layer,
        out_features=[f"stage{len(depths)}"],
    )


_WIDE, _NARROW = [256, 512, 1024, 2048], [64, 128, 256, 512]


def _presets() -> dict[str, tuple[Any, str]]:
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
        >>> build_backbone("tiny").stride
        16
    """
    presets = _presets()
    if name in presets:
        config, hub_id = presets[name]
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
            fix=nearest(name, presets) + "; or give a hub id owner/name, or a folder",
        )
    return Backbone(model, int(model.channels[-1]), _stride(model.config))


def _auto() -> Any:
    from transformers import AutoBackbone  # slow to import, and untyped

    return AutoBackbone


def _pretrained(name: str) -> Any:
    try:
        model = _auto().from_pretrained(name, use_safetensors=True)
    except (OSError, ValueError) as error:
        reason = str(error).strip().split("\n")[0]
        raise UserError(
            f"could not load its weights ({reason})",
            where=f"backbone '{name}'",
            fix="check the name and the connection, give a local folder, "
            "or start untrained with --set network.pretrained=false",
        ) from error
    return model


def _stride(config: Any) -> int:
    if hasattr(config, "patch_size"):
        return int(config.patch_size)
    if hasattr(config, "hidden_sizes"):  # ResNet: the stem divides by 4, each later stage by 2
        halvings = len(config.hidden_sizes) - 1 + bool(config.downsample_in_first_stage)
        return int(4 * 2**halvings)
    raise UserError(
        f"do not know the stride of a {type(config).__name__}",
        where="network.backbone",
        fix="use a ResNet, a ViT-like backbone with a patch size, or a preset",
    )
