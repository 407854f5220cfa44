"""What is behind the figure: a wall and a floor, things standing about, grain, a soft shadow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import cv2
import numpy as np

from poseshift.data.puppets.clutter import COUNTRY_THINGS, THINGS, Thing
from poseshift.data.puppets.config import AppearanceConfig
from poseshift.data.puppets.looks import hsv
from poseshift.data.puppets.rig import Array
from poseshift.data.puppets.texture import add_noise, as_bytes, grain_bank, ramp
from poseshift.data.types import Bytes

_THINGS = 14.0
"""Mean number of things at full clutter."""
_GRAIN = 40.0
"""Deviation of the grain at full texture, in grey levels."""
_SHADOW = 0.45


class Scenery(NamedTuple):
    """Where figures live.

    Attributes:
        things: What stands about.
        wall: Hues of the wall or sky, (low, high).
        floor: Hues of the floor or ground.
        tint: Multiplies their saturation.
    """

    things: tuple[Thing, ...]
    wall: tuple[float, float] = (0.0, 1.0)
    floor: tuple[float, float] = (0.0, 1.0)
    tint: float = 1.0


SCENERIES: Mapping[str, Scenery] = {
    "town": Scenery(THINGS),
    "country": Scenery(COUNTRY_THINGS, wall=(0.48, 0.68), floor=(0.08, 0.34), tint=2.0),
}
"""Sceneries by name, see `Figure.scenery`."""


def backdrop(
    rng: np.random.Generator, config: AppearanceConfig, side: int, scenery: str = "town"
) -> Bytes:
    """The picture without the figure, (side, side, 3)."""
    things, wall_hues, floor_hues, factor = SCENERIES[scenery]
    u = rng.random(8).tolist()
    bright = config.backdrop[0] + (config.backdrop[1] - config.backdrop[0]) * u[0]
    tint = (0.14 + 0.18 * config.clutter) * factor
    wall, floor = (
        hsv(low + (high - low) * u[k], tint * u[k + 2], bright * (0.9 + 0.1 * u[k + 4]))
        for k, (low, high) in ((1, wall_hues), (2, floor_hues))
    )
    image = _wall_and_floor(np.array(wall) * 255, np.array(floor) * 225, 0.6 + 0.25 * u[7], side)
    for _ in range(rng.poisson(config.clutter * _THINGS)):
        thing = things[int(rng.integers(len(things)))]
        thing(image, rng.random(12).tolist(), bright)
    if config.texture > 0:
        banks = grain_bank(side)
        bank = banks[int(rng.integers(len(banks)))]
        strength = config.texture * (0.3 + 0.7 * rng.random())
        image = add_noise(rng, image, bank, strength * _GRAIN)
    return image


def shadow(image: Bytes, x: float, y: float, width: float) -> None:
    """Darken a soft ellipse on the floor, in place."""
    side, height = image.shape[0], 0.3 * width
    left, right = max(round(x - width), 0), min(round(x + width) + 1, side)
    top, bottom = max(round(y - height), 0), min(round(y + height) + 1, side)
    if left >= right or top >= bottom:
        return
    away_x = (np.arange(left, right, dtype=np.float32) - np.float32(x)) / np.float32(width)
    away_y = (np.arange(top, bottom, dtype=np.float32) - np.float32(y)) / np.float32(height)
    fade = 1 - _SHADOW * np.clip(1 - away_x**2 - away_y[:, None] ** 2, 0, 1)
    patch = image[top:bottom, left:right]
    patch[:] = patch * fade[:, :, None]


def _wall_and_floor(wall_3: Array, floor_3: Array, horizon: float, side: int) -> Bytes:
    down_H1 = ramp(0, 1, side)[:, None]
    above, below = wall_3 * (0.94 + 0.12 * down_H1), floor_3 * (0.82 + 0.22 * down_H1)
    column_H3 = np.clip(np.where(down_H1 < horizon, above, below), 0, 255).astype(np.uint8)
    size = (side, side)
    return as_bytes(cv2.resize(column_H3[:, None], size, interpolation=cv2.INTER_NEAREST))
