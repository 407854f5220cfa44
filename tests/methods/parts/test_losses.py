"""The heatmap losses are their formulas, with published denominators and no 0 / 0."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from poseshift.methods.parts.losses import consistency_mse, heatmap_kl, heatmap_mse
from tests.methods.made import kl

few = settings(deadline=None, max_examples=40)
shapes = st.tuples(*(st.integers(1, n) for n in (3, 4, 5, 5)))
seeds = st.integers(0, 99)


@given(shape=shapes, seed=seeds)
@few
def test_mse_is_half_the_weighted_mean_square(shape: tuple[int, int, int, int], seed: int):
    rng = np.random.default_rng(seed)
    maps, target = rng.normal(size=(2, *shape)).astype(np.float32)
    weight = rng.choice([0.0, 0.5, 1.0], shape[:2]).astype(np.float32)
    total = 0.0
    for joint in np.ndindex(shape[:2]):
        square = (maps[joint].astype(np.float64) - target[joint].astype(np.float64)) ** 2
        total += 0.5 * float(weight[joint]) * square.sum()
    loss = heatmap_mse(*map(torch.tensor, (maps, target, weight)))
    np.testing.assert_allclose(loss.item(), total / maps.size, rtol=1e-5, atol=1e-9)


@given(shape=shapes, seed=seeds)
@few
def test_consistency_is_the_masked_mean_square_without_the_half(
    shape: tuple[int, int, int, int], seed: int
):
    rng = np.random.default_rng(seed)
    student, teacher = rng.normal(size=(2, *shape))
    mask = rng.choice([0.0, 1.0], shape[:2])
    loss = consistency_mse(*map(torch.tensor, (student, teacher, mask)))
    expected = (mask[..., None, None] * (student - teacher) ** 2).sum() / student.size
    np.testing.assert_allclose(loss.item(), expected, rtol=1e-5, atol=1e-9)


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


# --- divergence of distributions over the cells -------------------------------------------------


@given(shape=shapes, seed=seeds, eps=st.sampled_from([0.0, 1e-7]))
@few
def test_kl_is_its_formula(shape: tuple[int, int, int, int], seed: int, eps: float):
    rng = np.random.default_rng(seed)
    logits = rng.normal(scale=3, size=shape)
    target = rng.uniform(size=shape) * (rng.uniform(size=shape) < 0.7)
    target[rng.uniform(size=shape[:2]) < 0.2] = 0  # joints outside of the view
    weight = rng.choice([0.0, 0.5, 1.0], shape[:2])
    loss = heatmap_kl(*(torch.tensor(a).float() for a in (logits, target, weight)), eps)
    np.testing.assert_allclose(loss.item(), kl(logits, target, weight, eps), rtol=2e-5, atol=1e-6)


def test_kl_pulls_the_softmax_to_the_target():
    """Its gradient is w (q - p) / (B K)."""
    rng = np.random.default_rng(0)
    logits = torch.tensor(rng.normal(size=(2, 3, 4, 4))).float().requires_grad_()
    target = torch.tensor(rng.uniform(size=(2, 3, 4, 4))).float()
    weight = torch.tensor([[1.0, 0.0, 0.5]] * 2)
    heatmap_kl(logits, target, weight).backward()
    q = logits.detach().flatten(2).softmax(-1)
    p = target.flatten(2) / target.flatten(2).sum(-1, keepdim=True)
    expected = ((q - p) * weight[..., None] / 6).view_as(logits)
    torch.testing.assert_close(logits.grad, expected, atol=1e-7, rtol=1e-4)


def test_kl_is_nothing_where_the_prediction_is_the_target():
    target = torch.rand(2, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    assert abs(heatmap_kl(target.log() + 7, target, torch.ones(2, 3)).item()) < 1e-6


def test_a_target_of_zeros_counts_nothing_and_has_a_finite_gradient():
    target = torch.zeros(1, 2, 4, 4)
    target[0, 1, 2, 2] = 1
    logits = torch.randn(1, 2, 4, 4, generator=torch.Generator().manual_seed(0)).requires_grad_()
    loss = heatmap_kl(logits, target, torch.ones(1, 2))
    loss.backward()
    assert loss.item() == pytest.approx(kl(logits, target, torch.ones(1, 2)), rel=1e-5)
    assert (logits.grad[0, 0] == 0).all()
    assert logits.grad[0, 1].abs().sum() > 0
    assert heatmap_kl(logits, torch.zeros_like(target), torch.ones(1, 2)).item() == 0
    assert logits.grad.isfinite().all()


def test_a_pseudo_target_of_zeros_is_the_uniform_distribution():
    logits = torch.randn(1, 1, 4, 4, generator=torch.Generator().manual_seed(0))
    found, uniform = (
        heatmap_kl(logits, target, torch.ones(1, 1), eps)
        for target, eps in ((torch.zeros(1, 1, 4, 4), 1e-7), (torch.ones(1, 1, 4, 4), 0.0))
    )
    torch.testing.assert_close(found, uniform)
