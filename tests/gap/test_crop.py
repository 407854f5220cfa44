"""How bodies sit in their crops."""

import numpy as np
import pytest

from poseshift.gap.crop import distances, framing, resolution
from poseshift.gap.distance import splits
from poseshift.gap.poses import CropPoses, unusual, without


def bodies(points: list[list[tuple[float, float]]], side: int = 100) -> CropPoses:
    array = np.array(points, dtype=np.float32)
    seen = np.isfinite(array).all(-1).astype(np.uint8) * 2
    return CropPoses(array, seen, side)


NO = (np.nan, np.nan)


def test_a_box_says_how_large_and_how_central_a_body_is():
    poses = bodies([[(10, 20), (60, 40), (30, 30)], [(29.5, 9.5), (69.5, 89.5), (49.5, 49.5)]])
    found = framing(poses, np.arange(3))
    assert found["fill"].tolist() == pytest.approx([0.5, 0.8])
    assert found["off centre"].tolist() == pytest.approx([np.hypot(14.5, 19.5) / 100, 0])
    assert found["unseen"].tolist() == [0, 0]


def test_joints_outside_and_joints_without_a_label_are_unseen():
    poses = bodies([[(10, 20), (60, 120), NO, (30, 30)], [(1, 1), NO, NO, NO]])
    found = framing(poses, np.arange(4))
    assert found["unseen"].tolist() == [0.5, 0.75]
    assert found["fill"][0] == pytest.approx(1.0)  # how large it is, beyond the edge too
    assert np.isnan(found["fill"][1])  # one joint is no box
    assert framing(poses, np.array([0, 1, 3]))["unseen"][0] == pytest.approx(1 / 3)


def test_resolution_is_the_zoom_of_the_matrix_however_it_turns():
    turn = np.array([[0, -3, 5], [3, 0, 7], [0, 0, 1]], dtype=np.float32)
    assert resolution(np.stack([turn, np.eye(3, dtype=np.float32)])).tolist() == pytest.approx(
        [3, 1]
    )


def test_smaller_bodies_are_a_clear_gap():
    rng = np.random.default_rng(0)
    large = CropPoses(
        rng.uniform(10, 90, (40, 5, 2)).astype(np.float32), np.full((40, 5), 2, np.uint8), 100
    )
    small = CropPoses(large.keypoints_NK2 / 2, large.visibility_NK, 100)
    source, target = (framing(poses, np.arange(5)) for poses in (large, small))
    found = {d.name: d for d in distances(source, target, splits(40, 40, 20))}
    assert found["fill"].level == "clear"
    assert found["fill"].target == pytest.approx(found["fill"].source / 2)
    assert found["unseen"].level == "same"


def test_joints_that_one_side_lacks_are_not_compared():
    one = bodies([[(1, 1), (2, 2), NO]] * 10)
    other = bodies([[(1, 1), NO, (3, 3)]] * 9 + [[(1, 1), (2, 2), (3, 3)]])
    assert unusual(one, other) == [1, 2]
    assert without(other, [1, 2]).known().sum(0).tolist() == [10, 0, 0]
    assert other.known().sum(0).tolist() == [10, 1, 10]  # as it was
