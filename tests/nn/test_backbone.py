"""Backbones: presets from a config alone, anybody's from a folder or the hub, errors with a fix."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import (
    BertConfig,
    BertModel,
    ConvNextBackbone,
    ConvNextConfig,
    ResNetBackbone,
    ResNetConfig,
    SwinBackbone,
    SwinConfig,
)

from poseshift.errors import BadInput, UserError
from poseshift.nn import backbone
from poseshift.nn.backbone import as_backbone, build_backbone, described_backbone

FOUR_STAGES = {"depths": [1, 1, 1, 1], "hidden_sizes": [8, 16, 24, 32], "out_features": ["stage4"]}
TWO_STAGES = {"depths": [1, 1], "num_heads": [1, 1], "out_features": ["stage1", "stage2"]}
SMALL: dict[str, tuple[Any, Any, list[int], list[int]]] = {
    "resnet": (ResNetBackbone, ResNetConfig(embedding_size=8, **FOUR_STAGES), [32], [32]),
    "convnext": (ConvNextBackbone, ConvNextConfig(**FOUR_STAGES), [32], [32]),
    "swin": (SwinBackbone, SwinConfig(embed_dim=8, **TWO_STAGES), [4, 8], [8, 16]),
}


@pytest.mark.parametrize(
    ("name", "strides", "channels"),
    [
        ("tiny", [4, 8, 16], [32, 64, 128]),
        ("resnet18", [4, 8, 16, 32], [64, 128, 256, 512]),
        ("resnet50", [4, 8, 16, 32], [256, 512, 1024, 2048]),
        ("resnet101", [4, 8, 16, 32], [256, 512, 1024, 2048]),
        ("dinov2-small", [14], [384]),
    ],
)
def test_a_preset_is_built_without_the_network(name: str, strides: list[int], channels: list[int]):
    height, width = 4 * strides[-1], 2 * strides[-1]
    with torch.device("meta"):  # shapes alone: no time is spent on random weights
        net = build_backbone(name)
        image = torch.empty(2, 3, height, width)
    assert (net.strides, net.channels) == (strides, channels)
    expected = [(2, c, height // s, width // s) for s, c in zip(strides, channels, strict=True)]
    assert [features.shape for features in net(image)] == expected


def test_presets_start_random():
    first, second = (next(build_backbone("tiny").parameters()) for _ in range(2))
    assert not torch.equal(first, second)


@pytest.mark.parametrize("name", SMALL)
def test_a_folder_of_transformers_is_a_backbone(name: str, tmp_path: Path):
    kind, config, strides, channels = SMALL[name]
    saved = kind(config).eval()
    saved.save_pretrained(tmp_path)
    net = build_backbone(str(tmp_path)).eval()
    assert (net.strides, net.channels) == (strides, channels)
    image = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        maps = net(image)
        pairs = zip(maps, saved(image).feature_maps, strict=True)
        assert all(torch.equal(one, other) for one, other in pairs)
    assert [features.shape[-1] for features in maps] == [64 // stride for stride in strides]


@pytest.mark.parametrize("name", SMALL)
def test_a_description_is_enough_to_build_it_again(name: str, tmp_path: Path):
    kind, config, strides, channels = SMALL[name]
    net = as_backbone(kind(config), "here")
    again = described_backbone(json.loads(json.dumps(net.describe())), tmp_path)
    assert (again.strides, again.channels) == (strides, channels)
    again.load_state_dict(net.state_dict())
    image = torch.rand(1, 3, 32, 32)
    pairs = zip(net.eval()(image), again.eval()(image), strict=True)
    assert all(torch.equal(one, other) for one, other in pairs)


@pytest.mark.parametrize("about", [{}, {"model_type": "resnext"}, {"model_type": "bert"}])
def test_what_describes_no_backbone_is_told_with_its_place(about: dict[str, str], tmp_path: Path):
    with pytest.raises(BadInput, match="does not describe a backbone") as error:
        described_backbone(about, tmp_path / "network.json")
    assert error.value.where == tmp_path / "network.json"


def test_measuring_the_stride_leaves_the_model_as_it_was(tmp_path: Path):
    kind, config, _, _ = SMALL["resnet"]
    kind(config).save_pretrained(tmp_path)
    first, second = (build_backbone(str(tmp_path)).state_dict() for _ in range(2))
    assert all(value.device.type == "cpu" for value in first.values())
    assert all(torch.equal(first[key], second[key]) for key in first)
    counts = [value for key, value in first.items() if key.endswith("num_batches_tracked")]
    assert counts
    assert not any(counts)


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(UserError) as error:
        build_backbone("resnet5")
    assert "no backbone is called 'resnet5'" in str(error.value)
    assert "did you mean 'resnet50'" in str(error.value)
    assert "hub id" in str(error.value)


def test_a_hub_id_without_a_connection():
    with pytest.raises(UserError, match="could not load its weights") as error:
        build_backbone("nobody/nothing-of-this-name")
    assert error.value.where == "backbone 'nobody/nothing-of-this-name'"
    assert "network.pretrained=false" in str(error.value)


def test_a_preset_asked_for_pretrained_looks_its_weights_up(monkeypatch: pytest.MonkeyPatch):
    asked: list[str] = []
    _, config, _, _ = SMALL["resnet"]

    def found(name: str) -> Any:
        asked.append(name)
        return ResNetBackbone(config)

    monkeypatch.setattr(backbone, "_pretrained", found)
    assert build_backbone("resnet50", pretrained=True).channels == [32]
    assert asked == ["microsoft/resnet-50"]


def test_tiny_has_no_published_weights():
    with pytest.raises(UserError, match="'tiny' has no published weights"):
        build_backbone("tiny", pretrained=True)


def test_a_folder_that_holds_no_model(tmp_path: Path):
    with pytest.raises(UserError, match="could not load its weights"):
        build_backbone(str(tmp_path))


def test_a_model_that_is_no_backbone(tmp_path: Path):
    config = BertConfig(
        hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8, vocab_size=9
    )
    BertModel(config).save_pretrained(tmp_path)
    with pytest.raises(UserError, match="a BertConfig is not of a backbone"):
        build_backbone(str(tmp_path))


def test_a_model_that_takes_other_images(tmp_path: Path):
    kind, config, _, _ = SMALL["resnet"]
    gray = type(config)(**{**config.to_dict(), "num_channels": 1})
    kind(gray).save_pretrained(tmp_path)
    with pytest.raises(UserError, match="does not take images of 224 px"):
        build_backbone(str(tmp_path))


def test_weights_in_a_pickle_are_not_opened(tmp_path: Path):
    kind, config, _, _ = SMALL["resnet"]
    kind(config).save_pretrained(tmp_path)
    (tmp_path / "model.safetensors").unlink()
    torch.save(kind(config).state_dict(), tmp_path / "pytorch_model.bin")
    with pytest.raises(UserError, match="could not load its weights"):
        build_backbone(str(tmp_path))
