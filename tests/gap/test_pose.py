"""The pose gap: turns, angles, nearest poses and where the source has support."""

from dataclasses import replace

import numpy as np
import pytest

from poseshift.data.pack import Pack
from poseshift.gap.distance import splits
from poseshift.gap.pose import (
    Judge,
    PoseFacts,
    angle_name,
    distances,
    known_angles,
    nearest,
    per_angle,
    support,
    turns,
)
from poseshift.gap.poses import CropPoses, labelled
from poseshift.sampling.poses import normalized
from poseshift.skeleton import skeleton

BODY = skeleton("body16")


def turned(points_NK2: np.ndarray, degrees: float) -> np.ndarray:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return (points_NK2 @ np.array([[c, s], [-s, c]])).astype(np.float32)


@pytest.fixture
def studio(worlds: dict[str, Pack]) -> CropPoses:
    return labelled(worlds["studio"], BODY, np.arange(64))


@pytest.mark.parametrize("degrees", [0, 30, -120, 180])
def test_a_turn_is_measured_in_degrees_whatever_the_pose(studio: CropPoses, degrees: float):
    plain = normalized(studio.keypoints_NK2, studio.visibility_NK, BODY)
    mean_K2 = plain.pose_NK2[3]
    moved = normalized(turned(studio.keypoints_NK2, degrees), studio.visibility_NK, BODY)
    assert turns(moved, mean_K2)[3] == pytest.approx(abs(degrees), abs=0.1)


def test_angles_of_joints_that_are_not_known_are_not_known(studio: CropPoses):
    hidden = studio.known()
    hidden[0, BODY.index("left_elbow")] = False
    angle_NT = known_angles(studio.keypoints_NK2, hidden, BODY)
    lost = [BODY.index("left_elbow") in triplet for triplet in BODY.triplets]
    assert np.isnan(angle_NT[0]).tolist() == lost
    assert np.isfinite(angle_NT[1]).all()
    assert known_angles(studio.keypoints_NK2, hidden, replace(BODY, triplets=())).shape == (64, 0)


def test_the_nearest_pose_is_found_over_angles_both_have():
    known = np.array([[10.0, 20, 30, 40], [100, 100, 100, 100]])
    asked = np.array([[12.0, np.nan, 34, 40], [np.nan, np.nan, np.nan, 1]])
    assert nearest(known, asked) == pytest.approx((2 + 4 + 0) / 3)
    assert np.isnan(nearest(known, asked[1:]))  # a quarter of the angles is too little


def test_support_counts_poses_in_tenths_of_the_source():
    nothing = np.zeros(0), np.zeros((0, 0))
    source = PoseFacts(np.arange(1000.0), *nothing)
    spread = support(source, PoseFacts(np.arange(50, 1000, 100.0), *nothing))
    assert spread.share_k == pytest.approx([0.1] * 10)
    assert spread.beyond == 0
    rare = support(source, PoseFacts(np.array([950.0, 5000, np.nan]), *nothing))
    assert (rare.share_k[-1], rare.beyond) == (1.0, 0.5)


def test_the_judge_is_the_same_every_time_and_finds_wild_poses_rare(studio: CropPoses):
    one, other = Judge(studio, BODY), Judge(studio, BODY)
    wild = np.random.default_rng(0).uniform(0, 31, (64, 16, 2)).astype(np.float32)
    strange = replace(studio, keypoints_NK2=wild)
    assert (one.facts(studio).score_N == other.facts(studio).score_N).all()
    usual, rare = one.facts(studio), one.facts(strange)
    assert np.median(rare.score_N) > 5 * np.median(usual.score_N)
    found = {d.name: d for d in distances(usual, rare, splits(64, 64, 32))}
    assert {name for name, d in found.items() if d.level == "clear"} == {
        "rarity", "turned", "angles", "nearest pose",
    }  # fmt: skip
    assert support(usual, rare).share_k[-1] > 0.9


def test_only_the_angle_that_differs_is_told_as_such(studio: CropPoses):
    facts = Judge(studio, BODY).facts(studio)
    bent = facts.angle_NT.copy()
    bent[:, 4] = 20
    found = per_angle(facts, replace(facts, angle_NT=bent), splits(64, 64, 32), BODY)
    assert found[0].name == angle_name(BODY, 4)
    assert found[0].level == "clear"
    assert not any(distance.level == "clear" for distance in found[1:])
