"""Pixel errors: by hand, by property, and over processes."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from poseshift.metrics.pixel_error import PixelError, error_statistics, pixel_error
from poseshift.skeleton import skeleton

EVERY = torch.ones(2, 2)


def test_by_hand():
    true = torch.zeros(2, 2, 2)
    pred = torch.tensor([[[3.0, 4.0], [0.0, 0.0]], [[0.0, -2.0], [6.0, 8.0]]])
    assert pixel_error(pred, true, EVERY).tolist() == [[5.0, 0.0], [2.0, 10.0]]


def test_what_does_not_count_is_nan_and_what_is_not_finite_is_infinite():
    true = torch.zeros(2, 2, 2)
    true[0, 0] = torch.nan
    pred = torch.full((2, 2, 2), torch.nan)
    weight = torch.tensor([[1, 0], [1, 2]])
    error = pixel_error(pred, true, weight)
    assert error[0].isnan().all()
    assert error[1].isinf().all()


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.one_of(st.floats(0, 1e6), st.just(math.nan)), max_size=9),
)
def test_statistics_are_those_of_numpy(values: list[float]):
    said = {k: float(v) for k, v in error_statistics(torch.tensor(values).double()).items()}
    counted = np.array([v for v in values if not math.isnan(v)])
    if len(counted) == 0:
        assert all(math.isnan(v) for v in said.values())
        return
    assert said["mean"] == pytest.approx(counted.mean())
    assert said["median"] == pytest.approx(np.median(counted))
    assert said["rmse"] == pytest.approx(np.sqrt((counted**2).mean()))


def test_one_lost_joint_spoils_the_mean_but_not_the_median():
    said = error_statistics(torch.tensor([1.0, 2.0, torch.inf]))
    assert said["mean"].isinf()
    assert said["median"] == 2


def test_the_class_over_two_processes_equals_the_function_over_all():
    body = skeleton("body16")
    pred, true = torch.rand(2, 7, 16, 2)
    weight = (torch.rand(7, 16) > 0.3).float()
    one, two = PixelError(body), PixelError(body)
    one.update(pred[:3], true[:3], weight[:3])
    one.update(pred[3:4], true[3:4], weight[3:4])
    two.update(pred[4:], true[4:], weight[4:])
    one.merge_state(two)
    scored = pixel_error(pred, true, weight)[:, list(body.scored)]
    assert one.compute() == error_statistics(scored)
