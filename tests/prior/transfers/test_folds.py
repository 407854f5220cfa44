"""Folds: every pose left out once, and the choice they make."""

import pytest
import torch

from poseshift.prior.transfers.flexpose import Flexpose, FlexposeConfig
from poseshift.prior.transfers.folds import folds, search
from poseshift.prior.transfers.kde import Kde, KdeConfig
from tests.prior.made import bodies, body_generator


@pytest.mark.parametrize("count", [5, 11, 100])
def test_every_pose_is_left_out_once(count: int):
    parts = folds(count, seed=3)
    left = torch.cat([out for _, out in parts])
    assert sorted(left.tolist()) == list(range(count))
    for kept, out in parts:
        assert sorted([*kept.tolist(), *out.tolist()]) == list(range(count))
    assert folds(count, seed=3)[0][1].tolist() == parts[0][1].tolist()


def test_a_target_that_is_bent_wants_freedom_one_like_the_source_does_not():
    free, bound = (
        FlexposeConfig(steps=80, batch=32, real=16, lr=2e-2, sparse=sparse) for sparse in (0, 3)
    )
    like, bent = (bodies(10, 5, turn=turn).points_NK2 for turn in (0.0, 0.5))
    found = search(Flexpose, body_generator(), [like, bent], [bound, free], [0, 1])
    assert found == [bound, free]


def test_every_transfer_can_be_searched():
    bent = bodies(12, 5, turn=0.5).points_NK2
    wide, narrow = (KdeConfig(space="hinges", width=width) for width in (1.0, 1e-3))
    assert search(Kde, body_generator(), [bent], [narrow, wide], [0]) == [wide]
    assert search(Kde, body_generator(), [bent], [wide, wide], [0])[0] is wide
