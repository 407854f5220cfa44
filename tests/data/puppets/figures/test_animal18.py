from __future__ import annotations

from importlib.resources import files

import cv2
import numpy as np
import pytest
import yaml

from poseshift.data.puppets import PAIRS, pair, world, world_pair
from poseshift.data.puppets.camera import Camera
from poseshift.data.puppets.config import AppearanceConfig
from poseshift.data.puppets.figure import TURN
from poseshift.data.puppets.figures import FIGURES
from poseshift.data.puppets.paint import ZOOM, ink, place
from poseshift.data.puppets.rig import Build
from poseshift.data.types import OCCLUDED, VISIBLE

ANIMAL = FIGURES["animal18"]
NAMES = ANIMAL.keypoints


def stance(action: str, **change: float) -> dict[str, np.ndarray]:
    """Keypoints of an action in the animal's own frame: x to its left, y up, z ahead."""
    pose_D = ANIMAL.angles({**ANIMAL.mode_by_name[action].pose, TURN: 0.0, **change})
    points_K3 = ANIMAL.rig.points(pose_D[None], Build())[0][ANIMAL.keypoint_rows]
    return dict(zip(NAMES, points_K3, strict=True))


def hoofs(at: dict[str, np.ndarray], side: str) -> tuple[np.ndarray, np.ndarray]:
    return at[f"{side}_fore_hoof"], at[f"{side}_hind_hoof"]


def test_the_keypoints_follow_the_skeleton() -> None:
    text = files("poseshift.skeletons").joinpath("animal18.yaml").read_text(encoding="utf-8")
    called = {
        "fore_hoof": "front_hoof", "knee": "front_knee", "elbow": "front_elbow",
        "hind_hoof": "back_hoof", "hock": "back_knee", "stifle": "back_elbow",
    }  # fmt: skip
    sides = {"l": "left", "r": "right"}
    own = []
    for name in NAMES:
        side, _, part = name.partition("_")
        own.append(f"{sides[side]}_{called.get(part, part)}" if part else name)
    assert own == yaml.safe_load(text)["keypoints"]


def test_an_animal_stands_on_four_level_feet_with_its_right_on_the_right() -> None:
    at = stance("stand")
    feet = np.array([foot for side in "rl" for foot in hoofs(at, side)])
    assert np.ptp(feet[:, 1]) < 0.03
    assert feet[:, 1].max() < min(at["r_shoulder"][1], at["hip"][1]) - 0.35
    assert at["chin"][2] > at["r_shoulder"][2] > 0 > at["hip"][2]
    for joint in ("eye", "shoulder", "elbow", "knee", "fore_hoof", "stifle", "hock", "hind_hoof"):
        assert at[f"r_{joint}"][0] < 0 < at[f"l_{joint}"][0]


def test_actions_look_like_their_names() -> None:
    stand = stance("stand")
    assert stance("graze")["chin"][1] < stance("graze")["r_elbow"][1]
    assert stance("howl")["chin"][1] > stance("howl")["r_eye"][1]
    assert stance("rear")["r_shoulder"][1] > stance("rear")["hip"][1] + 0.2
    sit, lie, play = stance("sit"), stance("lie"), stance("play")
    assert sit["r_shoulder"][1] > sit["hip"][1] + 0.15
    assert sit["r_hind_hoof"][1] == pytest.approx(sit["r_fore_hoof"][1], abs=0.05)
    assert lie["hip"][1] - lie["r_hind_hoof"][1] < 0.6 * (stand["hip"] - stand["r_hind_hoof"])[1]
    assert lie["r_fore_hoof"][2] > lie["r_elbow"][2] + 0.2
    assert play["r_shoulder"][1] < play["hip"][1] - 0.1
    assert stance("buck")["r_hind_hoof"][2] < stance("buck")["hip"][2] - 0.15
    gallop = stance("gallop")
    assert gallop["r_fore_hoof"][2] - gallop["r_hind_hoof"][2] > 1.5 * (
        stand["r_fore_hoof"][2] - stand["r_hind_hoof"][2]
    )
    assert stance("wallow")["r_fore_hoof"][1] > stance("wallow")["r_shoulder"][1]
    trot = stance("trot")
    assert trot["r_fore_hoof"][2] > trot["l_fore_hoof"][2]
    assert trot["r_hind_hoof"][2] < trot["l_hind_hoof"][2]


