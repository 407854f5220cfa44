"""Encoders and decoders of styles: structure, names of weights, files that are something else."""

from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor
from transformers import ConvNextBackbone, ConvNextConfig, ResNetBackbone, ResNetConfig

from poseshift.errors import BadInput, UserError
from poseshift.nn.backbone import build_backbone
from poseshift.nn.style_networks import (
    VGG,
    Encoder,
    ResNet,
    build_decoder,
    described_encoder,
    read_vgg,
)

# torchvision's vgg19: number of the layer -> channels out and in.
CONVS = {
    0: (64, 3), 2: (64, 64), 5: (128, 64), 7: (128, 128), 10: (256, 128),
    12: (256, 256), 14: (256, 256), 16: (256, 256), 19: (512, 256),
}  # fmt: skip


@pytest.fixture(scope="module")
def published() -> dict[str, Tensor]:
    """Weights under torchvision's names: what is used, deeper layers, and the classifier."""
    random = torch.Generator().manual_seed(0)
    state = {}
    for number, (out, into) in {**CONVS, 21: (8, 8)}.items():
        scale = (2 / (9 * into)) ** 0.5
        state[f"features.{number}.weight"] = scale * torch.randn(out, into, 3, 3, generator=random)
        state[f"features.{number}.bias"] = 0.1 * torch.randn(out, generator=random)
    return {**state, "classifier.0.weight": torch.zeros(4, 4)}


def levels_by_hand(state: dict[str, Tensor], image: Tensor) -> list[Tensor]:
    """VGG-19 to relu4_1, layer by layer, as torchvision numbers them."""
    levels, x = [], image
    for number in CONVS:
        if number in (5, 10, 19):
            x = F.max_pool2d(x, 2)
        x = F.pad(x, (1, 1, 1, 1), mode="reflect")
        x = F.conv2d(x, state[f"features.{number}.weight"], state[f"features.{number}.bias"]).relu()
        if number in (0, 5, 10, 19):
            levels.append(x)
    return levels


@pytest.mark.parametrize("name", ["vgg19.safetensors", "vgg19.pth"])
def test_published_weights_are_read_by_their_names(
    name: str, published: dict[str, Tensor], tmp_path: Path
):
    path = tmp_path / name
    save_file(published, path) if path.suffix == ".safetensors" else torch.save(published, path)
    vgg, image = read_vgg(path), torch.randn(1, 3, 16, 16)
    found, expected = vgg(image), levels_by_hand(published, image)
    for mine, theirs, channels, stride in zip(
        found, expected, vgg.channels, vgg.strides, strict=True
    ):
        assert mine.shape == (1, channels, 16 // stride, 16 // stride)
        torch.testing.assert_close(mine, theirs)


def test_what_is_not_vgg_is_named(published: dict[str, Tensor], tmp_path: Path):
    path = tmp_path / "weights.safetensors"
    save_file({**published, "features.5.weight": torch.zeros(2, 2)}, path)
    with pytest.raises(BadInput, match=r"features.5.weight' to be 128 x 64 x 3 x 3, found 2 x 2"):
        read_vgg(path)
    save_file({"other": torch.zeros(1)}, path)
    with pytest.raises(BadInput, match=r"features.0.bias' to be 64, found absent") as error:
        read_vgg(path)
    assert "torchvision" in str(error.value)


def test_pickles_stay_closed(tmp_path: Path):
    path = tmp_path / "vgg.pth"
    torch.save(torch.nn.Linear(1, 1), path)
    with pytest.raises(BadInput, match="not a file of weights alone"):
        read_vgg(path)
    torch.save([torch.zeros(1)], path)
    with pytest.raises(BadInput, match="holds no state_dict"):
        read_vgg(path)
    with pytest.raises(BadInput, match="no such file"):
        read_vgg(tmp_path / "nothing.pth")


def test_the_decoder_mirrors_vgg():
    with torch.device("meta"):
        decoder = build_decoder(512, VGG.mirror)
        image = decoder(torch.empty(1, 512, 4, 4))
    assert image.shape == (1, 3, 32, 32)
    convs = [(c.out_channels, c.in_channels) for c in decoder if isinstance(c, torch.nn.Conv2d)]
    assert convs == [(into, out) for out, into in reversed(CONVS.values())]
    assert isinstance(decoder[-1], torch.nn.Conv2d)


def resnet(**changes: Any) -> ResNetBackbone:
    shape: dict[str, Any] = {"depths": [1, 1, 1], "hidden_sizes": [8, 16, 24], "embedding_size": 8}
    return ResNetBackbone(ResNetConfig(**{**shape, "out_features": ["stage3"], **changes}))


@pytest.mark.parametrize("early", [False, True])
@pytest.mark.parametrize("stages", [1, 2])
def test_a_folder_of_a_resnet_is_an_encoder(stages: int, early: bool, tmp_path: Path):
    saved = resnet(downsample_in_first_stage=early, layer_type="basic").eval()
    saved.save_pretrained(tmp_path)
    encoder = ResNet(build_backbone(str(tmp_path)), stages).eval()
    image = torch.randn(1, 3, 32, 32)
    levels = encoder(image)
    assert [level.shape[1] for level in levels] == encoder.channels
    assert [32 // level.shape[-1] for level in levels] == encoder.strides
    theirs = saved(image, output_hidden_states=True).hidden_states
    assert torch.equal(levels[0], saved.embedder.embedder(image))
    for mine, their in zip(levels[1:], theirs[1:], strict=False):
        assert torch.equal(mine, their)
    decoder = build_decoder(encoder.channels[-1], encoder.mirror)
    assert decoder(levels[-1]).shape == image.shape


@pytest.mark.parametrize("kind", ["vgg19", "resnet"])
def test_a_description_is_enough(kind: str):
    encoder: Encoder = VGG() if kind == "vgg19" else ResNet(build_backbone("tiny"), stages=1)
    again = described_encoder(encoder.describe(), "style.json")
    again.load_state_dict(encoder.state_dict())
    image = torch.randn(1, 3, 16, 16)
    for one, other in zip(encoder.eval()(image), again.eval()(image), strict=True):
        assert torch.equal(one, other)


def test_another_backbone_than_a_resnet(tmp_path: Path):
    config = ConvNextConfig(depths=[1, 1], hidden_sizes=[8, 16], num_stages=2)
    ConvNextBackbone(config).save_pretrained(tmp_path)
    with pytest.raises(UserError, match="a style's encoder is a ResNet's, found 'convnext'"):
        ResNet(build_backbone(str(tmp_path)), stages=1)
