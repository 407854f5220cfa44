"""Pose-mixup: exact at its ends, on the shorter arc, limbs as long as those of the parents."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from poseshift.metrics.pose_set import log_lengths
from poseshift.prior.kinematics import Kinematics
from poseshift.prior.mixup import draw_mixed, mixup
from tests.prior.made import BODY, bodies

HINGE = Kinematics(BODY)
A, B = (HINGE.split(bodies(40, seed).points_NK2) for seed in (1, 2))


def test_the_ends_are_the_parents():
    assert torch.equal(mixup(A, B, torch.zeros(40), HINGE.angle_D), B)
    whole = HINGE.join(mixup(A, B, torch.ones(40), HINGE.angle_D))
    torch.testing.assert_close(whole, HINGE.join(A), atol=1e-5, rtol=0)


@settings(max_examples=30, deadline=None)
@given(st.floats(0, 1))
def test_limbs_are_between_the_parents_limbs(share: float):
    between, first, second = (
        log_lengths(HINGE.join(hinges), BODY.edges)
        for hinges in (mixup(A, B, torch.full((40,), share), HINGE.angle_D), A, B)
    )
    # The tree has all of this skeleton's edges, so all of them are limbs of the tree.
    assert (between >= first.minimum(second) - 1e-4).all()
    assert (between <= first.maximum(second) + 1e-4).all()


def test_a_mean_of_joints_would_shrink_limbs():
    turned = A.clone()
    turned[:, 2] += 2.0  # the heading
    hinged = HINGE.join(mixup(A, turned, torch.full((40,), 0.5), HINGE.angle_D))
    meant = (HINGE.join(A) + HINGE.join(turned)) / 2
    lengths = log_lengths(HINGE.join(A), BODY.edges).mean()
    assert log_lengths(hinged, BODY.edges).mean() == pytest.approx(float(lengths), abs=1e-3)
    assert log_lengths(meant, BODY.edges).mean() < lengths - 0.3


def test_without_a_chance_poses_are_the_sets_own():
    def rng() -> torch.Generator:
        return torch.Generator().manual_seed(0)

    def copies(chance: float) -> float:
        """Share of what is drawn that is a pose of the set, whole turns of a hinge aside."""
        drawn = HINGE.join(draw_mixed(A, 200, chance, HINGE.angle_D, rng())).flatten(1)
        return float((torch.cdist(drawn, HINGE.join(A).flatten(1)).amin(1) < 1e-2).float().mean())

    assert copies(0.0) == 1
    assert 0.35 < copies(0.5) < 0.65
