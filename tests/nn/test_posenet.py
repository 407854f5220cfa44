"""The pose network: its shape from a config, its start as published, its weights on disk."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from safetensors.torch import load_file, save_file
from torch import nn

from poseshift.errors import BadInput, UserError
from poseshift.nn.backbone import Backbone
from poseshift.nn.posenet import (
    HEADS,
    NetworkConfig,
    PoseNet,
    Upsampler,
    deconv,
    lateral,
    maps_of_logits,
    regressor,
)


def small(**changes: object) -> NetworkConfig:
    return NetworkConfig(**{"widths": (8, 8), **changes})


def scales(channels: list[int], strides: list[int]) -> Backbone:
    """A backbone in name: only what it says of its maps."""
    return Backbone(nn.Identity(), channels, strides)


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
    net = PoseNet(NetworkConfig(head="deconv", widths=(256, 256, 256)), joints=16)
    assert len(net.upsample.doublings) == 3
    assert len(net.upsample.laterals) == 0
    for conv, norm in net.upsample.doublings:
        assert (type(conv), type(norm)) == (nn.ConvTranspose2d, nn.BatchNorm2d)
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
    head = deconv(scales([channels], [16]), NetworkConfig(widths=tuple(widths)))
    assert (head.channels, head.factor) == (widths[-1], 2 ** len(widths))
    out = head([torch.ones(1, channels, 3, 2)])
    assert out.shape == (1, widths[-1], 3 * head.factor, 2 * head.factor)
    assert (out >= 0).all(), "a rectifier is last"


@pytest.mark.parametrize(("head", "heard"), [(deconv, [2]), (lateral, [0, 1, 2])])
def test_finer_maps_join_where_the_strides_meet(head: object, heard: list[int]):
    torch.manual_seed(0)
    up = head(scales([3, 4, 5], [4, 8, 16]), NetworkConfig(widths=(6, 7, 8)))
    maps = [torch.rand(2, 3 + i, 16 >> i, 16 >> i, requires_grad=True) for i in range(3)]
    out = up(maps)
    assert out.shape == (2, 8, 32, 32)
    out.square().sum().backward()
    assert [i for i, m in enumerate(maps) if m.grad is not None and m.grad.any()] == heard


def test_with_one_scale_lateral_is_the_published_head():
    one, config = scales([4], [16]), small()
    assert lateral(one, config).state_dict().keys() == deconv(one, config).state_dict().keys()


def test_the_bilinear_head_interpolates_a_rectified_map():
    net = HEADS["bilinear"](scales([2], [16]), small())
    ramp = torch.linspace(-1, 1, 8).expand(1, 2, 8, 8)
    out = net([ramp])
    assert (net.channels, net.factor, list(net.parameters())) == (2, 4, [])
    assert out.shape == (1, 2, 32, 32)
    middle = np.interp((np.arange(32) + 0.5) / 4 - 0.5, np.arange(8), ramp[0, 0, 0].clamp(min=0))
    np.testing.assert_allclose(out[0, 0, 0].numpy(), middle, atol=1e-6)


# --- the regressor and what its numbers mean ----------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "kernels"), [("linear", [(1, 1)]), ("wide", [(3, 3)]), ("conv", [(3, 3), (1, 1)])]
)
def test_regressors_start_as_published(kind: str, kernels: list[tuple[int, int]]):
    torch.manual_seed(0)
    head = regressor(64, 16, kind)
    convs = [module for module in head.modules() if isinstance(module, nn.Conv2d)]
    assert [conv.kernel_size for conv in convs] == kernels
    assert [conv.out_channels for conv in convs] == [64, 16][-len(kernels) :]
    for conv in convs:
        assert conv.weight.std().item() == pytest.approx(0.001, rel=0.1)
        assert (conv.bias == 0).all()
    norms = [type(m) for m in head.modules() if isinstance(m, nn.BatchNorm2d | nn.ReLU)]
    assert norms == ([nn.BatchNorm2d, nn.ReLU] if kind == "conv" else [])
    assert head(torch.zeros(1, 64, 5, 7)).shape == (1, 16, 5, 7)


@given(x=st.floats(8, 40), y=st.floats(8, 40))
@settings(deadline=None, max_examples=20)
def test_logits_of_a_label_become_that_label(x: float, y: float):
    sigma, ticks = 48 / 32, np.arange(48)
    square = (ticks[:, None] - y) ** 2 + (ticks[None, :] - x) ** 2
    logits = torch.tensor(-square / (2 * sigma**2) + 3.0)[None, None].float()
    np.testing.assert_allclose(
        maps_of_logits(logits)[0, 0].numpy(), np.exp(-square / (2 * sigma**2)), atol=1e-4
    )


def test_heatmaps_have_peak_one_whatever_the_output():
    image = torch.rand(2, 3, 32, 32)
    plain = PoseNet(small(), joints=3).eval()
    assert torch.equal(plain.heatmaps(image), plain(image))
    torch.manual_seed(0)
    logits = PoseNet(small(output="logits"), joints=3).eval()
    with torch.no_grad():
        logits.head.weight.mul_(1e5)  # a distribution that has made up its mind
    maps, raw = logits.heatmaps(image), logits(image)
    assert torch.equal(maps, maps_of_logits(raw))
    assert maps.min() >= 0
    assert maps.max() <= 1
    assert torch.equal(maps.flatten(2).argmax(2), raw.flatten(2).argmax(2))


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
    class Nearest(Upsampler):
        def __init__(self, backbone: Backbone, config: NetworkConfig) -> None:
            super().__init__()
            self.channels, self.factor = backbone.channels[-1], 4

        def forward(self, maps: Sequence[torch.Tensor]) -> torch.Tensor:
            return nn.functional.interpolate(maps[-1], scale_factor=4)

    net = PoseNet(NetworkConfig(head="nearest"), joints=3)
    assert net(torch.zeros(1, 3, 32, 32)).shape == (1, 3, 8, 8)
    assert net.cells(32) == 8


def test_an_unknown_head():
    with pytest.raises(UserError, match=r"no head is called 'deconf'.*\n.*'deconv'"):
        PoseNet(NetworkConfig(head="deconf"), joints=3)


def test_a_network_has_at_least_one_upsampling_layer():
    with pytest.raises(ValidationError):
        NetworkConfig(widths=())


# --- a network that describes itself ------------------------------------------------------------


@pytest.mark.parametrize(
    "config", [small(), small(head="deconv", regressor="conv", output="logits")]
)
def test_a_description_and_weights_are_the_network(config: NetworkConfig, tmp_path: Path):
    net = PoseNet(config, joints=4).eval()
    net.save(tmp_path / "w.safetensors")
    about = json.loads(json.dumps(net.describe()))
    again = PoseNet.from_description(about, tmp_path).eval()
    again.load(tmp_path / "w.safetensors")
    assert (again.config, again.joints) == (config, 4)
    image = torch.rand(1, 3, 32, 32)
    assert torch.equal(again.heatmaps(image), net.heatmaps(image))


def test_a_description_needs_no_hub_and_no_folder():
    about = {**PoseNet(small(), joints=2).describe()}
    about["network"] = {**about["network"], "backbone": "gone/from-the-hub", "pretrained": True}
    assert PoseNet.from_description(about, "here").backbone.strides == [4, 8, 16]


@pytest.mark.parametrize(
    "change",
    [
        {"joints": None},
        {"joints": "many"},
        {"network": 3},
        {"network": {"head": 5}},
        {"backbone": {"model_type": "none"}},
        {"backbone": 7},
    ],
)
def test_what_describes_no_network_is_told_with_its_place(
    change: dict[str, object], tmp_path: Path
):
    about = {**PoseNet(small(), joints=2).describe(), **change}
    with pytest.raises(UserError) as error:
        PoseNet.from_description(about, tmp_path / "network.json")
    assert "network.json" in str(error.value)


@pytest.mark.parametrize("key", ["network", "joints", "backbone"])
def test_a_description_that_lacks_something(key: str):
    about = PoseNet(small(), joints=2).describe()
    del about[key]
    with pytest.raises(BadInput, match=rf"does not describe a network \(KeyError\('{key}'\)\)"):
        PoseNet.from_description(about, "here")


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
        (small(widths=(8,)), 5, "upsample.doublings.1.0.weight"),
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
