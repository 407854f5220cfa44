"""Banks of noise and cloth patterns, made once per process and cropped at random."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy import typing as npt

from poseshift.data.puppets.looks import PATTERNS
from poseshift.data.types import Bytes

_BANK = 640
_UNIT = 32.0
_MIXTURES = (((0.006, 1.0), (0.05, 1.0)), ((0.02, 1.0), (0.12, 1.0)), ((0.01, 1.0), (0.03, 1.0)))
"""Grain: scales (shares of the side) and their weights."""


def as_bytes(image: npt.ArrayLike) -> Bytes:
    """What OpenCV returns, with the type it is known to have."""
    return np.asarray(image, dtype=np.uint8)


@lru_cache(maxsize=8)
def ramp(low: float, high: float, side: int) -> npt.NDArray[np.float64]:
    """Even steps from one value to another; to be read only."""
    return np.linspace(low, high, side)


@lru_cache(maxsize=4)
def grain_bank(side: int) -> tuple[Bytes, ...]:
    """Mostly grey noise, several mixtures of scales, to be added by `add_noise`."""
    rng = np.random.default_rng(1)
    bank = []
    for mixture in _MIXTURES:
        total_HWC = np.zeros((_BANK, _BANK, 3), np.float32)
        for share, weight in mixture:
            white_HWC = rng.standard_normal((_BANK, _BANK, 1)) + 0.25 * rng.standard_normal(
                (_BANK, _BANK, 3)
            )
            blurred_HWC = cv2.GaussianBlur(white_HWC.astype(np.float32), (0, 0), share * side)
            total_HWC += weight * blurred_HWC / blurred_HWC.std()
        bank.append(_grey(total_HWC / total_HWC.std()))
    return tuple(bank)


@lru_cache(maxsize=1)
def sensor_bank() -> Bytes:
    """White noise of a sensor, to be added by `add_noise`."""
    return _grey(np.random.default_rng(2).standard_normal((_BANK, _BANK, 3)))


def add_noise(rng: np.random.Generator, image: Bytes, bank: Bytes, deviation: float) -> Bytes:
    """Add a random piece of a bank, with a deviation in grey levels."""
    side = image.shape[0]
    top, left = rng.integers(_BANK - side + 1, size=2)
    piece = bank[top : top + side, left : left + side]
    amount = deviation / _UNIT
    return as_bytes(cv2.addWeighted(image, 1.0, piece, amount, -128.0 * amount))


def _grey(noise: npt.NDArray[np.floating]) -> Bytes:
    return as_bytes(np.clip(noise * _UNIT + 128, 0, 255).astype(np.uint8))


@lru_cache(maxsize=4)
def window_bank(side: int) -> Bytes:
    """A mask of the panes of a house front."""
    y, x = (np.mgrid[:side, :side] / (side * 0.06)) % 1.0
    return as_bytes(np.where((y > 0.35) & (x > 0.45), 255, 0))


@lru_cache(maxsize=4)
def pattern_bank(canvas: int) -> Bytes:
    """One mask (0 or 255) per cloth pattern, for a canvas of this side."""
    y, x = np.mgrid[: 2 * canvas, : 2 * canvas] / (canvas * 0.055)
    wave_x, wave_y = np.sin(np.pi * x), np.sin(np.pi * y)
    masks = {
        "bands": wave_y > 0.1,
        "bars": wave_x > 0.1,
        "slants": np.sin(np.pi * (x + y) * 0.75) > 0.2,
        "dots": wave_x * wave_y > 0.45,
        "checks": (wave_x > 0) ^ (wave_y > 0),
        "zigzag": np.sin(np.pi * (y + np.abs(x % 2 - 1))) > 0.2,
    }
    return as_bytes(np.where([masks[name] for name in PATTERNS], 255, 0))
