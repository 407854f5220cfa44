from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files

import numpy as np
import pytest
import yaml

from poseshift.data.puppets import PAIRS, pair, world, world_pair
from poseshift.data.puppets.camera import Camera
from poseshift.data.puppets.config import AppearanceConfig
from poseshift.data.puppets.figure import TURN
from poseshift.data.puppets.figures import FIGURES
from poseshift.data.puppets.paint import ZOOM, ink, place, without
from poseshift.data.puppets.rig import Build
from poseshift.data.types import VISIBLE

FACE = FIGURES["face68"]
WORLDS = ("booth", "party", "night")


def expression(pose: Mapping[str, float], build: Build | None = None) -> np.ndarray:
    """Landmarks (68, 3) in the numbering of the data set, from 0."""
    pose_D = FACE.angles(pose)
    return FACE.rig.points(pose_D[None], build or Build())[0][FACE.keypoint_rows]


def action(name: str) -> np.ndarray:
    calm = {"tilt": 0.0, "roll": 0.0, TURN: 0.0}
    return expression({**FACE.mode_by_name[name].pose, **calm})


REST = expression({})


def gap(points_K3: np.ndarray, a: int, b: int) -> float:
    return float(np.linalg.norm(points_K3[a] - points_K3[b]))


def skeleton_file() -> dict[str, list[list[str]]]:
    text = files("poseshift.skeletons").joinpath("face68.yaml").read_text(encoding="utf-8")
    loaded: dict[str, list[list[str]]] = yaml.safe_load(text)
    return loaded


def test_left_and_right_are_those_of_the_skeleton() -> None:
    skeleton = skeleton_file()
    names = skeleton["keypoints"]
    assert len(FACE.keypoints) == len(names) == len(set(FACE.keypoints))
    for own, name in zip(FACE.keypoints, names, strict=True):
        sides = {"r": "right", "l": "left"}
        expected = sides[own[0]] if own[1] == "_" else None
        found = name.partition("_")[0]
        assert expected == (found if found in sides.values() else None), (own, name)
    mirrored = REST * (-1, 1, 1)
    for left, right in skeleton["flip"]:
        row, column = names.index(left), names.index(right)
        np.testing.assert_allclose(mirrored[row], REST[column], atol=1e-9)


def test_the_landmarks_run_as_published() -> None:
    x, y, z = REST.T
    assert (np.diff(x[:17]) > 0).all()
    assert y[:17].argmin() == 8
    assert (np.diff(x[17:27]) > 0).all()
    assert (np.diff(y[27:31]) < 0).all()
    assert z.argmax() == 30
    assert (np.diff(x[31:36]) > 0).all()
    for outer, inner in ((36, 39), (42, 45)):
        assert x[outer] < x[outer + 1] < x[outer + 2] < x[inner]
        assert x[inner] > x[inner + 1] > x[inner + 2] > x[outer]
        assert y[outer + 1 : outer + 3].min() > y[outer] > y[inner + 1 : inner + 3].max()
    assert (np.diff(x[48:55]) > 0).all()
    assert (np.diff(x[54:60]) < 0).all()
    assert (np.diff(x[60:65]) > 0).all()
    assert (np.diff(x[64:68]) < 0).all()
    assert y[51] > y[62] > y[66] > y[57]


def test_expressions_look_like_their_names() -> None:
    smile, laugh, surprise = action("smile"), action("laugh"), action("surprise")
    assert smile[48, 1] > REST[48, 1] + 0.04
    assert gap(smile, 48, 54) > gap(REST, 48, 54) + 0.02
    assert action("frown")[48, 1] < REST[48, 1] - 0.02
    assert gap(laugh, 62, 66) > 0.08 > 0.02 > gap(smile, 62, 66)
    assert gap(surprise, 19, 37) > gap(REST, 19, 37) + 0.03
    assert surprise[8, 1] < REST[8, 1] - 0.08
    assert action("frown")[21, 1] < REST[21, 1] - 0.02
    assert gap(action("pucker"), 48, 54) < gap(REST, 48, 54) - 0.04
    wink = action("wink")
    assert gap(wink, 37, 41) < 0.35 * gap(REST, 37, 41)
    assert gap(wink, 43, 47) > 0.6 * gap(REST, 43, 47)


