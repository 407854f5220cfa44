"""Puppets in given poses: exact labels, every figure, the world's own look."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poseshift.data.puppets import world
from poseshift.data.puppets.tracing import Tracer, carried, nearness, unit
from poseshift.errors import UserError

SIDE = 64


@pytest.fixture(scope="module")
def tracer() -> Tracer:
    return Tracer(world("studio"), pool=40)


@pytest.mark.parametrize("name", ["studio", "desk", "barn", "booth"])
def test_labels_are_where_they_were_told_to_be(name: str):
    home = world(name)
    pose_K2 = home.keypoints(home.poses(1, seed=9))[0, :, :2] * (1, -1) * 50 + 7
    sample = Tracer(home, pool=30).trace(pose_K2, seed=3, side=SIDE)
    assert sample.image.shape == (SIDE, SIDE, 3)
    found_K2, wanted_K2 = (
        unit(np.float64(it)[None])[0][0] for it in (sample.keypoints_K2, pose_K2)
    )
    np.testing.assert_allclose(found_K2, wanted_K2, atol=1e-4)
    assert (sample.visibility_K > 0).all()
    assert sample.scale > 20


def test_the_seed_decides_the_rest(tracer: Tracer):
    pose_K2 = np.random.default_rng(0).normal(size=(16, 2))
    one, again, other = (tracer.trace(pose_K2, seed, SIDE) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.image, again.image)
    assert (one.image != other.image).any()
    assert np.unique(one.image.reshape(-1, 3), axis=0).shape[0] > 50  # a figure, not a blank


@pytest.mark.parametrize("pose", [np.zeros((15, 2)), np.full((16, 2), np.nan)])
def test_poses_must_be_whole_and_of_the_figure(tracer: Tracer, pose: np.ndarray):
    with pytest.raises(UserError, match="body16 is drawn from 16 joints"):
        tracer.trace(pose, seed=0)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 999))
def test_what_is_carried_turns_grows_and_moves_with_its_surroundings(seed: int):
    rng = np.random.default_rng(seed)
    control, points = (rng.normal(size=n) + 1j * rng.normal(size=n) for n in (6, 9))
    turn, shift = (rng.normal(size=2) @ (1, 1j) for _ in range(2))
    weight = rng.random((9, 6)) + 0.01
    moved = carried(control, turn * control + shift, points, weight)
    np.testing.assert_allclose(moved, turn * points + shift, atol=1e-8)


def test_a_palm_follows_its_own_wrist(tracer: Tracer):
    figure = tracer.world.figure
    rows = {joint.name: row for row, joint in enumerate(figure.joints)}
    weight_K = tracer._weight_PK[rows["r_palm"]]
    assert figure.keypoints[int(weight_K.argmax())] == "r_wrist"
    assert weight_K.max() > 100 * weight_K[figure.keypoints.index("r_hip")]


def test_joints_that_part_say_less():
    still, moving = np.zeros((2, 3)), np.array([[0, 0, 0.1], [0, 0, 2.0]])
    points_MP3 = np.stack([still, moving], axis=1)
    weight_PK = nearness(points_MP3, np.array([0, 1]))
    assert weight_PK[0, 0] > weight_PK[0, 1]
