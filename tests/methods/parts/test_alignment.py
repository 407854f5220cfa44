"""Alignment: cross-entropy of a discriminator, and information maximisation in both its forms."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from poseshift.methods.parts.alignment import domain_bce, information_maximisation
from poseshift.methods.parts.losses import consistency_mse
from tests.methods.made import bce, gaussians, profile_entropies

CELLS, SIGMA = 64, 2.0  # as published


def realistic(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """A student's maps, low and somewhat off, and the fresh Gaussians it is taught."""
    rng = np.random.default_rng(seed)
    place = rng.uniform(8, 56, (8, 16, 2))
    height = rng.uniform(0.3, 0.9, (8, 16, 1, 1))
    student = height * gaussians(place + rng.normal(0, 2, place.shape), CELLS, SIGMA)
    student += rng.normal(0, 0.01, student.shape)
    return torch.tensor(student).float(), torch.tensor(gaussians(place, CELLS, SIGMA)).float()


@pytest.mark.parametrize("label", [0.0, 1.0])
def test_domains_are_judged_by_cross_entropy(label: float):
    logits = torch.randn(2, 1, 5, 4, generator=torch.Generator().manual_seed(0)) * 4
    assert domain_bce(logits, label).item() == pytest.approx(bce(logits, label), rel=1e-5)
    assert domain_bce(logits.bfloat16(), label).dtype == torch.float32


def test_a_discriminator_that_is_sure_and_wrong_is_no_overflow():
    assert domain_bce(torch.full((1, 1, 2, 2), 200.0), 0.0).item() == pytest.approx(200)
    assert domain_bce(torch.full((1, 1, 2, 2), -200.0), 0.0).item() == pytest.approx(0)


# --- information maximisation as released -------------------------------------------------------


@given(seed=st.integers(0, 99), scale=st.sampled_from([0.1, 1.0, 30.0]))
@settings(deadline=None, max_examples=30)
def test_the_released_form_is_its_formula(seed: int, scale: float):
    maps = torch.randn(3, 2, 6, 9, generator=torch.Generator().manual_seed(seed)) * scale
    rows, columns, mean = profile_entropies(maps)
    found = information_maximisation(maps, "released").item()
    assert found == pytest.approx((rows + columns - mean) / 54, rel=1e-4, abs=1e-6)


def test_the_released_numbers():
    """Published: E_h = E_w = 1.01533e-3 (uniform 1.01535e-3), E_m = 2.03070e-3, together -3e-8."""
    flat, (student, _) = torch.full((4, 2, CELLS, CELLS), 0.3), realistic()
    assert [e / CELLS**2 for e in profile_entropies(flat)] == pytest.approx(
        [1.01535e-3, 1.01535e-3, 2.03071e-3], abs=6e-9
    )
    assert information_maximisation(flat, "released").item() == pytest.approx(0, abs=2e-9)
    rows, columns, mean = (e / CELLS**2 for e in profile_entropies(student))
    assert (rows, columns) == pytest.approx((1.01533e-3, 1.01533e-3), abs=3e-8)
    assert mean == pytest.approx(2.03070e-3, abs=2e-8)
    assert abs(information_maximisation(student, "released").item()) < 1e-7


def gradient_ratio(form: str) -> float:
    """Norm of the pose level's gradient over that of the consistency's."""
    student, taught = realistic()
    student.requires_grad_()
    losses = (
        information_maximisation(student, form),
        consistency_mse(student, taught, torch.ones(8, 16)),
    )
    ours, consistency = (torch.autograd.grad(loss, student)[0].norm() for loss in losses)
    return float(ours / consistency)


def test_the_released_form_has_next_to_no_gradient_and_the_live_one_has():
    released, live = gradient_ratio("released"), gradient_ratio("live")
    assert 1e-5 < released < 1e-3  # about 1e-4
    assert live > 100 * released
    assert live > 0.1


# --- and live -------------------------------------------------------------------------------------


@given(
    seed=st.integers(0, 99),
    scale=st.sampled_from([0.01, 0.1, 1.0]),
    shape=st.tuples(*(st.integers(low, 9) for low in (1, 1, 2, 2))),
)
@settings(deadline=None, max_examples=40)
def test_the_live_form_is_its_formula_and_bounded(
    seed: int, scale: float, shape: tuple[int, int, int, int]
):
    maps = torch.randn(shape, generator=torch.Generator().manual_seed(seed)) * scale
    rows, columns, mean = profile_entropies(maps, 0.01)
    height, width = shape[2:]
    expected = rows / np.log(height) + columns / np.log(width) - mean / np.log(height * width)
    found = information_maximisation(maps).item()
    assert found == pytest.approx(expected, rel=1e-4, abs=1e-4)
    assert -1 - 1e-5 <= found <= 2 + 1e-5


def test_sharp_and_diverse_poses_are_rewarded():
    def spread(places: list[list[int]]) -> torch.Tensor:
        maps = torch.zeros(len(places), 1, CELLS, CELLS)
        for one, (x, y) in zip(maps, places, strict=True):
            one[0, y, x] = 9
        return maps

    sharp = spread([[5, 9], [40, 50], [60, 20]])
    alike = spread([[5, 9]] * 3)
    flat = torch.zeros_like(sharp)
    found = [information_maximisation(maps).item() for maps in (sharp, alike, flat)]
    assert found == sorted(found)
    assert found[2] == pytest.approx(1, abs=1e-5)
