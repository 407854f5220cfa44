"""Learning-rate factors: published shapes, always in (0, 1] but for the cosine's far end."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poseshift.config import TrainConfig
from poseshift.schedule import rate

KINDS = ("cosine", "multistep", "inverse", "constant")


@given(
    kind=st.sampled_from(KINDS),
    steps=st.integers(1, 500),
    warmup=st.floats(0, 0.99),
    data=st.data(),
)
@settings(deadline=None, max_examples=50)
def test_a_factor_at_every_step(kind: str, steps: int, warmup: float, data: st.DataObject):
    config = TrainConfig(steps=steps, warmup=warmup, schedule=kind)
    step = data.draw(st.integers(0, steps - 1))
    factor = rate(config, step)
    assert 0 < factor <= 1
    ramp = round(warmup * steps)
    if step < ramp:
        assert factor == (step + 1) / ramp
    elif step + 1 < steps:
        assert rate(config, step + 1) <= factor, "after the ramp it never grows"


def test_multistep_falls_tenfold_at_its_milestones():
    config = TrainConfig(steps=100, warmup=0, schedule="multistep", milestones=(0.6, 0.8))
    factors = [rate(config, step) for step in (0, 59, 60, 79, 80, 99)]
    assert factors == pytest.approx([1, 1, 0.1, 0.1, 0.01, 0.01])


def test_inverse_is_the_published_decay():
    config = TrainConfig(steps=20_000, warmup=0, schedule="inverse")
    assert rate(config, 0) == 1
    assert rate(config, 15_000) == pytest.approx((1 + 1.5) ** -0.75)


def test_cosine_is_half_way_down_in_the_middle():
    config = TrainConfig(steps=1000, warmup=0)
    assert rate(config, 500) == pytest.approx(0.5)
    assert rate(config, 250) == pytest.approx(0.5 + math.sqrt(0.125))
    assert rate(config, 999) < 1e-5


def test_constant_stays():
    config = TrainConfig(steps=50, warmup=0.2, schedule="constant")
    assert [rate(config, step) for step in (0, 4, 10, 49)] == [0.1, 0.5, 1, 1]