def test_the_skull_stays_when_the_mouth_opens() -> None:
    moved = np.linalg.norm(expression({"jaw": 0.5}) - REST, axis=1)
    assert moved[[0, 16, *range(17, 48), 51]].max() < 1e-9
    assert moved[8] > 0.15
    assert (np.diff(moved[:9]) >= 0).all()


@pytest.mark.parametrize(
    ("build", "first", "second"),
    [(Build(girth=1.2), (0, 16), (8, 27)), (Build(limbs=1.2), (8, 27), (0, 16))],
)
def test_faces_differ_in_width_and_length(
    build: Build, first: tuple[int, int], second: tuple[int, int]
) -> None:
    grown = expression({}, build)
    assert gap(grown, *first) > 1.15 * gap(REST, *first)
    assert gap(grown, *second) < 1.05 * gap(REST, *second)
    assert gap(expression({}, Build(head=1.2)), 36, 39) > 1.15 * gap(REST, 36, 39)


@pytest.mark.parametrize("style", FACE.styles)
def test_every_landmark_is_drawn_where_it_is_labelled(style: str) -> None:
    for pose_D in world("party").poses(8, seed=3):
        flat_P2, depth_P = Camera(np.eye(3), 4.0).project(FACE.rig.points(pose_D[None], Build())[0])
        puppet = place(FACE, style, Build(), flat_P2 * 70 + 96, depth_P, 70.0, 4.0)
        map_HW = ink(puppet, 192, 1.0, (0.0, -1.0)).map_HW
        x, y = np.rint((flat_P2[FACE.keypoint_rows].T * 70 + 96) * ZOOM).astype(int)
        assert (map_HW[y, x] > 0).all()


def test_a_shut_eye_has_no_iris() -> None:
    def painted(lid: float) -> set[str]:
        pose_D = FACE.angles({"lid": lid})
        flat_P2, depth_P = Camera(np.eye(3), 4.0).project(FACE.rig.points(pose_D[None], Build())[0])
        puppet = place(FACE, "short", Build(), flat_P2 * 70 + 96, depth_P, 70.0, 4.0)
        return {puppet.stencil.parts[part].paint for part in puppet.order}

    assert "iris" in painted(0.0)
    assert "iris" not in painted(1.35)


def test_only_those_who_dress_up_wear_glasses() -> None:
    def wardrobe(seed: int, pattern: float) -> Mapping[str, object]:
        return FACE.dress(np.random.default_rng(seed), AppearanceConfig(pattern=pattern))

    plain = [wardrobe(seed, 0.0) for seed in range(30)]
    fancy = [wardrobe(seed, 0.5) for seed in range(30)]
    assert not any({"glasses", "beard"} & set(worn) for worn in plain)
    assert 5 < sum("glasses" in worn for worn in fancy) < 28
    slots = {part.paint for part in FACE.parts}
    assert slots == {slot for worn in (*plain, *fancy) for slot in worn}
    pose_D = FACE.angles({})
    flat_P2, depth_P = Camera(np.eye(3), 4.0).project(FACE.rig.points(pose_D[None], Build())[0])
    puppet = place(FACE, "short", Build(), flat_P2 * 70 + 96, depth_P, 70.0, 4.0)
    drawn = without(puppet, plain[0]).order
    assert "glasses" not in {puppet.stencil.parts[part].paint for part in drawn}


@pytest.mark.parametrize("name", WORLDS)
def test_faces_look_at_the_camera_and_fill_the_crop(name: str) -> None:
    home = world(name)
    turn_N = home.poses(200, seed=0)[:, FACE.hinges.index(TURN)]
    assert (np.abs(turn_N) < 1.0).mean() > 0.98
    samples = [home.sample(index, side=64) for index in range(30)]
    assert (np.stack([it.visibility_K for it in samples]) == VISIBLE).mean() > 0.8
    spans = [np.ptp(it.keypoints_K2[it.visibility_K > 0], axis=0).max() for it in samples]
    assert 36 < np.median(spans) < 48
    assert len({it.category for it in samples}) > 6


def test_the_lottery_never_turns_a_face_away() -> None:
    for seed in range(3):
        drawn = world_pair(seed, kind="face")
        assert drawn.source.config.pose.back == drawn.target.config.pose.back == 0
        assert drawn.target.config.pose.turn < 0.4


def test_the_named_pairs_exist() -> None:
    for name in ("booth->party", "booth->night"):
        assert name in PAIRS
        assert pair(name).target.skeleton == "face68"
