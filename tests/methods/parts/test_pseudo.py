"""Pseudo-labels: fresh Gaussians, the exact share believed, truth and falsehood of RegDA."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from poseshift.methods.parts.pseudo import (
    confident,
    fresh_maps,
    ground_false_maps,
    ground_truth_maps,
)
from tests.methods.made import argmax_cells, cut_gaussians, gaussians, top_share

few = settings(deadline=None, max_examples=40)
CELLS, SIGMA = 64, 2.0  # as published


def places(seed: int, joints: int = 5, low: float = 0, high: float = CELLS - 1) -> torch.Tensor:
    """Places of joints in two maps' cells, none half way between two."""
    rng = np.random.default_rng(seed)
    return torch.tensor(rng.integers(low, high, (2, joints, 2)) + rng.uniform(-0.4, 0.4)).float()


# --- fresh maps -----------------------------------------------------------------------------------


@given(seed=st.integers(0, 99), subpixel=st.booleans())
@few
def test_a_fresh_map_is_a_gaussian_of_peak_one_at_the_peak(seed: int, subpixel: bool):
    place = places(seed, low=8, high=56)
    height = np.linspace(0.2, 0.9, 10).reshape(2, 5)
    taught = torch.tensor(gaussians(place, CELLS, SIGMA) * height[..., None, None]).float()
    maps, peak = fresh_maps(taught, subpixel=subpixel)
    centre = place.numpy() if subpixel else argmax_cells(taught)
    np.testing.assert_allclose(maps.numpy(), gaussians(centre, CELLS, SIGMA), atol=2e-3)
    np.testing.assert_array_equal(peak.numpy(), taught.numpy().max((2, 3)))


def test_what_surrounds_a_peak_is_forgotten():
    taught = torch.tensor(gaussians(np.array([[[20.0, 30.0]]]), CELLS, SIGMA)).float()
    noisy = taught + 0.3 * torch.tensor(gaussians(np.array([[[50.0, 9.0]]]), CELLS, 5.0)).float()
    for one, other in zip(fresh_maps(noisy), fresh_maps(taught), strict=True):
        torch.testing.assert_close(one, other, atol=1e-3, rtol=0)


# --- whom to believe ------------------------------------------------------------------------------


@given(
    shape=st.tuples(st.integers(1, 6), st.integers(1, 9)),
    share=st.floats(0.01, 1),
    seed=st.integers(0, 99),
)
@few
def test_exactly_the_most_confident_share_is_believed(
    shape: tuple[int, int], share: float, seed: int
):
    order = np.random.default_rng(seed).permutation(shape[0] * shape[1])
    peak = torch.tensor(order / len(order)).float().reshape(shape)
    kept = confident(peak, share)
    assert kept.sum() == int(np.floor(share * peak.numel()))
    np.testing.assert_array_equal(kept.numpy(), top_share(peak, share))


def test_half_is_what_lies_strictly_above_the_median():
    peak = torch.rand(32, 16, generator=torch.Generator().manual_seed(0))
    kept = confident(peak, 0.5)
    assert kept.sum() == 256
    assert torch.equal(kept, (peak > peak.median()).float())


def test_equal_peaks_are_not_believed_beyond_the_share():
    assert confident(torch.ones(4, 4), 0.5).sum() == 0
    assert confident(torch.ones(4, 4), 1.0).sum() == 16


# --- truth and falsehood --------------------------------------------------------------------------


@given(seed=st.integers(0, 99))
@few
def test_truth_is_a_cut_gaussian_on_the_argmax_cell(seed: int):
    logits = torch.randn(2, 3, CELLS, CELLS, generator=torch.Generator().manual_seed(seed)) - 5
    truth = ground_truth_maps(logits)
    np.testing.assert_allclose(
        truth.numpy(), cut_gaussians(argmax_cells(logits), CELLS, SIGMA), atol=1e-6
    )
    assert torch.equal(truth.flatten(2).argmax(2), logits.flatten(2).argmax(2))
    assert ((truth > 0).sum((2, 3)) <= 13 * 13).all()


def test_truth_of_logits_below_zero_is_where_they_are_largest():
    logits = torch.full((1, 1, 16, 16), -9.0)
    logits[0, 0, 4, 11] = -1
    assert ground_truth_maps(logits)[0, 0, 4, 11] == 1


@given(seed=st.integers(0, 99))
@few
def test_falsehood_is_the_clipped_sum_of_the_others(seed: int):
    truth = cut_gaussians(places(seed), CELLS, SIGMA)
    false = ground_false_maps(torch.tensor(truth).float())
    others = [[np.delete(sample, k, 0).sum(0) for k in range(5)] for sample in truth]
    np.testing.assert_allclose(false.numpy(), np.clip(others, 0, 1), atol=1e-6)


@pytest.mark.parametrize(("near", "mass"), [(False, 0.0), (True, 1.0)])
def test_falsehood_spares_the_joint_unless_another_is_there(near: bool, mass: float):
    """Up to the rounding of a sum of three."""
    place = torch.tensor([[[10.0, 10.0], [10.0, 10.0] if near else [40.0, 9.0], [50.0, 50.0]]])
    false = ground_false_maps(torch.tensor(cut_gaussians(place, CELLS, SIGMA)).float())
    assert false[0, 0, 10, 10].item() == pytest.approx(mass, abs=1e-6)
    assert false[0, 0, 50, 50].item() == pytest.approx(1, abs=1e-6)
    assert false.min() >= 0
    assert false.max() <= 1
