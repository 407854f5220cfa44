"""OKS by hand and its AP against the definition written out."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from poseshift.metrics.oks import OksAP, label_area, oks, oks_ap, oks_sigmas
from poseshift.skeleton import skeleton


def people(seed: int, images: int = 12, spread: float = 6.0):
    rng = torch.Generator().manual_seed(seed)
    true = torch.rand(images, 17, 2, generator=rng, dtype=torch.double) * 100
    pred = true + spread * torch.randn(images, 17, 2, generator=rng, dtype=torch.double)
    weight = (torch.rand(images, 17, generator=rng) > 0.3).double()
    weight[:, :2] = 1
    score = torch.rand(images, generator=rng, dtype=torch.double)
    return pred, true, weight, label_area(true, weight), score


SIGMAS = oks_sigmas(skeleton("coco17"))[0]


def test_by_hand():
    """A joint off by d has exp(-d^2 / (2 * area * (2 sigma)^2))."""
    true = torch.zeros(1, 3, 2)
    pred = torch.tensor([[[0.0, 0.0], [6.0, 8.0], [99.0, 99.0]]])
    value = oks(
        pred, true, torch.tensor([[1, 1, 0]]), torch.tensor([5000.0]), torch.full((3,), 0.1)
    )
    assert value.item() == pytest.approx((1 + math.exp(-100 / (2 * 5000 * 0.04))) / 2)


def test_undefined_and_lost():
    true = torch.zeros(3, 2, 2)
    pred = true.clone()
    pred[2] = torch.nan
    weight = torch.tensor([[0, 0], [1, 1], [1, 1]])
    area = torch.tensor([10.0, torch.nan, 10.0])
    value = oks(pred, true, weight, area, torch.ones(2))
    assert value[:2].isnan().all()
    assert value[2] == 0


def test_sigmas_say_where_they_come_from():
    sigmas, said = oks_sigmas(skeleton("coco17"))
    assert said == "as published for coco17"
    assert sigmas[0].item() == pytest.approx(0.026)
    sigmas, said = oks_sigmas(skeleton("body16"))
    assert "uniform 0.05" in said
    assert (sigmas == 0.05).all()


def test_area_is_the_box_of_what_counts():
    true = torch.tensor([[[0.0, 0.0], [4.0, 5.0], [torch.nan, 9.0]]]).repeat(3, 1, 1)
    weight = torch.tensor([[1, 1, 0], [1, 0, 0], [0, 0, 0]])
    area = label_area(true, weight)
    assert area[0] == 20
    assert area[1:].isnan().all()


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 2**31))
def test_ap_is_the_area_under_the_ranked_precision(seed: int):
    """With one label and one prediction an image: rank, count, interpolate at 101 recalls."""
    pred, true, weight, area, score = people(seed)
    similarity = oks(pred, true, weight, area, SIGMAS)[score.argsort(descending=True)].numpy()
    precisions = []
    for threshold in np.linspace(0.5, 0.95, 10):
        found = np.cumsum(similarity >= threshold)
        precision = np.maximum.accumulate((found / np.arange(1, 13))[::-1])[::-1]
        at = np.searchsorted(found / 12, np.linspace(0, 1, 101))
        precisions.append(np.append(precision, 0)[at].mean())
    said = oks_ap(pred, true, weight, area, score, SIGMAS)
    assert said["ap"] == pytest.approx(np.mean(precisions), abs=1e-6)
    assert said["ap50"] == pytest.approx(precisions[0], abs=1e-6)
    assert said["ap75"] == pytest.approx(precisions[5], abs=1e-6)


def test_labels_against_themselves_are_perfect():
    _, true, weight, area, score = people(0)
    said = oks_ap(true, true, weight, area, score, SIGMAS)
    assert said == {"ap": 1.0, "ap50": 1.0, "ap75": 1.0, "ar": 1.0}


def test_what_cannot_be_scored_is_left_out_and_what_is_lost_is_a_miss():
    pred, true, weight, area, score = people(1, spread=0.1)
    weight[0] = 0
    true[1] = torch.nan
    area[2] = torch.nan
    pred[3], score[3] = torch.nan, torch.nan
    said = oks_ap(pred, true, weight, area, score, SIGMAS)
    assert said["ar"] == pytest.approx(8 / 9)
    nothing = oks_ap(pred, true, 0 * weight, area, score, SIGMAS)
    assert nothing == {"ap": None, "ap50": None, "ap75": None, "ar": None}


def test_the_class_over_two_processes_equals_the_function_over_all():
    pred, true, weight, area, score = people(2)
    one, two = OksAP(skeleton("coco17")), OksAP(skeleton("coco17"))
    for metric, rows in ((one, slice(0, 5)), (two, slice(5, None))):
        metric.update(pred[rows], true[rows], weight[rows], area[rows], score[rows])
    one.merge_state(two)
    assert one.compute() == oks_ap(pred, true, weight, area, score, SIGMAS)
