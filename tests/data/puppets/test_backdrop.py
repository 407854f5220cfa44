from __future__ import annotations

import numpy as np
import pytest

from poseshift.data.puppets.backdrop import backdrop, shadow
from poseshift.data.puppets.clutter import THINGS
from poseshift.data.puppets.config import AppearanceConfig


def edges(image: np.ndarray) -> float:
    return float(np.abs(np.diff(image.astype(float), axis=1)).mean())


def test_clutter_and_texture_make_a_plain_wall_busy() -> None:
    def busy(config: AppearanceConfig) -> float:
        return np.mean([edges(backdrop(np.random.default_rng(k), config, 64)) for k in range(8)])

    plain, cluttered = busy(AppearanceConfig()), busy(AppearanceConfig(clutter=1.0))
    grainy = busy(AppearanceConfig(texture=1.0))
    assert plain == 0
    assert cluttered > 1
    assert grainy > 1


def test_the_wall_is_as_bright_as_told() -> None:
    for bright in (0.3, 0.9):
        config = AppearanceConfig(backdrop=(bright, bright))
        image = backdrop(np.random.default_rng(0), config, 64)
        assert image[:10].max() / 255 == pytest.approx(bright, abs=0.12)


@pytest.mark.parametrize("thing", sorted(set(THINGS), key=lambda thing: thing.__name__))
def test_every_thing_can_stand_anywhere(thing) -> None:
    rng = np.random.default_rng(0)
    for side in (32, 96):
        image = np.full((side, side, 3), 128, np.uint8)
        for _ in range(50):
            thing(image, rng.random(12).tolist(), 0.9)
        assert (image != 128).any()


def test_a_shadow_darkens_its_middle_and_may_leave_the_picture() -> None:
    image = np.full((64, 64, 3), 200, np.uint8)
    shadow(image, 32, 50, 20)
    assert image[50, 32, 0] < 130
    assert (image[:40] == 200).all()
    before = image.copy()
    shadow(image, 500, 500, 20)
    assert (image == before).all()
