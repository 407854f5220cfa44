"""The discrepancy equals its formula, is unbiased, and sees a difference of laws."""

import numpy as np
import pytest
import torch

from poseshift.metrics import distances
from poseshift.metrics.mmd import bandwidths, mmd2


def normal(count: int, seed: int, shift: float = 0.0) -> torch.Tensor:
    rng = np.random.default_rng(seed)
    return torch.from_numpy(rng.normal(size=(count, 5)) + shift)


def formula(x: np.ndarray, y: np.ndarray, widths: list[float]) -> float:
    """Sums over pairs, written out."""

    def k(a: np.ndarray, b: np.ndarray) -> float:
        square = ((a - b) ** 2).sum()
        return float(np.mean([np.exp(-square / (2 * s * s)) for s in widths]))

    m, n = len(x), len(y)
    xx = sum(k(x[i], x[j]) for i in range(m) for j in range(m) if i != j) / (m * (m - 1))
    yy = sum(k(y[i], y[j]) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
    return xx + yy - 2 * sum(k(a, b) for a in x for b in y) / (m * n)


def test_it_is_the_formula():
    x, y = normal(13, 0), normal(9, 1, shift=0.5)
    expected = formula(x.numpy(), y.numpy(), [0.5, 2.0])
    assert mmd2(x, y, torch.tensor([0.5, 2.0])) == pytest.approx(expected, abs=1e-12)


def test_blocks_do_not_change_it(monkeypatch: pytest.MonkeyPatch):
    x, y = normal(40, 0), normal(30, 1)
    width = bandwidths(y)
    whole = mmd2(x, y, width)
    monkeypatch.setattr(distances, "_BLOCK", 7 * 30)
    assert mmd2(x, y, width) == pytest.approx(whole, abs=1e-14)


def test_samples_of_one_law_give_zero_on_average_and_not_always():
    """Over 200 pairs of samples: no bias, and negative about as often as the formula says."""
    width = bandwidths(normal(400, 0))
    values = np.array([mmd2(normal(30, 2 * i + 1), normal(30, 2 * i + 2), width)
                       for i in range(200)])  # fmt: skip
    assert abs(values.mean()) < 3 * values.std() / np.sqrt(len(values))
    assert (values < 0).mean() > 0.3


@pytest.mark.parametrize("spoil", [lambda x: x + 0.5, lambda x: 1.5 * x, lambda x: x.abs()])
def test_another_law_is_seen_against_permutations(spoil):
    x, y = spoil(normal(150, 1)), normal(150, 2)
    width, both = bandwidths(y), torch.cat([x, y])
    rng = np.random.default_rng(0)
    chance = []
    for _ in range(40):
        order = rng.permutation(300)
        chance.append(mmd2(both[order[:150]], both[order[150:]], width))
    assert mmd2(x, y, width) > max(chance)


def test_bandwidths_are_shares_of_the_median_distance():
    points = normal(50, 0)
    apart = [np.linalg.norm(a - b) for i, a in enumerate(points) for b in points[:i]]
    median = np.sort(apart)[(len(apart) - 1) // 2]
    assert bandwidths(points).tolist() == pytest.approx([median * s for s in (0.25, 0.5, 1, 2)])


def test_bandwidths_of_many_points_look_at_all_of_the_file():
    """The second half of a long file is another clip, ten times as wide."""
    points = torch.cat([normal(3000, 0), 10 * normal(3000, 1)])
    narrow = bandwidths(points[:3000])
    assert bandwidths(points)[2] > 3 * narrow[2]
