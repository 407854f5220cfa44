from __future__ import annotations

import colorsys

import numpy as np
import pytest

from poseshift.data.puppets.config import AppearanceConfig
from poseshift.data.puppets.figure import Paint
from poseshift.data.puppets.looks import PATTERNS, cloth, hair, shade, skin


def test_cloth_keeps_to_the_ranges() -> None:
    config = AppearanceConfig(hue=(0.3, 0.5), saturation=(0.4, 0.6), value=(0.5, 0.7), pattern=0.5)
    rng = np.random.default_rng(0)
    paints = [cloth(rng, config) for _ in range(200)]
    low, high = np.array([(0.3, 0.5), (0.4, 0.6), (0.5, 0.7)]).T
    drawn = np.array([colorsys.rgb_to_hsv(*paint.color) for paint in paints])
    assert (drawn >= low - 1e-9).all()
    assert (drawn <= high + 1e-9).all()
    patterned = [paint.pattern for paint in paints if paint.pattern >= 0]
    assert 60 < len(patterned) < 140
    assert set(patterned) == set(range(len(PATTERNS)))


def test_plain_worlds_have_plain_cloth() -> None:
    rng = np.random.default_rng(0)
    assert all(cloth(rng, AppearanceConfig()).pattern == -1 for _ in range(50))


def test_tone_goes_from_light_to_dark() -> None:
    rng = np.random.default_rng(0)
    light, dark = (skin(rng, AppearanceConfig(tone=(tone, tone))).color for tone in (0.0, 1.0))
    assert sum(light) > 2 * sum(dark)


def test_shade_scales_and_stops_at_white() -> None:
    assert shade(Paint((0.5, 0.25, 0.0)), 0.5).color == pytest.approx((0.25, 0.125, 0.0))
    assert shade(Paint((0.9, 0.5, 0.1)), 2.0).color == pytest.approx((1.0, 1.0, 0.2))


def test_hair_varies() -> None:
    rng = np.random.default_rng(0)
    assert len({hair(rng) for _ in range(40)}) > 3
