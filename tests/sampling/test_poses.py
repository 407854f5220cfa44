"""Normalised poses: place and size are gone, rotation is not, and what is masked has no say."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poseshift.data.pack import Pack
from poseshift.data.part import PackPart
from poseshift.sampling.poses import gather, joined, normalized, roots, stream
from poseshift.skeleton import builtin_skeletons, skeleton
from tests.sampling.made import HAND, points, pose_pack

BODY = skeleton("body16")
few = settings(deadline=None, max_examples=25)


def body(seed: int = 0, count: int = 5) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0, 64, (count, 16, 2)).astype(np.float32)


def seen(count: int = 5, joints: int = 16) -> np.ndarray:
    return np.full((count, joints), 2, np.uint8)


@few
@given(st.integers(0, 999), st.floats(0.1, 20), st.floats(-200, 200), st.floats(-200, 200))
def test_place_and_size_do_not_matter(seed: int, size: float, x: float, y: float):
    keypoints = body(seed)
    moved = (size * keypoints + np.array([x, y])).astype(np.float32)
    one, other = (normalized(k, seen(), BODY).pose_NK2 for k in (keypoints, moved))
    np.testing.assert_allclose(one, other, atol=2e-4)


def test_a_body_hangs_on_its_hips_in_diagonals_of_its_box():
    keypoints = body()
    pose = normalized(keypoints, seen(), BODY).pose_NK2
    np.testing.assert_allclose(pose[:, [2, 3]].mean(1), 0, atol=1e-6)
    box = pose.max(1) - pose.min(1)
    np.testing.assert_allclose(np.hypot(*box.T), 1, rtol=1e-5)
    assert pose.dtype == np.float32


def test_without_a_hip_it_hangs_on_the_middle_of_what_is_labelled():
    visibility = seen()
    visibility[0, 2] = 0
    poses = normalized(body(), visibility, BODY)
    kept = poses.pose_NK2[0][poses.mask_NK[0]]
    np.testing.assert_allclose(kept.mean(0), 0, atol=1e-6)
    np.testing.assert_allclose(poses.pose_NK2[1, [2, 3]].mean(0), 0, atol=1e-6)


def test_a_turned_pose_is_another_pose():
    keypoints = body()
    turned = keypoints[..., ::-1] * np.float32([1, -1])
    one, other = (normalized(k, seen(), BODY).pose_NK2 for k in (keypoints, turned))
    assert np.abs(one - other).max() > 0.1


@pytest.mark.parametrize("garbage", [np.nan, np.inf, 1e9, -5])
def test_what_is_not_labelled_does_not_matter(garbage: float):
    visibility = seen()
    visibility[:, [4, 9]] = 0
    clean, dirty = body(), body()
    clean[:, [4, 9]], dirty[:, [4, 9]] = 0, garbage
    one, other = (normalized(k, visibility, BODY) for k in (clean, dirty))
    np.testing.assert_array_equal(one.pose_NK2, other.pose_NK2)
    np.testing.assert_array_equal(one.mask_NK, other.mask_NK)
    assert (one.pose_NK2[:, [4, 9]] == 0).all()


def test_poses_without_a_size_are_masked():
    keypoints, visibility = body(count=3), seen(3)
    visibility[0] = 0
    visibility[1, 1:] = 0
    keypoints[2] = 7
    poses = normalized(keypoints, visibility, BODY)
    assert not poses.mask_NK.any()
    assert (poses.pose_NK2 == 0).all()


def test_every_skeleton_has_an_answer():
    for name in builtin_skeletons():
        known = skeleton(name)
        assert all("hip" in known.keypoints[j] or j == 0 for j in roots(known)), name


def test_a_stream_is_the_table_in_parts(tmp_path: Path):
    pack = pose_pack(tmp_path / "pack", 5000)
    parts = list(stream(pack))
    assert len(parts) == 2
    whole = normalized(pack.poses.keypoints_NK2, pack.poses.visibility_NK, HAND)
    np.testing.assert_array_equal(joined(parts).pose_NK2, whole.pose_NK2)
    some = gather(pack, 100)
    assert len(some) == 100
    np.testing.assert_array_equal(some.pose_NK2, whole.pose_NK2[::50])
    np.testing.assert_array_equal(gather(pack, 9999).pose_NK2, whole.pose_NK2)


def test_a_part_of_a_pack_streams_its_own_poses(puppet_packs: dict[str, Pack]):
    pack = puppet_packs["studio"]
    part = PackPart(pack, np.array([3, 1]))
    ((keypoints, _),) = part.pose_chunks()
    np.testing.assert_array_equal(keypoints, pack.poses.keypoints_NK2[[3, 1]])


def test_the_made_hands_are_not_all_alike():
    assert points(10).std(0).min() > 0
