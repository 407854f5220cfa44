"""Colours to dress puppets in, drawn from the ranges of an `AppearanceConfig`."""

from __future__ import annotations

import colorsys

import numpy as np

from poseshift.data.puppets.config import AppearanceConfig
from poseshift.data.puppets.figure import Color, Paint

PATTERNS = ("bands", "bars", "slants", "dots", "checks", "zigzag")
"""Cloth patterns, in the order of the texture bank."""

_TONES = np.array(
    [
        (0.99, 0.87, 0.76),
        (0.93, 0.74, 0.58),
        (0.76, 0.55, 0.38),
        (0.52, 0.34, 0.22),
        (0.3, 0.2, 0.15),
    ]
)
_HAIRS: tuple[Color, ...] = (
    (0.16, 0.12, 0.1), (0.35, 0.22, 0.13), (0.58, 0.36, 0.16), (0.86, 0.68, 0.36), (0.62, 0.6, 0.6),
    (0.68, 0.27, 0.14),
)  # fmt: skip


def hsv(hue: float, saturation: float, value: float) -> Color:
    """RGB of a hue (any real number, in turns), saturation and value.

    Example:
        >>> hsv(1.0, 1.0, 1.0)
        (1.0, 0.0, 0.0)
    """
    return colorsys.hsv_to_rgb(hue % 1.0, saturation, value)


def shade(paint: Paint, factor: float) -> Paint:
    """The same paint, darker or lighter."""
    return Paint(_scaled(paint.color, factor), _scaled(paint.second, factor), paint.pattern)


def cloth(rng: np.random.Generator, config: AppearanceConfig) -> Paint:
    """A piece of cloth: a colour, and perhaps a pattern in a second one."""
    u = rng.random(6).tolist()
    hue = _between(config.hue, u[0])
    color = hsv(hue, _between(config.saturation, u[1]), _between(config.value, u[2]))
    if u[3] >= config.pattern:
        return Paint(color)
    second = hsv(hue + 0.15 + 0.7 * u[4], _between(config.saturation, 1 - u[1]), 0.35 + 0.6 * u[5])
    return Paint(color, second, int(rng.integers(len(PATTERNS))))


def skin(rng: np.random.Generator, config: AppearanceConfig) -> Paint:
    """A skin tone."""
    place = _between(config.tone, rng.random()) * (len(_TONES) - 1)
    low = min(int(place), len(_TONES) - 2)
    red, green, blue = _TONES[low] + (place - low) * (_TONES[low + 1] - _TONES[low])
    return Paint((float(red), float(green), float(blue)))


def hair(rng: np.random.Generator) -> Paint:
    """A hair colour."""
    return Paint(_HAIRS[int(rng.integers(len(_HAIRS)))])


def _between(low_high: tuple[float, float], share: float) -> float:
    return float(low_high[0] + (low_high[1] - low_high[0]) * share)


def _scaled(color: Color, factor: float) -> Color:
    red, green, blue = (min(1.0, channel * factor) for channel in color)
    return red, green, blue
