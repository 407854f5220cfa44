from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poseshift.data.puppets.figure import Joint
from poseshift.data.puppets.figures import FIGURES
from poseshift.data.puppets.rig import Build, Rig

ARM = Rig(
    (
        Joint("shoulder", hinges={"turn": "y"}),
        Joint("elbow", "shoulder", (0, -1, 0), {"bend": "-x"}, "limbs"),
        Joint("wrist", "elbow", (0, -2, 0), grows="limbs"),
    )
)


def test_a_bent_elbow_points_forward_and_turns_with_the_shoulder() -> None:
    straight, bent, turned = ARM.points(
        np.array([[0, 0], [0, np.pi / 2], [np.pi / 2, np.pi / 2]]), Build()
    )
    np.testing.assert_allclose(straight[2], [0, -3, 0], atol=1e-12)
    np.testing.assert_allclose(bent[2], [0, -1, 2], atol=1e-12)
    np.testing.assert_allclose(turned[2], [2, -1, 0], atol=1e-12)


def test_build_stretches_what_grows() -> None:
    points_P3 = ARM.points(np.zeros((1, 2)), Build(limbs=1.5, girth=3.0, head=2.0))[0]
    np.testing.assert_allclose(points_P3[:, 1], [0, -1.5, -4.5])


@pytest.mark.parametrize("name", list(FIGURES))
@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 2**31))
def test_bones_keep_their_length_in_every_pose(name: str, seed: int) -> None:
    figure = FIGURES[name]
    rows = {joint.name: row for row, joint in enumerate(figure.joints)}
    child = [row for row, joint in enumerate(figure.joints) if joint.parent]
    parent = [rows[joint.parent] for joint in figure.joints if joint.parent]
    poses_ND = np.random.default_rng(seed).normal(size=(2, len(figure.hinges)))
    points_NP3 = figure.rig.points(poses_ND, Build())
    length_NP = np.linalg.norm(points_NP3[:, child] - points_NP3[:, parent], axis=2)
    expected_P = [np.linalg.norm(figure.joints[row].offset) for row in child]
    np.testing.assert_allclose(length_NP, np.tile(expected_P, (2, 1)), atol=1e-9)
