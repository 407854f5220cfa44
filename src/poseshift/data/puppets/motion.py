"""Smooth seeded motion through the poses of a world, and a crop that follows it."""

from __future__ import annotations

import numpy as np

from poseshift.data.puppets.camera import Crop
from poseshift.data.puppets.mixture import PoseMixture
from poseshift.data.puppets.rig import Array

_BEAT = 10
"""Frames from one key pose to the next."""
_STAY = 0.75
"""Chance that the next key pose belongs to the same action."""


def path(mixture: PoseMixture, frames: int, rng: np.random.Generator) -> tuple[Array, list[str]]:
    """Poses (frames, D) and the action of each: key poses of the mixture, joined smoothly."""
    component = mixture.component(rng)
    keys, actions = [], []
    for _ in range(frames // _BEAT + 4):
        keys.append(mixture.draw_from(component, rng))
        actions.append(mixture.action(component))
        if rng.random() > _STAY:
            component = mixture.component(rng)
    time_T = np.arange(frames) / _BEAT + 1
    beat_T = time_T.astype(int)
    knots_4TD = np.array(keys)[beat_T + np.arange(-1, 3)[:, None]]
    return _catmull_rom(knots_4TD, (time_T - beat_T)[:, None]), [actions[beat] for beat in beat_T]


def follow(crops: list[Crop]) -> list[Crop]:
    """The same crops, smoothed over a beat, as a steady hand would hold the camera."""
    track_T3 = np.array([(*crop.center, crop.size) for crop in crops])
    padded = np.pad(track_T3, ((_BEAT, _BEAT), (0, 0)), mode="edge")
    window = np.hanning(2 * _BEAT + 3)[1:-1]
    window /= window.sum()
    smooth = np.column_stack([np.convolve(column, window, "valid") for column in padded.T])
    return [Crop((x, y), size) for x, y, size in smooth.tolist()]


def _catmull_rom(knots_4TD: Array, t: Array) -> Array:
    before, here, there, after = knots_4TD
    slope_here, slope_there = (there - before) / 2, (after - here) / 2
    bend = 3 * (there - here) - 2 * slope_here - slope_there
    twist = 2 * (here - there) + slope_here + slope_there
    pose_TD: Array = here + t * (slope_here + t * (bend + t * twist))
    return pose_TD
