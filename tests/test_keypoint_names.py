"""Sides, mirror images and meanings are read off names in every spelling people use."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poseshift.keypoint_names import meaning, mirror, side_and_stem

SPELLINGS = [
    "left_front_paw",
    "Left Front Paw",
    "leftFrontPaw",
    "L_Front_Paw",
    "l_front_paw",
    "front_paw_left",
    "front_paw_l",
    "FrontPawL",
    "leftfront_paw",
    "front-left-paw",
]


@pytest.mark.parametrize("name", SPELLINGS)
def test_every_spelling_is_the_same_joint(name: str):
    assert side_and_stem(name) == ("left", "front_paw")
    assert meaning(name) == meaning("left_front_hoof")


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("nose", ("", "nose")),
        ("upright_pole", ("", "upright_pole")),  # 'right' inside a word is no side
        ("left", ("", "left")),  # a side alone is a name
        ("r", ("", "r")),
        ("鼻_left", ("left", "鼻")),
        ("kpt-0", ("", "kpt_0")),
        ("RKnee2", ("right", "knee2")),
    ],
)
def test_side_and_stem_of_unusual_names(name: str, parts: tuple[str, str]):
    assert side_and_stem(name) == parts


def test_a_mirror_image_needs_both_sides():
    assert mirror(["left_ear", "nose"]) == (0, 1)


def test_a_second_spelling_of_a_joint_is_left_alone():
    names = ["left_eye", "l_eye", "right_eye"]
    assert mirror(names) == (2, 1, 0)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.sampled_from([*SPELLINGS, "R_eye", "eyeL", "right_front_paw", "chin", "left"])))
def test_mirroring_twice_is_doing_nothing(names: list[str]):
    flip = mirror(names)
    assert [flip[flip[k]] for k in range(len(names))] == list(range(len(names)))
