"""Colours to dress puppets in, drawn from the ranges of an `AppearanceConfig`."""

from __future__ import annotations

import colorsys

import numpy as np
from numpy.typing import NDArray

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
_FURS = np.array(
    [(0.95, 0.88, 0.76), (0.88, 0.66, 0.4), (0.7, 0.43, 0.22), (0.46, 0.3, 0.2), (0.3, 0.28, 0.3)]
)
_INK: Color = (0.12, 0.09, 0.1)
_GROWN = {
    PATTERNS.index("checks"): PATTERNS.index("bars"),
    PATTERNS.index("zigzag"): PATTERNS.index("dots"),
}
"""No animal grows checks: what it wears instead."""
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
    return Paint(_along(_TONES, _between(config.tone, rng.random())))


def hair(rng: np.random.Generator) -> Paint:
    """A hair colour."""
    return Paint(_HAIRS[int(rng.integers(len(_HAIRS)))])


def fur(rng: np.random.Generator, config: AppearanceConfig) -> Paint:
    """A coat of fur with a touch of dye, perhaps striped or spotted in a darker shade."""
    dye = cloth(rng, config)
    color = mix(_along(_FURS, _between(config.tone, rng.random())), dye.color, 0.25)
    second = mix(color, _INK, 0.65) if sum(color) > 1.2 else mix(color, (1.0, 1.0, 1.0), 0.5)
    return Paint(color, second, _GROWN.get(dye.pattern, dye.pattern))


def mix(one: Color, other: Color, share: float) -> Color:
    """A colour between two.

    Example:
        >>> mix((0.0, 0.0, 0.0), (1.0, 0.0, 0.5), 0.5)
        (0.5, 0.0, 0.25)
    """
    red, green, blue = (a + (b - a) * share for a, b in zip(one, other, strict=True))
    return red, green, blue


def _between(low_high: tuple[float, float], share: float) -> float:
    return float(low_high[0] + (low_high[1] - low_high[0]) * share)


def _along(ramp: NDArray[np.float64], share: float) -> Color:
    place = share * (len(ramp) - 1)
    low = min(int(place), len(ramp) - 2)
    red, green, blue = (ramp[low] + (place - low) * (ramp[low + 1] - ramp[low])).tolist()
    return red, green, blue


def _scaled(color: Color, factor: float) -> Color:
    red, green, blue = (min(1.0, channel * factor) for channel in color)
    return red, green, blue
