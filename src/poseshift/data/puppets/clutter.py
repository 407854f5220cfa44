"""Things that stand about in a busy background, each a few strokes decided by twelve numbers.

Every thing takes the picture, its numbers in [0, 1), and how bright the background is.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from poseshift.data.puppets.figure import Color
from poseshift.data.puppets.looks import hsv
from poseshift.data.puppets.paint import ZOOM
from poseshift.data.puppets.texture import pattern_bank, window_bank
from poseshift.data.types import Bytes

_SMOOTH = cv2.LINE_AA


def house(image: Bytes, u: list[float], bright: float) -> None:
    """A front with rows of lit or dark windows."""
    side = image.shape[0]
    x, half, top = u[3] * side, (0.06 + 0.11 * u[4]) * side, (0.05 + 0.5 * u[5]) * side
    color = _paint(u, bright)
    panes = _times(color, 1.3 if u[7] > 0.5 else 0.6)
    _fill(image, (x - half, top, x + half, 0.8 * side), color)
    _weave(image, (x - half, top, x + half, 0.76 * side), window_bank(side), panes)


def post(image: Bytes, u: list[float], bright: float) -> None:
    """A lamp post."""
    side = image.shape[0]
    x, top, half = u[3] * side, 0.5 * u[5] * side, (0.008 + 0.022 * u[4]) * side
    color = _paint(u, 0.8 * bright)
    _fill(image, (x - half, top, x + half, (0.7 + 0.25 * u[6]) * side), color)
    cv2.circle(image, _at(x, top), round(2.2 * half), _times(color, 1.4), -1, _SMOOTH)


def bush(image: Bytes, u: list[float], bright: float) -> None:
    """Five green balls."""
    side = image.shape[0]
    x, y, size = u[3] * side, (0.55 + 0.4 * u[4]) * side, (0.04 + 0.07 * u[5]) * side
    green = _rgb(hsv(0.2 + 0.2 * u[0], 0.3 + 0.4 * u[1], bright * (0.4 + 0.4 * u[2])))
    for k, (dx, dy) in enumerate(((-1, 0.2), (1, 0.25), (0, -0.4), (-0.3, 0.4), (0.5, 0.1))):
        center, radius = _at(x + dx * size, y + dy * size), round(size * (0.7 + 0.3 * u[6 + k]))
        cv2.circle(image, center, radius, _times(green, 0.8 + 0.12 * k), -1, _SMOOTH)


def sign(image: Bytes, u: list[float], bright: float) -> None:
    """A patterned board."""
    side = image.shape[0]
    (
        x,
        y,
    ) = u[3] * side, 0.8 * u[4] * side
    half_x, half_y = (0.05 + 0.1 * u[5]) * side, (0.03 + 0.07 * u[6]) * side
    box = (x - half_x, y - half_y, x + half_x, y + half_y)
    color, patterns = _paint(u, bright), pattern_bank(side * ZOOM)
    _fill(image, box, color)
    _weave(image, box, patterns[int(u[7] * len(patterns))], _times(color, 0.65))


def bystander(image: Bytes, u: list[float], bright: float) -> None:
    """Someone without a face, some way off."""
    side = image.shape[0]
    x, y, size = u[3] * side, (0.3 + 0.3 * u[4]) * side, (0.14 + 0.12 * u[5]) * side
    shirt, trousers = _paint(u, bright), _paint(u[6:], 0.8 * bright)
    for way in (-1, 1):
        hip, foot = (
            _at(x + 0.1 * way * size, y + 0.5 * size),
            _at(x + 0.18 * way * size, y + 1.4 * size),
        )
        arm, hand = _at(x + 0.2 * way * size, y), _at(x + 0.34 * way * size, y + 0.6 * size)
        cv2.line(image, hip, foot, trousers, max(1, round(0.2 * size)), _SMOOTH)
        cv2.line(image, arm, hand, shirt, max(1, round(0.15 * size)), _SMOOTH)
    trunk = (_at(x, y + 0.25 * size), _at(0.55 * size, 0.9 * size), 0)
    cv2.ellipse(image, trunk, shirt, -1, _SMOOTH)
    head = _rgb(hsv(0.07, 0.3, bright * (0.4 + 0.55 * u[9])))
    cv2.circle(image, _at(x, y - 0.35 * size), round(0.2 * size), head, -1, _SMOOTH)


def tree(image: Bytes, u: list[float], bright: float) -> None:
    """A trunk under a round crown, or the flat one of an acacia."""
    side = image.shape[0]
    x, y, size = u[3] * side, (0.6 + 0.2 * u[4]) * side, (0.07 + 0.07 * u[5]) * side
    top, green = y - (2.2 + 2 * u[6]) * size, _leaves(u, bright)
    bark = _rgb(hsv(0.07, 0.4, bright * (0.3 + 0.3 * u[7])))
    cv2.line(image, _at(x, y), _at(x, top), bark, max(1, round(0.3 * size)), _SMOOTH)
    for k, (dx, dy) in enumerate(((-0.7, 0.1), (0.7, 0.0), (0, -0.3))):
        wide, high = (1.3, 0.4) if u[8] > 0.5 else (0.8, 0.8)
        crown = (_at(x + dx * size, top + dy * size), _at(2 * wide * size, 2 * high * size), 0)
        cv2.ellipse(image, crown, _times(green, 0.85 + 0.12 * k), -1, _SMOOTH)


def fence(image: Bytes, u: list[float], bright: float) -> None:
    """Two rails from edge to edge, and their posts."""
    side = image.shape[0]
    y, high = (0.5 + 0.3 * u[3]) * side, (0.08 + 0.08 * u[4]) * side
    wood, thick = _rgb(hsv(0.08, 0.35, bright * (0.45 + 0.5 * u[2]))), max(1, round(0.02 * side))
    for post_x in np.arange(u[5] - 1, 2, 0.2 + 0.2 * u[6]) * side:
        cv2.line(image, _at(post_x, y - high), _at(post_x, y + 0.5 * high), wood, thick)
    for rail, shift in ((-0.7, 0.0), (-0.1, 0.3)):
        tilt = (u[7] - 0.5) * 0.06 * side
        ends = _at(0, y + rail * high - tilt), _at(side, y + rail * high + tilt)
        cv2.line(image, *ends, _times(wood, 0.85 + shift), thick, _SMOOTH)


def tuft(image: Bytes, u: list[float], bright: float) -> None:
    """Blades of grass."""
    side = image.shape[0]
    x, y, size = u[3] * side, (0.62 + 0.38 * u[4]) * side, (0.04 + 0.07 * u[5]) * side
    green = _leaves(u, bright)
    for k, lean in enumerate((-0.8, -0.4, 0.0, 0.4, 0.8)):
        tip = _at(x + 0.8 * lean * size, y - (1 - 0.3 * abs(lean)) * size * (0.7 + 0.5 * u[6 + k]))
        root = _at(x + 0.25 * lean * size, y)
        cv2.line(image, root, tip, _times(green, 0.75 + 0.1 * k), max(1, round(0.012 * side)))


def rock(image: Bytes, u: list[float], bright: float) -> None:
    """A boulder, lit from above."""
    side = image.shape[0]
    x, y, size = u[3] * side, (0.62 + 0.35 * u[4]) * side, (0.06 + 0.1 * u[5]) * side
    grey = _rgb(hsv(u[0], 0.12 * u[1], bright * (0.45 + 0.3 * u[2])))
    cv2.ellipse(image, (_at(x, y), _at(1.6 * size, size), 0), grey, -1, _SMOOTH)
    lit = (_at(x - 0.15 * size, y - 0.15 * size), _at(size, 0.5 * size), 0)
    cv2.ellipse(image, lit, _times(grey, 1.15), -1, _SMOOTH)


Thing = Callable[[Bytes, list[float], float], None]

THINGS: tuple[Thing, ...] = (house, house, bush, bush, post, sign, bystander)
"""Things of a town to choose from; frequent ones are named twice."""

COUNTRY_THINGS: tuple[Thing, ...] = (tree, tree, bush, fence, tuft, tuft, tuft, rock)
"""Things of the country."""


def _paint(u: list[float], bright: float) -> Color:
    return _rgb(hsv(u[0], 0.15 + 0.45 * u[1], min(1.0, bright * (0.45 + 0.65 * u[2]))))


def _leaves(u: list[float], bright: float) -> Color:
    return _rgb(hsv(0.12 + 0.26 * u[0], 0.3 + 0.4 * u[1], bright * (0.4 + 0.45 * u[2])))


def _rgb(color: Color) -> Color:
    return 255 * color[0], 255 * color[1], 255 * color[2]


def _times(color: Color, factor: float) -> Color:
    return color[0] * factor, color[1] * factor, color[2] * factor


def _at(x: float, y: float) -> tuple[int, int]:
    return round(x), round(y)


def _fill(image: Bytes, box: tuple[float, float, float, float], color: Color) -> None:
    cv2.rectangle(image, _at(*box[:2]), _at(*box[2:]), color, -1)


def _weave(image: Bytes, box: tuple[float, float, float, float], mask: Bytes, color: Color) -> None:
    """Paint the part of a box that a mask leaves open."""
    left, top, right, bottom = (max(0, round(edge)) for edge in box)
    patch = image[top : bottom + 1, left : right + 1]
    if patch.size:
        solid = np.empty_like(patch)
        solid[:] = np.minimum(color, 255)
        cv2.copyTo(solid, mask[: patch.shape[0], : patch.shape[1]], patch)
