"""Hinges of trees: exact there and back, against a walk along the bones, on every skeleton."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from poseshift.errors import BadInput
from poseshift.metrics.pose_set import SHORTEST
from poseshift.prior.kinematics import Kinematics, is_jointed, pieces, tree
from poseshift.skeleton import Skeleton, builtin_skeletons, skeleton

TREES = [name for name in builtin_skeletons() if is_jointed(skeleton(name))]
HAND = Kinematics(skeleton("hand21"))


@pytest.mark.parametrize("name", TREES)
def test_there_and_back(name: str):
    hinge = Kinematics(skeleton(name))
    points = torch.randn(50, len(hinge.skeleton), 2, generator=torch.Generator().manual_seed(0))
    split = hinge.split(points)
    assert split.shape == (50, 2 * len(hinge.skeleton)) == (50, len(hinge.names))
    assert (split[:, hinge.angle_D].abs() <= math.pi).all()
    assert (hinge.join(split) - points).abs().max() <= 1e-5


@settings(max_examples=60, deadline=None)
@given(arrays(np.float64, (21, 2), elements=st.floats(-4, 4)))
def test_there_and_back_wherever_the_joints_are(points_K2: np.ndarray):
    points = torch.from_numpy(points_K2)
    # Bones without a length get one of a millionth; there may be four on the way to a joint.
    assert (HAND.join(HAND.split(points)) - points).abs().max() <= 1e-5


def test_joints_on_their_neighbour_are_opened_and_nothing_else_changes():
    shape = torch.randn(21, 2, generator=torch.Generator().manual_seed(0))
    points = shape * torch.linspace(0.8, 1.2, 7)[:, None, None]
    points[[1, 5], 8] = points[[1, 5], 7]  # a bone without a length
    opened = HAND.opened(points)
    assert torch.equal(opened[[0, 2, 3, 4, 6]], points[[0, 2, 3, 4, 6]])
    usual = (points[:, 8] - points[:, 7]).norm(dim=-1).median()
    apart = (opened[:, 8] - opened[:, 7]).norm(dim=-1)
    torch.testing.assert_close(apart[[1, 5]], usual.expand(2) / 10)
    assert (opened - points).norm(dim=-1).amax() == pytest.approx(float(usual) / 10, rel=1e-3)
    still = HAND.opened(torch.zeros(3, 21, 2))
    assert HAND.split(still)[:, -20:].min() == pytest.approx(math.log(SHORTEST), rel=1e-3)


@pytest.mark.parametrize("name", TREES)
def test_joints_are_where_a_walk_along_the_bones_leads(name: str):
    hinge = Kinematics(skeleton(name))
    count = len(hinge.parent_E)
    values = torch.randn(2 * count + 2, generator=torch.Generator().manual_seed(1)).double()
    turn, length = values[2 : 2 + count], values[2 + count :].exp()
    heading, place = [0.0] * count, {hinge.root: values[:2].numpy()}
    bones = zip(hinge.parent_E.tolist(), hinge.child_E.tolist(), strict=True)
    for bone, (parent, child) in enumerate(bones):
        before = int(hinge.before_E[bone])
        heading[bone] = float(turn[bone]) + (heading[before] if before >= 0 else 0.0)
        step = np.array([math.cos(heading[bone]), math.sin(heading[bone])])
        place[child] = place[parent] + float(length[bone]) * step
    wanted = np.stack([place[joint] for joint in range(count + 1)])
    np.testing.assert_allclose(hinge.join(values).numpy(), wanted, atol=1e-9)


def test_turning_the_body_changes_the_heading_alone():
    points = torch.randn(4, 21, 2, generator=torch.Generator().manual_seed(2)).double()
    points -= points[:, HAND.root : HAND.root + 1]
    turn = torch.tensor([[0.6, 0.8], [-0.8, 0.6]], dtype=torch.float64)
    change = HAND.split(points @ turn) - HAND.split(points)
    (moved,) = (change.abs().amax(0) > 1e-9).nonzero()[:, 0].tolist()
    assert HAND.names[moved].startswith("angle ")
    assert moved == 2  # the pivot comes first
    stretch = HAND.split(3 * points) - HAND.split(points)
    torch.testing.assert_close(stretch[:, 22:], torch.full((4, 20), math.log(3.0)).double())


def test_a_bone_without_length_has_finite_hinges_and_gradients():
    points = torch.zeros(1, 21, 2, requires_grad=True)
    hinges = HAND.split(points)
    assert hinges.isfinite().all()
    HAND.join(hinges.detach().requires_grad_()).sum().backward()


def test_rings_and_pieces():
    ring = Skeleton.from_dict(
        {"name": "ring", "keypoints": ["a", "b", "c", "d", "e"],
         "edges": [["a", "b"], ["b", "c"], ["c", "a"], ["d", "e"]]}, "test")  # fmt: skip
    assert [len(piece) for piece in pieces(ring)] == [3, 2]
    assert sorted(child for _, child in tree(ring)) == [1, 2, 3, 4]
    hinge, points = Kinematics(ring), torch.randn(9, 5, 2)
    assert (hinge.join(hinge.split(points)) - points).abs().max() <= 1e-5


def test_one_joint_has_no_bone():
    dot = Skeleton.from_dict({"name": "dot", "keypoints": ["a"]}, "test")
    with pytest.raises(BadInput, match="has one joint, a bone needs two"):
        Kinematics(dot)
