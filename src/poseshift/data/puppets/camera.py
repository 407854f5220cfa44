"""From space to crop: one perspective camera and one square crop around the joints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from poseshift.data.puppets.config import CameraConfig
from poseshift.data.puppets.rig import Array


@dataclass(frozen=True)
class Camera:
    """A camera that looks at the root of a figure.

    Attributes:
        rotation_33: World to camera axes.
        distance: From the root, in figure heights.
    """

    rotation_33: Array
    distance: float

    def project(self, points_P3: Array) -> tuple[Array, Array]:
        """Picture coordinates (P, 2), y down, and depth (P,), in heights at the root."""
        seen_P3 = points_P3 @ self.rotation_33.T
        depth_P = self.distance - seen_P3[:, 2]
        flat_P2 = seen_P3[:, :2] * (self.distance / depth_P)[:, None]
        return flat_P2 * (1.0, -1.0), depth_P


class Framing(NamedTuple):
    """How one crop is cut, relative to the box around the joints."""

    margin: float
    shift: tuple[float, float]


class Crop(NamedTuple):
    """A square of the picture plane, in picture coordinates."""

    center: tuple[float, float]
    size: float

    def pixels(self, flat_P2: Array, side: int) -> Array:
        """Picture coordinates as crop pixels, pixel centres at integers.

        Example:
            >>> Crop((0.0, 0.0), 2.0).pixels(np.array([[-1.0, 0.0], [1.0, 0.5]]), 100)
            array([[-0.5, 49.5],
                   [99.5, 74.5]])
        """
        away_P2 = (flat_P2 - self.center) / self.size
        return (away_P2 + 0.5) * side - 0.5


def draw_camera(rng: np.random.Generator, config: CameraConfig) -> Camera:
    """A camera of a world."""
    pitch = config.pitch + config.pitch_spread * rng.standard_normal()
    roll = config.roll_spread * rng.standard_normal()
    (cp, sp), (cr, sr) = ((np.cos(angle), np.sin(angle)) for angle in (pitch, roll))
    look_down = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    lean = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return Camera(lean @ look_down, config.distance)


def draw_framing(rng: np.random.Generator, config: CameraConfig) -> Framing:
    """A crop of a world; a truncating one is zoomed in and pushed aside."""
    zoom, shift_x, shift_y = rng.standard_normal(3)
    margin = config.margin * np.exp(config.zoom_spread * zoom)
    if rng.random() < config.truncated:
        angle = rng.uniform(0, 2 * np.pi)
        return Framing(margin * 0.95, (0.24 * np.cos(angle), 0.24 * np.sin(angle)))
    return Framing(margin, (config.jitter * shift_x, config.jitter * shift_y))


def frame(flat_K2: Array, framing: Framing) -> Crop:
    """The square crop around projected joints."""
    low, high = flat_K2.min(axis=0), flat_K2.max(axis=0)
    size = float((high - low).max()) * framing.margin
    x, y = (low + high) / 2 + size * np.array(framing.shift)
    return Crop((float(x), float(y)), size)
