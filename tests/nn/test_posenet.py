"""The pose network: its shape from a config, its start as published, its weights on disk."""

from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from safetensors.torch import load_file, save_file
from torch import nn

from poseshift.errors import BadInput, UserError
from poseshift.nn.posenet import HEADS, NetworkConfig, PoseNet, Upsampler, deconv


def small(**changes: object) -> NetworkConfig:
    return NetworkConfig(**{"widths": (8, 8), **changes})


@pytest.fixture(scope="module")
def network() -> PoseNet:
    torch.manual_seed(0)
    return PoseNet(small(), joints=5)


@pytest.mark.parametrize(
    ("backbone", "widths", "side", "cells"),
    [
        ("tiny", (64, 48, 32), 96, 48),
        ("resnet18", (16, 8), 64, 8),
        ("resnet50", (256, 256, 256), 256, 64),  # the published network
        ("resnet101", (256, 256, 256), 256, 64),
        ("dinov2-small", (16, 16), 56, 16),
    ],
)
def test_maps_have_the_cells_that_are_promised(
    backbone: str, widths: tuple[int, ...], side: int, cells: int
):
    with torch.device("meta"):  # shapes alone: no time is spent on random weights
        net = PoseNet(NetworkConfig(backbone=backbone, widths=widths), joints=16)
        image = torch.empty(2, 3, side, side)
    assert net.cells(side) == cells
    assert net(image).shape == (2, 16, cells, cells)
    assert net.features(image).shape == (2, widths[-1], cells, cells)


def test_forward_is_the_head_on_the_features(network: PoseNet):
    image = torch.rand(1, 3, 32, 32)
    network.eval()
    assert torch.equal(network(image), network.head(network.features(image)))


def test_the_published_start():
    torch.manual_seed(0)
    net = PoseNet(NetworkConfig(widths=(256, 256, 256)), joints=16)
    layers = list(net.upsample)
    kinds = [nn.ConvTranspose2d, nn.BatchNorm2d, nn.ReLU] * 3
    assert [type(layer) for layer in layers] == kinds
    for conv, norm in zip(layers[::3], layers[1::3], strict=True):
        assert (conv.kernel_size, conv.stride, conv.padding) == ((4, 4), (2, 2), (1, 1))
        assert conv.bias is None
        assert conv.weight.std().item() == pytest.approx(0.001, rel=0.02)
        assert abs(conv.weight.mean().item()) < 1e-5
        assert (norm.weight == 1).all()
        assert (norm.bias == 0).all()
    assert net.head.kernel_size == (1, 1)
    assert net.head.weight.std().item() == pytest.approx(0.001, rel=0.1)
    assert (net.head.bias == 0).all()


@given(st.lists(st.integers(1, 6), min_size=1, max_size=4), st.integers(1, 5))
@settings(deadline=None, max_examples=20)
def test_each_transposed_convolution_doubles_the_side(widths: list[int], channels: int):
    head = deconv(channels, NetworkConfig(widths=tuple(widths)))
    assert (head.channels, head.factor) == (widths[-1], 2 ** len(widths))
    out = head(torch.zeros(1, channels, 3, 2))
    assert out.shape == (1, widths[-1], 3 * head.factor, 2 * head.factor)


def test_a_side_the_stride_does_not_divide(network: PoseNet):
    with pytest.raises(
        UserError, match="side 100 is not a multiple of the backbone's stride 16"
    ) as e:
        network.cells(100)
    assert e.value.fix == "--set side=96"
    with pytest.raises(UserError) as e:
        network.cells(5)
    assert e.value.fix == "--set side=16"


def test_a_head_from_outside(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(HEADS, "_items", dict(HEADS._items))

    @HEADS.register("nearest")
    def nearest_head(channels: int, config: NetworkConfig) -> Upsampler:
        return Upsampler(nn.Upsample(scale_factor=4), channels=channels, factor=4)

    net = PoseNet(NetworkConfig(head="nearest"), joints=3)
    assert net(torch.zeros(1, 3, 32, 32)).shape == (1, 3, 8, 8)
    assert net.cells(32) == 8


def test_an_unknown_head():
    with pytest.raises(UserError, match=r"no head is called 'deconf'.*\n.*'deconv'"):
        PoseNet(NetworkConfig(head="deconf"), joints=3)


def test_a_network_has_at_least_one_upsampling_layer():
    with pytest.raises(ValidationError):
        NetworkConfig(widths=())


# --- weights on disk ----------------------------------------------------------------------------


def test_what_is_saved_is_loaded(network: PoseNet, tmp_path: Path):
    network.train()(torch.rand(4, 3, 32, 32))  # so that batch statistics are not at their start
    network.to(memory_format=torch.channels_last).save(tmp_path / "w.safetensors")
    torch.manual_seed(1)
    other = PoseNet(small(), joints=5)
    other.load(tmp_path / "w.safetensors")
    for key, value in network.state_dict().items():
        assert torch.equal(other.state_dict()[key], value), key
    image = torch.rand(1, 3, 32, 32)
    torch.testing.assert_close(other.eval()(image), network.eval()(image))
    assert load_file(tmp_path / "w.safetensors").keys() == network.state_dict().keys()


@pytest.mark.parametrize(
    ("config", "joints", "first"),
    [
        (small(), 6, "head.bias"),
        (small(widths=(8, 4)), 5, "head.weight"),
        (small(widths=(8,)), 5, "upsample.3.weight"),
    ],
)
def test_weights_of_another_network(
    network: PoseNet, tmp_path: Path, config: NetworkConfig, joints: int, first: str
):
    network.save(tmp_path / "w.safetensors")
    other = PoseNet(config, joints)
    before = {key: value.clone() for key, value in other.state_dict().items()}
    with pytest.raises(
        BadInput, match=f"tensors differ from this network, first '{first}'"
    ) as error:
        other.load(tmp_path / "w.safetensors")
    assert error.value.where == tmp_path / "w.safetensors"
    assert "skeleton" in str(error.value.fix)
    assert all(torch.equal(before[key], value) for key, value in other.state_dict().items())


def test_missing_and_further_tensors_are_counted(network: PoseNet, tmp_path: Path):
    state = {key: value.contiguous() for key, value in network.state_dict().items()}
    del state["head.bias"]
    state["zebra"] = torch.zeros(1)
    save_file(state, tmp_path / "w.safetensors")
    with pytest.raises(BadInput, match=f"2 of {len(state)} tensors differ.*first 'head.bias'"):
        network.load(tmp_path / "w.safetensors")


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 a pickle perhaps", b"\xff" * 64])
def test_a_file_that_is_not_safetensors(network: PoseNet, tmp_path: Path, content: bytes | None):
    path = tmp_path / "w.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadInput, match="is not a safetensors file"):
        network.load(path)
