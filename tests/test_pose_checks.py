"""Swapped sides and stray joints are found where they were planted, and nowhere else."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poseshift.pose_checks import centred, outliers, swapped
from poseshift.skeleton import skeleton

BODY = skeleton("body16")
# A standing figure seen from the front: the person's left is on the right of the image.
STANDING = np.array(
    [
        *[[40, 180], [40, 140], [42, 100], [58, 100], [60, 140], [60, 180]],
        *[[50, 100], [50, 50], [50, 45], [50, 20]],
        *[[20, 110], [25, 80], [38, 52], [62, 52], [75, 80], [80, 110]],
    ],
    dtype=float,
)


def people(count: int, seed: int = 0, noise: float = 4.0, turn: bool = False) -> np.ndarray:
    """Standing people of all sizes and places, optionally turned in the image."""
    rng = np.random.default_rng(seed)
    poses = STANDING + rng.normal(0, noise, (count, 16, 2)) - (50, 100)
    angle = rng.uniform(0, 2 * np.pi, count) if turn else np.zeros(count)
    rotation = np.stack([np.cos(angle), -np.sin(angle), np.sin(angle), np.cos(angle)], axis=1)
    poses = np.einsum("nij,nkj->nki", rotation.reshape(-1, 2, 2), poses)
    return poses * rng.uniform(0.3, 3, (count, 1, 1)) + rng.uniform(0, 200, (count, 1, 2))


def exchange(poses: np.ndarray, which: np.ndarray) -> np.ndarray:
    poses = poses.copy()
    poses[which] = poses[which][:, list(BODY.flip)]
    return poses


@pytest.mark.parametrize("turn", [False, True], ids=["upright", "turned in the image"])
@pytest.mark.parametrize("labeled_share", [1.0, 0.7])
def test_finds_exactly_the_swapped(turn: bool, labeled_share: float):
    rng = np.random.default_rng(1)
    wrong = rng.random(400) < 0.05
    labeled = rng.random((400, 16)) < labeled_share
    poses = exchange(people(400, turn=turn), wrong)
    found = swapped(poses, labeled, BODY.flip)
    assert found[wrong].mean() > 0.9
    assert found[~wrong].mean() < 0.005


def test_people_who_face_both_ways_are_not_suspected():
    rng = np.random.default_rng(2)
    away = rng.random(400) < 0.4
    poses = exchange(people(400), away)
    assert not swapped(poses, np.ones((400, 16), bool), BODY.flip).any()


def test_people_who_turn_around_are_not_suspected():
    poses = people(500)
    facing = np.cos(np.linspace(0, np.pi * 0.7, 500))[:, None]
    middle = poses[..., 0].mean(axis=1, keepdims=True)
    poses[..., 0] = middle + (poses[..., 0] - middle) * facing
    assert not swapped(poses, np.ones((500, 16), bool), BODY.flip).any()


@pytest.mark.parametrize(("count", "flip"), [(10, BODY.flip), (100, tuple(range(16)))])
def test_too_few_poses_or_no_pairs_tell_nothing(count: int, flip: tuple[int, ...]):
    poses = exchange(people(count), np.arange(count) == 3)
    assert not swapped(poses, np.ones((count, 16), bool), flip).any()


def test_finds_exactly_the_stray_joints():
    poses = people(200)
    size = np.ptp(poses, axis=1).max(axis=1)
    for n in (3, 50, 199):
        poses[n, n % 16] += 8 * size[n]
    found = outliers(poses, np.ones((200, 16), bool))
    assert np.flatnonzero(found).tolist() == [3, 50, 199]


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 1000), st.floats(0, 1), st.floats(0.01, 100), st.floats(-1e4, 1e4))
def test_size_place_and_missing_labels_change_no_verdict(seed, share, scale, shift):
    labeled = np.random.default_rng(seed).random((60, 16)) < share
    poses = people(60, seed)
    same = poses * scale + shift
    for judge in (outliers, lambda xy, seen: swapped(xy, seen, BODY.flip)):
        assert (judge(poses, labeled) == judge(same, labeled)).all()


def test_centred_keeps_missing_missing():
    labeled = np.array([[True, True, False], [False, False, False]])
    shape = centred(np.arange(12.0).reshape(2, 3, 2), labeled)
    assert np.isfinite(shape[0, :2]).all()
    assert np.isnan(shape[0, 2]).all()
    assert np.isnan(shape[1]).all()
