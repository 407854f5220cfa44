"""The floor is the method's pass table, and its other trained networks as a step calls them."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from poseshift import floor as module
from poseshift.floor import Call, bare_step
from poseshift.nn.discriminator import CellDiscriminator
from poseshift.nn.posenet import PoseNet
from tests.planted import toys
from tests.tiny_runs import tiny


def test_the_passes_are_those_of_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    seen: list[tuple[int, bool]] = []
    forward = PoseNet.forward

    def counted(self: PoseNet, image: torch.Tensor) -> torch.Tensor:
        seen.append((len(image), torch.is_grad_enabled()))
        return forward(self, image)

    with toys(tmp_path):
        passes, beside = bare_step(tiny("toy_mean_teacher", batch=3, accumulate=2))
        monkeypatch.setattr(PoseNet, "forward", counted)
        passes()
        assert seen == [(6, True), (3, False)] * 2
        beside()
    assert len(seen) == 4


@pytest.mark.parametrize("channels_last", [True, False])
def test_the_floor_moves_weights_as_a_step_does(channels_last: bool, monkeypatch: Any):
    built: list[Any] = []
    real = module.build_method
    monkeypatch.setattr(module, "build_method", lambda *a: built.append(real(*a)) or built[-1])
    passes, _ = bare_step(tiny(channels_last=channels_last))
    before = [p.detach().clone() for p in built[0].network.parameters()]
    passes()
    after = list(built[0].network.parameters())
    assert sum(not torch.equal(a, b) for a, b in zip(before, after, strict=True)) > len(after) / 2
    assert all(p.grad is None for p in after)


def noted(method: Any, monkeypatch: pytest.MonkeyPatch) -> list[Call]:
    """What a step of a method calls beside its passes."""
    found: list[Call] = []
    real = module._calls_beside
    monkeypatch.setattr(module, "_calls_beside", lambda *a: found.extend(real(*a)) or found)
    _, beside = bare_step(tiny(method))
    beside()
    return found


def test_a_discriminator_judges_both_domains_and_learns(monkeypatch: pytest.MonkeyPatch):
    calls = noted({"name": "mla", "pretrain": 0.0}, monkeypatch)
    assert [type(call.network) for call in calls] == [CellDiscriminator] * 2
    assert [(call.given.requires_grad, call.learns) for call in calls] == [(True, True)] * 2


def test_an_adversary_has_the_gradients_of_its_three_updates(monkeypatch: pytest.MonkeyPatch):
    calls = noted({"name": "regda"}, monkeypatch)
    # A moves features and adversary, B the adversary alone, C the features alone.
    wanted = [(True, True), (False, True), (True, False)]
    assert [(call.given.requires_grad, call.learns) for call in calls] == wanted
    assert len({id(call.network) for call in calls}) == 1


@pytest.mark.parametrize("name", ["source_only", "udape", "lodestar"])
def test_teachers_styles_and_averages_are_no_part_of_it(name: str, monkeypatch: pytest.MonkeyPatch):
    assert noted({"name": name}, monkeypatch) == []


def test_a_call_again_leaves_gradients_where_the_step_had_them():
    network = nn.Conv2d(2, 1, 1)
    image = torch.ones(1, 2, 3, 3)
    for needs, learns in ((True, True), (False, True), (True, False), (False, False)):
        network.zero_grad()
        seen: list[bool] = []
        hook = network.register_forward_hook(
            lambda _, given, out, seen=seen: seen.append(out.requires_grad)
        )
        Call(network, image.clone().requires_grad_(needs), learns).again()
        hook.remove()
        assert seen == [needs or learns]
        assert all((p.grad is not None) == learns for p in network.parameters())
