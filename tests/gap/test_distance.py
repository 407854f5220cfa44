"""Distances: against independent formulas, and against their own floor."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import ks_2samp

from poseshift.gap.distance import (
    FEWEST,
    SPLITS,
    Distance,
    against_floor,
    compare,
    probe,
    shift,
    splits,
)

numbers = st.integers(8, 40).flatmap(
    lambda n: arrays(np.float64, n, elements=st.floats(-9, 9, allow_nan=False))
)


@settings(deadline=None, max_examples=50)
@given(numbers, numbers)
def test_a_shift_is_the_kolmogorov_smirnov_statistic(a: np.ndarray, b: np.ndarray):
    assert shift(a, b) == pytest.approx(ks_2samp(a, b).statistic)
    assert shift(a, b) == shift(b, a)


@settings(deadline=None, max_examples=50)
@given(numbers)
def test_a_shift_does_not_see_the_scale(a: np.ndarray):
    grid = np.linspace(-5, 5, 20)
    assert shift(a, grid) == pytest.approx(shift(2 * a + 1, 2 * grid + 1))


def test_missing_numbers_are_left_out_and_too_few_say_nothing():
    a = np.arange(20.0)
    holes = np.concatenate([a, np.full(30, np.nan)])
    assert shift(holes, a) == 0
    assert math.isnan(shift(a[: FEWEST - 1], a))
    assert compare("x", np.full(20, np.nan), a, splits(20, 20, 99), matters=0.3) is None


def test_parts_are_equally_large_apart_and_the_same_every_time():
    found = splits(30, 100, most=12)
    assert len(found) == SPLITS
    for split in found:
        assert len(split.one_n) == len(split.other_n) == len(split.target_n) == 12
        assert not set(split.one_n) & set(split.other_n)
    again = splits(30, 100, most=12)
    assert all((a.target_n == b.target_n).all() for a, b in zip(found, again, strict=True))
    assert len(splits(30, 9, most=99)[0].one_n) == 9


def test_the_same_distribution_stays_near_its_floor_and_another_one_does_not():
    rng = np.random.default_rng(0)
    source, same, other = rng.normal(size=600), rng.normal(size=600), rng.normal(2, 1, size=600)
    near = compare("x", source, same, splits(600, 600, 300), matters=0.3)
    far = compare("x", source, other, splits(600, 600, 300), matters=0.3)
    assert near is not None
    assert far is not None
    assert near.level == "same"
    assert far.level == "clear"
    assert far.floor == near.floor
    assert far.target == pytest.approx(2, abs=0.2)


def test_levels_need_more_than_the_floor():
    assert Distance("x", 0.5, floor=0.6, matters=0.3).level == "same"
    assert Distance("x", 0.2, floor=0.1, matters=0.3).level == "slight"
    assert Distance("x", 0.4, floor=0.1, matters=0.3).level == "clear"


@pytest.mark.parametrize(
    ("unit", "value", "extent"),
    [("share", 0.4, 0.4), ("accuracy", 0.75, 0.5), ("accuracy", 0.4, 0), ("variances", 1, 0.5),
     ("degrees", 15, 0.5), ("degrees", 99, 1)],
)  # fmt: skip
def test_every_unit_is_drawn_between_0_and_1(unit: str, value: float, extent: float):
    distance = Distance("x", value, value, 0, unit)  # type: ignore[arg-type]
    assert distance.extent == pytest.approx(extent)
    assert distance.floor_extent == distance.extent


def test_the_probe_tells_what_a_line_can_tell():
    rng = np.random.default_rng(0)
    a = rng.normal(size=(200, 5))
    away = a + np.array([0, 0, 4, 0, 0])
    assert probe(a, rng.permutation(away)) > 0.95
    assert probe(a, rng.normal(size=(200, 5))) == pytest.approx(0.5, abs=0.1)
    assert probe(a, -a) == pytest.approx(0.5, abs=0.1)  # the same mean: nothing for a line


def test_floors_are_the_largest_and_values_the_mean():
    source, target = np.arange(4.0), np.arange(10.0, 14.0)
    found = splits(4, 4, 2)
    value, floor = against_floor(lambda a, b: float(b.mean() - a.mean()), source, target, found)
    assert value == pytest.approx(
        np.mean([target[s.target_n].mean() - source[s.one_n].mean() for s in found])
    )
    assert floor == max(source[s.other_n].mean() - source[s.one_n].mean() for s in found)
