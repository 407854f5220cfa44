"""Scores of annotations against their definitions, joint by joint."""

import math

import numpy as np
import pytest
import torch

from poseshift.prior.annotate.scores import annotation_scores

SIDE = 64


def made(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    true = torch.rand(30, 5, 2, generator=generator) * (SIDE - 1)
    found = true + 4 * torch.randn(true.shape, generator=generator)
    return found, true, (torch.rand(30, 5, generator=generator) > 0.2).long()


def test_numbers_are_what_they_say():
    found, true, seen = made()
    scores = annotation_scores(found, true, seen, SIDE)
    away = [
        [math.dist(found[i, k], true[i, k]) / SIDE for k in range(5) if seen[i, k]]
        for i in range(30)
    ]
    flat = np.concatenate([row for row in away if row])
    assert scores["error"] == pytest.approx(100 * flat.mean(), rel=1e-4)
    assert scores["pck_joint@.05"] == pytest.approx((flat <= 0.05).mean(), abs=1e-5)
    assert scores["pck_joint@.1"] == pytest.approx((flat <= 0.1).mean(), abs=1e-5)
    poses = np.mean([np.mean(row) <= 0.05 for row in away if row])
    assert scores["pck_pose@.05"] == pytest.approx(poses, abs=1e-5)
    for name in ("error", "pck_joint@.05", "pck_joint@.1", "pck_pose@.05"):
        low, high = scores[f"{name}_interval"]
        assert low < scores[name] < high


def test_what_is_not_found_is_a_miss():
    found, true, seen = made()
    worse = annotation_scores(torch.full_like(found, torch.nan), true, seen, SIDE)
    assert (worse["error"], worse["pck_joint@.1"], worse["pck_pose@.05"]) == (100, 0, 0)


def test_labels_that_are_not_there_decide_nothing():
    found, true, seen = made()
    moved = found + 99 * (seen == 0)[..., None]
    assert annotation_scores(moved, true, seen, SIDE) == annotation_scores(found, true, seen, SIDE)
    nothing = annotation_scores(found, true, torch.zeros_like(seen), SIDE)
    assert all(math.isnan(value) for value in np.ravel(list(nothing["error_interval"])))
    assert math.isnan(nothing["error"])
