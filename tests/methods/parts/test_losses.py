"""The heatmap loss is its formula, with published denominators."""

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from poseshift.methods.parts.losses import heatmap_mse


@given(
    b=st.integers(1, 3),
    k=st.integers(1, 4),
    h=st.integers(1, 5),
    w=st.integers(1, 5),
    seed=st.integers(0, 99),
)
@settings(deadline=None, max_examples=40)
def test_mse_is_half_the_weighted_mean_square(b: int, k: int, h: int, w: int, seed: int):
    rng = np.random.default_rng(seed)
    maps, target = rng.normal(size=(2, b, k, h, w)).astype(np.float32)
    weight = rng.choice([0.0, 0.5, 1.0], (b, k)).astype(np.float32)
    total = 0.0
    for i in range(b):
        for j in range(k):
            square = (maps[i, j].astype(np.float64) - target[i, j].astype(np.float64)) ** 2
            total += 0.5 * float(weight[i, j]) * square.sum()
    loss = heatmap_mse(*map(torch.tensor, (maps, target, weight)))
    np.testing.assert_allclose(loss.item(), total / (b * k * h * w), rtol=1e-5, atol=1e-9)


def test_joints_of_weight_zero_get_no_gradient_and_stay_in_the_denominator():
    maps = torch.zeros(1, 2, 3, 3, requires_grad=True)
    heatmap_mse(maps, torch.ones(1, 2, 3, 3), torch.tensor([[1.0, 0.0]])).backward()
    assert (maps.grad[0, 1] == 0).all()
    torch.testing.assert_close(maps.grad[0, 0], torch.full((3, 3), -1 / 18))


def test_half_precision_maps_are_compared_in_full():
    maps = torch.full((1, 1, 64, 64), 1.0, dtype=torch.bfloat16)
    loss = heatmap_mse(maps, torch.full((1, 1, 64, 64), 0.999), torch.ones(1, 1))
    assert loss.dtype == torch.float32
    np.testing.assert_allclose(loss.item(), 0.5e-6, rtol=1e-2)
