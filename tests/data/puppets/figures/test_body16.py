from __future__ import annotations

import numpy as np
import pytest

from poseshift.data.puppets.figures import FIGURES
from poseshift.data.puppets.rig import Build
from poseshift.skeleton import skeleton as load_skeleton

BODY = FIGURES["body16"]


def stance(action: str) -> dict[str, np.ndarray]:
    pose_D = BODY.angles(BODY.mode_by_name[action].pose)
    points_K3 = BODY.rig.points(pose_D[None], Build())[0][BODY.keypoint_rows]
    return dict(zip(BODY.keypoints, points_K3, strict=True))


def test_a_person_at_rest_is_one_height_tall_with_its_right_on_the_left() -> None:
    at = stance("stand")
    assert at["head_top"][1] - at["r_ankle"][1] == pytest.approx(1.0, abs=0.05)
    assert at["r_hip"][0] < 0 < at["l_hip"][0]
    assert at["r_shoulder"][0] < 0 < at["l_shoulder"][0]


def test_keypoints_follow_the_skeleton() -> None:
    sides = {"r_": "right_", "l_": "left_"}
    spelt = tuple(sides.get(name[:2], name[:2]) + name[2:] for name in BODY.keypoints)
    assert spelt == load_skeleton("body16").keypoints


def test_actions_look_like_their_names() -> None:
    assert stance("reach")["r_wrist"][1] > stance("reach")["head_top"][1]
    assert min(stance("cheer")[hand][1] for hand in ("r_wrist", "l_wrist")) > 0.4
    assert stance("sit")["r_knee"][2] > 0.15
    assert stance("sit")["r_ankle"][1] < stance("sit")["r_knee"][1] - 0.15
    assert stance("kick")["r_ankle"][2] > 0.3
    assert stance("bow")["head_top"][2] > 0.2
    assert stance("cartwheel")["head_top"][1] < stance("cartwheel")["pelvis"][1]
    hips = stance("hands_on_hips")
    assert np.linalg.norm(hips["r_wrist"] - hips["r_hip"]) < 0.17
    assert hips["r_elbow"][0] < hips["r_wrist"][0]
