"""ViTPose of transformers as one of our networks (Xu et al., NeurIPS 2022; ViTPose+, TPAMI 2023).

Its position embeddings fit images of one size: they are stretched to the square of a run. ViTPose+
has an expert for each data set it was trained on; the expert of the joints its head knows, COCO's,
is folded into the shared layer, which gives the same numbers without a choice to be made.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from poseshift.errors import BadInput
from poseshift.nn.backbone import Backbone, as_backbone
from poseshift.skeleton import Skeleton, skeleton

_POSITIONS = "embeddings.position_embeddings"
_COCO = 0  # which expert of ViTPose+ was trained on the joints of the published heads


def stretched(positions_1NC: Tensor, cells_hw: tuple[int, int], side: int) -> Tensor:
    """Position embeddings of one grid of cells on a square one; the first entry is of no cell.

    Example:
        >>> stretched(torch.ones(1, 1 + 4 * 3, 5), (4, 3), side=4).shape
        torch.Size([1, 17, 5])
    """
    if cells_hw == (side, side):
        return positions_1NC
    of_all, of_cells = positions_1NC[:, :1], positions_1NC[:, 1:]
    grid_1CHW = of_cells.transpose(1, 2).reshape(1, -1, *cells_hw)
    square_1CHW = F.interpolate(grid_1CHW, (side, side), mode="bicubic", align_corners=False)
    return torch.cat([of_all, square_1CHW.flatten(2).transpose(1, 2)], 1)


def without_experts(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights of a ViTPose+ transformer as those of a plain one that computes what COCO's does.

    The shared layer gives the first channels and the chosen expert the last: one layer's rows.

    Example:
        >>> state = {"mlp.fc2.bias": torch.zeros(2), "mlp.experts.0.bias": torch.ones(1)}
        >>> without_experts(state | {"mlp.experts.1.bias": torch.ones(1)})
        {'mlp.fc2.bias': tensor([0., 0., 1.])}
    """
    plain = {key: value for key, value in state.items() if ".experts." not in key}
    for key, value in state.items():
        if f".experts.{_COCO}." in key:
            shared = key.replace(f"experts.{_COCO}", "fc2")
            plain[shared] = torch.cat([plain[shared], value])
    return plain


def squared(model: Any, side: int) -> Any:
    """A ViTPose transformer made to take square images of ``side`` pixels, without experts."""
    config = copy.deepcopy(model.config)
    patches = model.embeddings.patch_embeddings
    high, wide = (n // p for n, p in zip(patches.image_size, patches.patch_size, strict=True))
    config.image_size, config.num_experts = [side, side], 1
    state = without_experts(model.state_dict())
    cells = side // patches.patch_size[0]
    state[_POSITIONS] = stretched(state[_POSITIONS], (high, wide), cells)
    other = type(model)(config)
    other.load_state_dict(state)
    return other


def at_side(backbone: Backbone, side: int, where: str) -> Backbone:
    """The backbone for images of another side; most take any, and stay as they are."""
    model: Any = backbone.model
    if model.config.model_type != "vitpose_backbone" or model.config.image_size[0] == side:
        return backbone
    return as_backbone(squared(model, side), where)


def head_config(config: Any, where: str) -> dict[str, Any]:
    """The shape of our network that computes what a ViTPose of this config does."""
    if not config.use_simple_decoder:
        return {"head": "deconv", "widths": (256, 256), "regressor": "linear"}
    doublings = int(config.scale_factor).bit_length() - 1
    if doublings < 1 or config.scale_factor != 2**doublings:
        raise BadInput(
            f"its head enlarges the map {config.scale_factor} times, expected a power of two",
            where=where,
            fix="use a published ViTPose: 4 times",
        )
    width = config.backbone_config.hidden_size
    return {"head": "bilinear", "widths": (width,) * doublings, "regressor": "wide"}


_NAMES = {
    "deconv1": "upsample.doublings.0.0",
    "batchnorm1": "upsample.doublings.0.1",
    "deconv2": "upsample.doublings.1.0",
    "batchnorm2": "upsample.doublings.1.1",
    "conv": "head",
}


def head_state(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A ViTPose head's weights by our names.

    Example:
        >>> list(head_state({"deconv2.weight": torch.zeros(1), "conv.bias": torch.zeros(1)}))
        ['upsample.doublings.1.0.weight', 'head.bias']
    """
    layers = ((key.partition("."), value) for key, value in state.items())
    return {f"{_NAMES[layer]}.{rest}": value for (layer, _, rest), value in layers}


def joints_of(config: Any, where: str) -> Skeleton:
    """The joints of its maps, as its config names them; 17 without names are COCO's."""
    names = [config.id2label[i] for i in range(config.num_labels)]
    if not all(name.startswith("LABEL_") for name in names):
        return Skeleton.from_dict({"name": "vitpose", "keypoints": names}, where)
    if len(names) == 17:
        return skeleton("coco17")
    raise BadInput(
        f"does not name its {len(names)} joints; only 17 without names are known to be COCO's",
        where=where,
        fix="write the names into id2label of its config.json",
    )
