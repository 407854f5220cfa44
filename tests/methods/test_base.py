"""What every method inherits: its average, its predictor, its labelled views."""

from collections.abc import Iterator
from typing import Any

import pytest
import torch

from poseshift.data.draws import Draws
from poseshift.data.heatmap import decode
from poseshift.data.types import LabeledBatch
from poseshift.data.views import ViewConfig, apply, labeled_view, resize_matrix
from poseshift.errors import UserError
from poseshift.methods.base import METHODS, Course, Method, MethodConfig, Phase
from poseshift.nn.ema import ema_decay
from poseshift.nn.posenet import NetworkConfig, PoseNet
from poseshift.settings import build
from poseshift.skeleton import skeleton

BODY = skeleton("body16")


class Idle(Method[None]):
    """Does nothing."""

    name, target, passes = "idle", "unused", ()

    def phases(self, source: LabeledBatch, target: None) -> Iterator[Phase]:
        yield from ()


def idle(**config: Any) -> Idle:
    torch.manual_seed(0)
    network = PoseNet(NetworkConfig(widths=(8, 8, 8)), len(BODY))
    return Idle(network, BODY, MethodConfig(**config), ViewConfig(), 64, Course(steps=10))


def batch(count: int = 4) -> LabeledBatch:
    generator = torch.Generator().manual_seed(0)
    return LabeledBatch(
        torch.arange(count),
        (torch.rand(count, 32, 32, 3, generator=generator) * 255).byte(),
        Draws(0, 0, 0, slice(0, count), count),
        torch.rand(count, 16, 2, generator=generator) * 31,
        torch.full((count, 16), 2),
    )


def test_the_average_follows_the_network():
    method = idle(ema=0.9)
    start = method.average.head.weight.clone()
    with torch.no_grad():
        method.network.head.weight.add_(1)
        method.network.backbone.get_buffer(first_mean(method)).add_(1)
    expected = start
    for step in (0, 50):
        method.after_step(step)
        decay = ema_decay(0.9, step)
        expected = decay * expected + (1 - decay) * method.network.head.weight
    torch.testing.assert_close(method.average.head.weight, expected)
    buffer = method.average.backbone.get_buffer(first_mean(method))
    assert (buffer > 0).all()
    assert (buffer < 1).all()


def first_mean(method: Idle) -> str:
    names = [name for name, _ in method.network.backbone.named_buffers()]
    return next(name for name in names if name.endswith("running_mean"))


def test_the_average_predicts_and_never_trains():
    method = idle()
    assert method.predictor() is method.average
    assert method.train().network.training
    assert not any(module.training for module in method.average.modules())
    assert not any(p.requires_grad for p in method.average.parameters())
    assert not method.eval().network.training
    trained = {id(p) for group in method.groups().values() for p in group}
    assert trained == {id(p) for p in method.network.parameters()}
    assert method.rates() == {}


def test_without_an_average_the_network_predicts():
    method = idle(ema=0)
    assert method.average is None
    assert method.predictor() is method.network
    method.train().after_step(0)
    assert not any(key.startswith("average") for key in method.state_dict())


def test_a_method_is_restored_from_its_state():
    method, other = idle(), idle()
    with torch.no_grad():
        for value in method.state_dict().values():
            value.add_(1)
    other.load_state_dict(method.state_dict())
    assert torch.equal(other.average.head.weight, method.average.head.weight)
    assert other.state_dict().keys() == method.state_dict().keys()


def test_supervised_views_have_maps_of_their_points():
    method = idle()
    image_BCHW, maps_BKHW, weight_BK = method.supervised_view(batch())
    view, points_BK2, weight = labeled_view(batch(), method.view, 64, BODY)
    assert torch.equal(image_BCHW, view.image_BCHW)
    assert torch.equal(weight_BK, weight)
    assert maps_BKHW.shape == (4, 16, method.cells, method.cells)
    place_BK2 = apply(resize_matrix(method.cells, 64), decode(maps_BKHW)[0])
    assert (place_BK2 - points_BK2)[weight > 0].abs().max() < 0.05


def test_supervised_views_are_exact_under_autocast():
    method = idle()
    exact = method.supervised_view(batch())
    with torch.autocast("cpu", torch.bfloat16):
        rounded = method.supervised_view(batch())
    for one, other in zip(exact, rounded, strict=True):
        torch.testing.assert_close(one, other)


def test_a_side_the_network_cannot_take_is_refused_at_the_start():
    network = PoseNet(NetworkConfig(widths=(8,)), 16)
    with pytest.raises(UserError, match="not a multiple"):
        Idle(network, BODY, MethodConfig(), ViewConfig(), 33, Course(steps=10))


def test_an_average_of_one_is_refused():
    with pytest.raises(UserError, match="'ema'"):
        build(MethodConfig, {"ema": 1.0}, where="settings")


def test_methods_are_known_by_name():
    assert {"source_only", "supervised"} <= set(METHODS)
    for name in METHODS:
        assert METHODS[name].name == name
    with pytest.raises(UserError, match=r"no method is called 'source_olny'.*\n.*'source_only'"):
        METHODS["source_olny"]
