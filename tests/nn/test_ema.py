"""The average after n updates is its closed form, batch statistics included."""

import copy
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from poseshift.nn.ema import ema_decay, ema_update


def net() -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(2, 3, 1), nn.BatchNorm2d(3))


@given(decay=st.floats(0, 0.999), steps=st.integers(1, 12), seed=st.integers(0, 99))
@settings(deadline=None, max_examples=25)
def test_n_updates_are_the_closed_form(decay: float, steps: int, seed: int):
    torch.manual_seed(seed)
    average, model = net(), net()
    start = {key: value.double().clone() for key, value in average.state_dict().items()}
    seen: list[dict[str, torch.Tensor]] = []
    for step in range(steps):
        with torch.no_grad():
            for value in model.state_dict().values():
                value.copy_(torch.randn(value.shape) if value.is_floating_point() else step + 1)
        seen.append({key: value.double().clone() for key, value in model.state_dict().items()})
        ema_update(average, model, decay)
    for key, value in average.state_dict().items():
        if value.is_floating_point():
            expected = decay**steps * start[key] + (1 - decay) * sum(
                decay ** (steps - 1 - i) * state[key] for i, state in enumerate(seen)
            )
            torch.testing.assert_close(value.double(), expected, atol=1e-5, rtol=1e-4)
        else:
            assert value == steps, "counters are copied"


def test_running_statistics_follow_and_the_model_stays():
    torch.manual_seed(0)
    model = net()
    average = copy.deepcopy(model).requires_grad_(False)
    model(torch.randn(64, 2, 4, 4) * 3 + 1)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    ema_update(average, model, 0.75)
    expected = 0.75 * torch.zeros(3) + 0.25 * model[1].running_mean
    torch.testing.assert_close(average[1].running_mean, expected)
    assert average[1].num_batches_tracked == 1
    assert all(torch.equal(before[key], value) for key, value in model.state_dict().items())


@given(decay=st.floats(0, 0.999), steps=st.integers(1, 8), seed=st.integers(0, 99))
@settings(deadline=None, max_examples=15)
def test_without_statistics_parameters_alone_follow(decay: float, steps: int, seed: int):
    torch.manual_seed(seed)
    average, model = net(), net()
    with torch.no_grad():
        for buffer in model.buffers():
            buffer.add_(3)
    start = {key: value.double().clone() for key, value in average.state_dict().items()}
    for _ in range(steps):
        ema_update(average, model, decay, statistics=False)
    for key, value in average.named_parameters():
        towards = model.get_parameter(key).double()
        expected = decay**steps * start[key] + (1 - decay**steps) * towards
        torch.testing.assert_close(value.double(), expected, atol=1e-5, rtol=1e-4)
    for key, value in average.named_buffers():
        assert torch.equal(value.double(), start[key]), "the average's own"


def test_updating_is_no_part_of_the_graph():
    model, average = net(), net()
    ema_update(average, model, 0.5)
    assert all(p.grad_fn is None and p.requires_grad for p in average.parameters())
    assert average[0].weight.data_ptr() != model[0].weight.data_ptr()


def test_decay_is_short_at_first_and_then_as_asked():
    decays = [ema_decay(0.99, step) for step in range(2000)]
    assert decays[0] == pytest.approx(0.1)
    assert decays[90] == pytest.approx(0.91)
    assert all(a <= b for a, b in pairwise(decays))
    assert decays[-1] == 0.99
    assert ema_decay(0.0, 5) == 0
