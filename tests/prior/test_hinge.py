"""Which hinges a skeleton gets, and angles that know that 0 is 2 pi."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from poseshift.prior.hinge import away, hinge_for, revive_hinge, wrapped
from poseshift.prior.kinematics import Kinematics
from poseshift.prior.shape_basis import ShapeBasis
from poseshift.skeleton import builtin_skeletons, skeleton


@pytest.mark.parametrize("name", builtin_skeletons())
def test_every_skeleton_has_hinges_that_can_be_kept(name: str):
    joints = skeleton(name)
    points = torch.randn(9, len(joints), 2, generator=torch.Generator().manual_seed(0))
    hinge = hinge_for(joints, points)
    assert isinstance(hinge, ShapeBasis if name.startswith("face") else Kinematics)
    again = revive_hinge(joints, hinge.arrays())
    assert torch.equal(again.split(points), hinge.split(points))


@given(st.floats(-50, 50))
def test_wrapped_angles_are_the_same_angle(angle: float):
    found = wrapped(angle)
    assert -math.pi <= found < math.pi + 1e-9
    assert math.cos(found - angle) == pytest.approx(1)


def test_the_shorter_arc():
    angle = torch.tensor([True, True, False])
    found = away(torch.tensor([3.0, 0.5, 3.0]), torch.tensor([-3.0, 0.0, -3.0]), angle)
    torch.testing.assert_close(found, torch.tensor([6 - 2 * math.pi, 0.5, 6.0]))
