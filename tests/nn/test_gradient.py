"""Scaling a gradient: nothing on the way forward, -lambda times the path's on the way back."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from poseshift.nn.gradient import scale_gradient


@given(factor=st.floats(-2, 2), seed=st.integers(0, 99))
@settings(deadline=None, max_examples=30)
def test_what_comes_before_gets_the_scaled_gradient_and_what_follows_all_of_it(
    factor: float, seed: int
):
    torch.manual_seed(seed)
    features, judge = nn.Linear(4, 5), nn.Sequential(nn.Linear(5, 3), nn.Tanh(), nn.Linear(3, 1))
    x = torch.randn(6, 4)
    plain, scaled = judge(features(x)), judge(scale_gradient(features(x), factor))
    assert torch.equal(plain, scaled)
    grads = [
        torch.autograd.grad(out.square().mean(), [*features.parameters(), *judge.parameters()])
        for out in (plain, scaled)
    ]
    for i, (path, found) in enumerate(zip(*grads, strict=True)):
        torch.testing.assert_close(found, path * (factor if i < 2 else 1.0))


def test_other_paths_are_not_touched():
    x = torch.ones(3, requires_grad=True)
    (5 * x + 2 * scale_gradient(x, -1.0)).sum().backward()
    assert x.grad.tolist() == [3.0] * 3


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32, torch.float64])
def test_values_and_precision_are_kept(dtype: torch.dtype):
    x = torch.randn(2, 3, dtype=dtype).requires_grad_()
    y = scale_gradient(x, -0.1)
    assert y.dtype == dtype
    assert torch.equal(y, x)
    y.sum().backward()
    assert x.grad.dtype == dtype
