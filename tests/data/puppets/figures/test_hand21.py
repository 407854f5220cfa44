from __future__ import annotations

from importlib.resources import files
from itertools import pairwise

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from poseshift.data.puppets import PAIRS, pair, world
from poseshift.data.puppets.camera import Camera
from poseshift.data.puppets.figure import TURN
from poseshift.data.puppets.figures import FIGURES
from poseshift.data.puppets.paint import ZOOM, ink, place
from poseshift.data.puppets.rig import Build
from poseshift.data.types import OCCLUDED, VISIBLE

HAND = FIGURES["hand21"]
FINGERS = ("index", "middle", "ring", "little")
BONES = [
    (a, b)
    for finger in FINGERS
    for a, b in pairwise([f"{finger}_{joint}" for joint in ("mcp", "pip", "dip", "tip")])
]


def shape_of(action: str) -> dict[str, np.ndarray]:
    """Keypoints of an action, palm to the camera."""
    pose_D = HAND.angles(HAND.mode_by_name[action].pose)
    points_K3 = HAND.rig.points(pose_D[None], Build())[0][HAND.keypoint_rows]
    return dict(zip(HAND.keypoints, points_K3, strict=True))


def reach(at: dict[str, np.ndarray], finger: str) -> float:
    return float(np.linalg.norm(at[f"{finger}_tip"] - at["wrist"]))


def straight(action: str) -> set[str]:
    """Fingers that reach nearly as far as in an open hand."""
    at, opened = shape_of(action), shape_of("open")
    return {finger for finger in FINGERS if reach(at, finger) > 0.9 * reach(opened, finger)}


def seen(turn: float) -> set[str]:
    """Paints of the parts that are drawn on a hand turned this way."""
    pose_D = HAND.angles(HAND.mode_by_name["open"].pose)
    pose_D[HAND.hinges.index(TURN)] = turn
    flat_P2, depth_P = Camera(np.eye(3), 4.0).project(HAND.rig.points(pose_D[None], Build())[0])
    puppet = place(HAND, "", Build(), flat_P2 * 60 + 64, depth_P, 60.0, 4.0)
    return {puppet.stencil.parts[part].paint for part in puppet.order}


def test_the_keypoints_are_those_of_the_skeleton() -> None:
    text = files("poseshift.skeletons").joinpath("hand21.yaml").read_text(encoding="utf-8")
    assert list(HAND.keypoints) == yaml.safe_load(text)["keypoints"]


def test_an_open_left_hand_shows_its_palm_with_the_thumb_on_the_left() -> None:
    at = shape_of("open")
    tips = [at[f"{finger}_tip"][0] for finger in ("thumb", *FINGERS)]
    assert tips == sorted(tips)
    for finger in FINGERS:
        heights = [at[f"{finger}_{joint}"][1] for joint in ("mcp", "pip", "dip", "tip")]
        assert [at["wrist"][1], *heights] == sorted([at["wrist"][1], *heights])
    assert reach(at, "middle") == pytest.approx(HAND.body_length, abs=0.05)
    assert reach(at, "little") < min(reach(at, "index"), reach(at, "ring")) < reach(at, "middle")


@pytest.mark.parametrize(
    ("action", "fingers"),
    [
        ("open", "index middle ring little"),
        ("fist", ""),
        ("thumbs_up", ""),
        ("point", "index"),
        ("victory", "index middle"),
        ("count_three", "index middle ring"),
        ("horns", "index little"),
        ("call", "little"),
    ],
)
def test_actions_stretch_the_fingers_they_should(action: str, fingers: str) -> None:
    assert straight(action) == set(fingers.split())


def test_a_fist_closes_in_front_of_the_palm_and_a_pinch_meets_the_thumb() -> None:
    fist, pinch, thumb = shape_of("fist"), shape_of("pinch"), shape_of("thumbs_up")
    for finger in FINGERS:
        assert fist[f"{finger}_pip"][2] > 0.1
        assert np.linalg.norm(fist[f"{finger}_tip"] - fist[f"{finger}_mcp"]) < 0.22
    assert np.linalg.norm(pinch["thumb_tip"] - pinch["index_tip"]) < 0.12
    assert fist["thumb_tip"][0] > fist["index_mcp"][0] > thumb["thumb_tip"][0] + 0.05
    assert fist["thumb_tip"][2] > fist["middle_dip"][2]


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**31))
def test_bones_keep_their_length(seed: int) -> None:
    home = world("kitchen")
    points_K3 = home.keypoints(home.poses(1, seed))[0]
    at = dict(zip(HAND.keypoints, points_K3, strict=True))
    rest = dict(
        zip(HAND.keypoints, home.keypoints(np.zeros((1, len(HAND.hinges))))[0], strict=True)
    )
    for a, b in BONES:
        assert np.linalg.norm(at[a] - at[b]) == pytest.approx(np.linalg.norm(rest[a] - rest[b]))


def test_no_hand_is_the_other_hand() -> None:
    home = world("workshop")
    points_NK3 = home.keypoints(home.poses(200, seed=1))
    wrist, index, little = (
        points_NK3[:, HAND.keypoints.index(name)] for name in ("wrist", "index_mcp", "little_mcp")
    )
    front_N3 = np.cross(index - wrist, little - wrist)  # away from the palm of a left hand
    tips_N3 = points_NK3[:, [HAND.keypoints.index(f"{f}_tip") for f in FINGERS]].mean(axis=1)
    closed_N = np.linalg.norm(tips_N3 - wrist, axis=1) < 0.6
    assert closed_N.sum() > 20
    inward_N = ((tips_N3 - wrist) * front_N3).sum(axis=1) < 0
    assert inward_N[closed_N].all()


def test_palm_and_back_look_different() -> None:
    palm, back = seen(0.0), seen(np.pi)
    assert {"palm", "crease", "pad"} <= palm
    assert not {"flat", "shade", "gem"} & palm
    assert {"flat", "shade", "gem", "nail"} <= back
    assert not {"palm", "crease"} & back
    assert {"gold", "plaster"} <= palm & back


@pytest.mark.parametrize("name", ["desk", "kitchen", "workshop"])
def test_every_joint_is_drawn_where_it_is_labelled(name: str) -> None:
    home = world(name)
    for pose_D in home.poses(20, seed=5):
        points_P3 = HAND.rig.points(pose_D[None], Build())[0]
        flat_P2, depth_P = Camera(np.eye(3), 4.0).project(points_P3)
        puppet = place(HAND, "", Build(), flat_P2 * 50 + 96, depth_P, 50.0, 4.0)
        map_HW = ink(puppet, 192, 1.0, (0.0, -1.0)).map_HW
        x, y = np.rint((flat_P2[HAND.keypoint_rows].T * 50 + 96) * ZOOM).astype(int)
        assert (map_HW[y, x] > 0).all()


@pytest.mark.parametrize("name", ["desk", "kitchen", "workshop"])
def test_hands_fill_the_crop_and_hide_some_of_their_joints(name: str) -> None:
    samples = [world(name).sample(index, side=64) for index in range(40)]
    spans = [np.ptp(it.keypoints_K2[it.visibility_K > 0], axis=0).max() for it in samples]
    assert 40 < np.median(spans) < 56
    states = np.stack([it.visibility_K for it in samples])
    assert 0.02 < (states == OCCLUDED).mean() < 0.4
    assert (states == VISIBLE).mean() > 0.55
    assert len({it.category for it in samples}) > 6


def test_the_named_pairs_exist() -> None:
    for name in ("desk->kitchen", "desk->workshop"):
        assert name in PAIRS
        assert pair(name).target.skeleton == "hand21"
