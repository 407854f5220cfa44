from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poseshift.data.puppets.camera import Crop, Framing, draw_camera, draw_framing, frame
from poseshift.data.puppets.config import CameraConfig


def test_the_root_stays_in_the_middle_at_full_size() -> None:
    camera = draw_camera(np.random.default_rng(0), CameraConfig(pitch=0.4, distance=3.0))
    flat_P2, depth_P = camera.project(np.zeros((1, 3)))
    np.testing.assert_allclose(flat_P2, 0, atol=1e-12)
    assert depth_P == pytest.approx(3.0)


def test_up_is_up_and_near_is_big() -> None:
    config = CameraConfig(pitch=0, pitch_spread=0, roll_spread=0, distance=4)
    camera = draw_camera(np.random.default_rng(0), config)
    flat_P2, depth_P = camera.project(np.array([[0.5, 1, 0], [0.5, 1, 1], [0.5, 1, -1]]))
    assert (flat_P2[:, 1] < 0).all()
    assert flat_P2[1, 0] > flat_P2[0, 0] > flat_P2[2, 0] > 0
    assert depth_P[1] < depth_P[0] < depth_P[2]


def test_a_camera_looking_down_sees_the_far_floor_higher() -> None:
    config = CameraConfig(pitch=0.5, pitch_spread=0, roll_spread=0)
    camera = draw_camera(np.random.default_rng(0), config)
    near, far = camera.project(np.array([[0, -0.5, 0.5], [0, -0.5, -0.5]]))[0]
    assert far[1] < near[1]


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**31), st.floats(1.0, 2.0))
def test_a_frame_without_shift_holds_every_joint(seed: int, margin: float) -> None:
    flat_K2 = np.random.default_rng(seed).normal(size=(16, 2))
    crop = frame(flat_K2, Framing(margin, (0.0, 0.0)))
    pixel_K2 = crop.pixels(flat_K2, 96)
    extent = (pixel_K2.max(axis=0) - pixel_K2.min(axis=0)).max()
    assert extent == pytest.approx(96 / margin)
    assert pixel_K2.min() >= -0.5 - 1e-9
    assert pixel_K2.max() <= 95.5 + 1e-9


def test_truncated_crops_are_pushed_aside() -> None:
    config = CameraConfig(truncated=1.0)
    shifts = [draw_framing(np.random.default_rng(seed), config).shift for seed in range(20)]
    assert np.hypot(*np.array(shifts).T).min() > 0.2


def test_crop_follows_the_pixel_rule() -> None:
    corners = Crop((1.0, 2.0), 4.0).pixels(np.array([[-1.0, 0.0], [3.0, 4.0]]), 8)
    np.testing.assert_allclose(corners, [[-0.5, -0.5], [7.5, 7.5]])
