"""Backbones: presets from a config alone, anybody's from a folder or the hub, errors with a fix."""

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

from poseshift.errors import UserError
from poseshift.nn import backbone
from poseshift.nn.backbone import build_backbone

FOUR_STAGES = {"depths": [1, 1, 1, 1], "hidden_sizes": [8, 16, 24, 32], "out_features": ["stage4"]}
SMALL: dict[str, tuple[Any, Any, int, int]] = {
    "resnet": (ResNetBackbone, ResNetConfig(embedding_size=8, **FOUR_STAGES), 32, 32),
    "convnext": (ConvNextBackbone, ConvNextConfig(**FOUR_STAGES), 32, 32),
    "swin": (
        SwinBackbone,
        SwinConfig(embed_dim=8, depths=[1, 1], num_heads=[1, 1], out_features=["stage2"]),
        8,
        16,
    ),
}


@pytest.mark.parametrize(
    ("name", "stride", "channels"),
    [
        ("tiny", 16, 128),
        ("resnet18", 32, 512),
        ("resnet50", 32, 2048),
        ("resnet101", 32, 2048),
        ("dinov2-small", 14, 384),
    ],
)
def test_a_preset_is_built_without_the_network(name: str, stride: int, channels: int):
    with torch.device("meta"):  # shapes alone: no time is spent on random weights
        net = build_backbone(name)
        image = torch.empty(2, 3, 4 * stride, 2 * stride)
    assert (net.stride, net.channels) == (stride, channels)
    assert net(image).shape == (2, channels, 4, 2)


def test_presets_start_random():
    first, second = (next(build_backbone("tiny").parameters()) for _ in range(2))
    assert not torch.equal(first, second)


@pytest.mark.parametrize("name", SMALL)
def test_a_folder_of_transformers_is_a_backbone(name: str, tmp_path: Path):
    kind, config, stride, channels = SMALL[name]
    saved = kind(config).eval()
    saved.save_pretrained(tmp_path)
    net = build_backbone(str(tmp_path)).eval()
    assert (net.stride, net.channels) == (stride, channels)
    image = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        features = net(image)
        assert torch.equal(features, saved(image).feature_maps[-1])
    assert features.shape[-1] == 64 // stride


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
    assert build_backbone("resnet50", pretrained=True).channels == 32
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
