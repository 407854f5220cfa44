from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poseshift.data.puppets.config import AppearanceConfig
from poseshift.data.puppets.figure import Joint, Mode, Paint, Part, other_side, two_sided
from poseshift.data.puppets.figures import FIGURES
from poseshift.data.puppets.rig import Build
from poseshift.errors import BadInput
from poseshift.skeleton import skeleton as load_skeleton

every_figure = pytest.mark.parametrize("name", list(FIGURES))


def test_two_sided_mirrors_joints_and_parts() -> None:
    right, left = two_sided([Joint("r_a", "root", (-1, 2, 3), {"r_up": "-z", "r_in": "x"})])
    assert (left.name, left.parent, left.offset) == ("l_a", "root", (1, 2, 3))
    assert left.hinges == {"l_up": "z", "l_in": "x"}
    assert right.name == "r_a"
    part = two_sided([Part(("r_a", "root"), (1, 1), "r_sleeve", faces=("root", "r_a"))])[1]
    assert (part.at, part.paint, part.faces) == (("l_a", "root"), "l_sleeve", ("root", "l_a"))


@every_figure
@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 2**31))
def test_the_mirrored_pose_is_the_mirror_image(name: str, seed: int) -> None:
    figure = FIGURES[name]
    if not figure.symmetric:
        return
    pose_D = np.random.default_rng(seed).normal(size=len(figure.hinges))
    swapped = [figure.keypoints.index(other_side(joint)) for joint in figure.keypoints]
    poses_2D = np.stack([pose_D, figure.mirror(pose_D)])
    image, mirrored = figure.rig.points(poses_2D, Build())[:, figure.keypoint_rows]
    np.testing.assert_allclose(mirrored, image[swapped] * (-1, 1, 1), atol=1e-9)
    np.testing.assert_allclose(figure.mirror(figure.mirror(pose_D)), pose_D)


@every_figure
def test_the_figure_can_be_drawn(name: str) -> None:
    figure = FIGURES[name]
    rng = np.random.default_rng(0)
    wardrobe: dict[str, Paint] = {}
    for _ in range(60):
        wardrobe |= figure.dress(rng, AppearanceConfig(pattern=0.5))
    assert {part.paint for part in figure.parts} <= set(wardrobe), "somebody wears every part"
    assert all(len(part.at) == len(part.radius) for part in figure.parts)
    assert {part.style for part in figure.parts} <= {"", *figure.styles}
    assert 3 * len(figure.parts) + 3 <= 255, "inks are bytes"
    colors = np.array([paint.color for paint in wardrobe.values()])
    assert colors.min() >= 0
    assert colors.max() <= 1


@every_figure
def test_the_figure_has_the_joints_of_its_skeleton(name: str) -> None:
    figure = FIGURES[name]
    skeleton = load_skeleton(figure.name)
    assert len(figure.keypoints) == len(skeleton.keypoints)
    flipped = [figure.keypoints.index(other_side(joint)) for joint in figure.keypoints]
    assert flipped == list(skeleton.flip)


@every_figure
def test_sides_can_be_told_apart_by_their_paint(name: str) -> None:
    figure = FIGURES[name]
    wardrobe = figure.dress(np.random.default_rng(0), AppearanceConfig())
    sided = [slot for slot in wardrobe if slot.startswith("r_")]
    assert any(wardrobe[slot] != wardrobe[other_side(slot)] for slot in sided) or not sided


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"keypoints": ("elbow",)}, "keypoints: unknown elbow"),
        ({"modes": (Mode("walk", {"r_nee": 1.0}),)}, "mode walk: unknown r_nee"),
        ({"parts": (Part(("bely",), (1,), "shirt"),)}, r"part of \('bely',\): unknown bely"),
        ({"joints": (Joint("pelvis"),)}, "unknown"),
    ],
)
def test_misspelt_names_are_said(change: dict[str, object], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        replace(FIGURES["body16"], **change)


def test_a_middle_hinge_may_not_be_called_like_both_sides_of_another() -> None:
    joints = (
        Joint("pelvis", hinges={"turn": "y", "roll": "z"}),
        *two_sided([Joint("r_hip", "pelvis", hinges={"r_roll": "y"})]),
    )
    with pytest.raises(BadInput, match="called like both sides of another: unknown roll"):
        replace(FIGURES["body16"], joints=joints, keypoints=(), parts=(), modes=())


def test_unsided_angles_set_both_sides() -> None:
    figure = FIGURES["body16"]
    angles = dict(zip(figure.hinges, figure.angles({"knee": 0.5, "r_knee": 0.7}), strict=True))
    assert (angles["r_knee"], angles["l_knee"], angles["turn"]) == (0.7, 0.5, 0.0)
