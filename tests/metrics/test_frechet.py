"""The distance of Gaussians in closed form, and what it does not depend on."""

import numpy as np
import pytest
import scipy.linalg
import torch
from hypothesis import given
from hypothesis import strategies as st

from poseshift.metrics.frechet import frechet, gaussian_frechet

SIZES = st.integers(1, 8)


def covariance(rng: np.random.Generator, size: int, rank: int) -> np.ndarray:
    factor = rng.normal(size=(size, rank))
    return factor @ factor.T


@given(seed=st.integers(0, 10_000), size=SIZES, rank=SIZES)
def test_it_is_the_formula_with_a_general_matrix_root(seed: int, size: int, rank: int):
    rng = np.random.default_rng(seed)
    one, other = covariance(rng, size, size + 1), covariance(rng, size, rank)
    a, b = rng.normal(size=(2, size))
    # The root of the product as it stands; rank-deficient products have roots of tiny negatives.
    cross = np.sqrt(np.clip(scipy.linalg.eigvals(one @ other).real, 0, None)).sum()
    expected = ((a - b) ** 2).sum() + np.trace(one) + np.trace(other) - 2 * cross
    found = gaussian_frechet(*map(torch.from_numpy, (a, one, b, other)))
    assert found == pytest.approx(expected, rel=1e-5, abs=1e-5 * np.trace(one + other))


def test_independent_features_add_up():
    """For diagonal covariances it is the sum of the squared distances of means and deviations."""
    s, t = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([2.0, 2.0, 0.0])
    m = torch.tensor([0.0, 1.0, -1.0])
    expected = float((m.square() + (s - t).square()).sum())
    zero = torch.zeros(3)
    assert gaussian_frechet(m, s.square().diag(), zero, t.square().diag()) == pytest.approx(
        expected, abs=1e-5
    )


def test_of_samples():
    rng = np.random.default_rng(0)
    x = torch.from_numpy(rng.normal(size=(500, 4)))
    assert frechet(x, x) == pytest.approx(0, abs=1e-9)
    assert frechet(x, x + 2) == pytest.approx(4 * 2**2)
    assert frechet(x, 3 * x - 2 * x.mean(0)) == pytest.approx(float((2 * x.std(0)).square().sum()))
    turn = torch.linalg.qr(torch.from_numpy(rng.normal(size=(4, 4))))[0]
    y = torch.from_numpy(rng.normal(size=(300, 4))) * torch.arange(1, 5)
    assert frechet(x @ turn, y @ turn) == pytest.approx(frechet(x, y))


def test_small_samples_look_farther():
    """What the page says of it: only equally large samples can be compared."""
    rng = np.random.default_rng(1)
    few, many = (
        frechet(*torch.from_numpy(rng.normal(size=(2, count, 10)))) for count in (20, 2000)
    )
    assert few > 20 * many