@pytest.mark.parametrize("name", ["barn", "savanna", "meadow"])
def test_animals_are_seen_from_the_side_facing_both_ways(name: str) -> None:
    points_NK3 = world(name).keypoints(world(name).poses(300, seed=0))
    ahead_N3 = points_NK3[:, NAMES.index("r_shoulder")] - points_NK3[:, NAMES.index("hip")]
    sideways_N = np.abs(ahead_N3[:, 0]) > np.abs(ahead_N3[:, 2])
    assert sideways_N.mean() > 0.7
    assert 0.4 < (ahead_N3[:, 0] > 0).mean() < 0.6


@pytest.mark.parametrize(("turn", "near", "far"), [(1.2, "r", "l"), (-1.2, "l", "r")])
def test_the_far_side_is_occluded_by_the_body(turn: float, near: str, far: str) -> None:
    pose_D = ANIMAL.angles({TURN: turn})
    for seed in range(8):
        sample = world("barn").render(pose_D, seed, side=96)
        seen = dict(zip(NAMES, sample.visibility_K.tolist(), strict=True))
        for joint in ("eye", "shoulder"):
            assert seen[f"{near}_{joint}"] == VISIBLE
            assert seen[f"{far}_{joint}"] == OCCLUDED
        for joint in ("fore_hoof", "hind_hoof", "knee"):
            assert seen[f"{near}_{joint}"] == VISIBLE


@pytest.mark.parametrize("style", ANIMAL.styles)
def test_every_label_lies_on_the_animal(style: str) -> None:
    camera = Camera(np.eye(3), 4.0)
    for action in ("stand", "trot", "graze", "sit", "lie", "rear"):
        points_P3 = ANIMAL.rig.points(
            ANIMAL.angles(ANIMAL.mode_by_name[action].pose)[None], Build()
        )[0]
        flat_P2, depth_P = camera.project(points_P3)
        pixel_P2 = 64 + 90 * flat_P2
        puppet = place(ANIMAL, style, Build(), pixel_P2, depth_P, 90.0, 4.0)
        inked_HW = (ink(puppet, 128, 1.0, (0.0, -1.0)).map_HW > 0).astype(np.uint8)
        near_HW = cv2.dilate(inked_HW, np.ones((3, 3), np.uint8))
        at_K2 = np.rint(pixel_P2[ANIMAL.keypoint_rows] * ZOOM + 0.5).astype(int)
        assert near_HW[at_K2[:, 1], at_K2[:, 0]].all(), action


def test_sides_wear_the_same_marks_in_every_world() -> None:
    for name in ("barn", "savanna", "meadow"):
        for seed in range(20):
            worn = ANIMAL.dress(np.random.default_rng(seed), world(name).config.appearance)
            assert worn["r_hoof"].color[0] > worn["r_hoof"].color[2]
            assert worn["l_hoof"].color[2] > worn["l_hoof"].color[0]
            assert sum(worn["r_sock"].color) + 0.3 < sum(worn["l_sock"].color)
            assert sum(worn["r_leg"].color) < sum(worn["l_leg"].color)


def test_hooves_are_drawn_in_their_colours_where_they_are_labelled() -> None:
    warm, cool = [], []
    for index in range(40):
        sample = world("barn").sample(index, side=96)
        for name, (x, y), seen in zip(NAMES, sample.keypoints_K2, sample.visibility_K, strict=True):
            if name.endswith("hoof") and seen == VISIBLE:
                red, _, blue = np.asarray(sample.image)[round(float(y)), round(float(x))].tolist()
                (warm if name[0] == "r" else cool).append(red - blue)
    assert np.mean(np.array(warm) > 0) > 0.9
    assert np.mean(np.array(cool) < 0) > 0.9


def test_coats_are_plain_in_the_barn_and_often_patterned_outside() -> None:
    def share(look: AppearanceConfig) -> float:
        coats = [ANIMAL.dress(np.random.default_rng(seed), look)["coat"] for seed in range(100)]
        return float(np.mean([coat.pattern >= 0 for coat in coats]))

    assert share(world("barn").config.appearance) == 0
    assert share(world("savanna").config.appearance) > 0.4
    assert share(world("meadow").config.appearance) > 0.25


def test_the_pairs_and_the_lottery_know_animals() -> None:
    assert {"barn->savanna", "barn->meadow"} <= set(PAIRS)
    assert pair("barn->savanna").target.kind == "animal"
    assert world_pair(3, kind="animal").target.sample(0, side=48).keypoints_K2.shape == (18, 2)
