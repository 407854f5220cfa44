"""What stands between the camera and the figure: a post, a crate, a railing, a twig."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from poseshift.data.puppets.figure import Color
from poseshift.data.puppets.looks import hsv
from poseshift.data.puppets.paint import ZOOM
from poseshift.data.puppets.rig import Array
from poseshift.data.types import Bytes

_TONES = (0.62, 0.95, 0.8)


def occlude(rng: np.random.Generator, map_HW: Bytes, last: int, size: float) -> Array:
    """Draw something over a map of inks, in place; returns the colours of the inks it used.

    Args:
        rng: Decides what and where.
        map_HW: The inks.
        last: The last ink in use.
        size: Size of the figure, in crop pixels.
    """
    u = rng.random(12)
    spot_2 = map_HW.shape[0] / 2 + (u[:2] - 0.5) * (0.55, 0.7) * size * ZOOM
    kind = int(rng.integers(len(_KINDS)))
    hue = _KINDS[kind](map_HW, last + 1, spot_2, size * ZOOM, u[2:])
    return np.array([_color(hue, u, tone) for tone in _TONES])


def _color(hue: float, u: Array, tone: float) -> Color:
    return hsv(hue, 0.2 + 0.5 * u[0], tone * (0.5 + 0.5 * u[1]))


def _post(map_HW: Bytes, first: int, spot_2: Array, size: float, u: Array) -> float:
    x, w, side = spot_2[0], size * (0.025 + 0.035 * u[0]), map_HW.shape[0]
    cv2.rectangle(map_HW, _at(x - w, 0), _at(x + w, side), first, -1)
    cv2.rectangle(map_HW, _at(x - w, 0), _at(x - 0.4 * w, side), first + 1, -1)
    return float(u[1])


def _crate(map_HW: Bytes, first: int, spot_2: Array, size: float, u: Array) -> float:
    half_2 = size * (0.06 + 0.07 * u[:2])
    for shrink, color in ((1.0, first), (0.8, first + 1)):
        low, high = spot_2 - shrink * half_2, spot_2 + shrink * half_2
        cv2.rectangle(map_HW, _at(*low), _at(*high), color, -1)
    board = max(1, round(0.15 * float(half_2[1])))
    cv2.line(map_HW, _at(*(spot_2 - half_2)), _at(*(spot_2 + half_2)), first + 2, board)
    return 0.05 + 0.08 * float(u[2])


def _railing(map_HW: Bytes, first: int, spot_2: Array, size: float, u: Array) -> float:
    y, bar, side = spot_2[1], size * (0.015 + 0.015 * u[0]), map_HW.shape[0]
    for rail in (0, 5):
        start, end = _at(0, y + rail * bar), _at(side, y + (rail + 6 * (u[1] - 0.5)) * bar)
        cv2.line(map_HW, start, end, first + rail // 5, max(1, round(float(bar))))
    return float(u[2])


def _twig(map_HW: Bytes, first: int, spot_2: Array, size: float, u: Array) -> float:
    angle = 2 * np.pi * u[0]
    along_2 = 0.28 * size * np.array([np.cos(angle), np.sin(angle)])
    cv2.line(map_HW, _at(*spot_2), _at(*(spot_2 + along_2)), first, max(1, round(0.012 * size)))
    for leaf in range(7):
        aside_2 = (u[1:3] - 0.5) * 0.05 * size * (-1) ** leaf
        radius = round(size * (0.022 + 0.01 * float(u[3])))
        at = _at(*(spot_2 + along_2 * leaf / 6 + aside_2))
        cv2.circle(map_HW, at, radius, first + 1 + leaf % 2, -1)
    return 0.2 + 0.2 * float(u[4])


def _at(x: float, y: float) -> tuple[int, int]:
    return round(float(x)), round(float(y))


_KINDS: tuple[Callable[[Bytes, int, Array, float, Array], float], ...] = (
    _post, _crate, _railing, _twig,
)  # fmt: skip
