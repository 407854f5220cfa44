"""Looks and cameras that the named worlds of all figures share, or adjust with `replace`."""

from __future__ import annotations

from poseshift.data.puppets.config import AppearanceConfig, CameraConfig

STUDIO_LOOK = AppearanceConfig()

STREET_LOOK = AppearanceConfig(
    saturation=(0.15, 0.85),
    value=(0.4, 0.98),
    tone=(0.0, 1.0),
    pattern=0.7,
    outline=0.2,
    shading=0.6,
    backdrop=(0.45, 0.95),
    clutter=0.2,
    texture=0.25,
    occluder=0.1,
    light=0.7,
    exposure=0.14,
    cast=0.07,
    blur=0.006,
    noise=8.0,
)

GYM_LOOK = AppearanceConfig(
    hue=(0.5, 0.75),
    saturation=(0.5, 0.8),
    backdrop=(0.8, 0.97),
    clutter=0.1,
    texture=0.15,
    noise=3.0,
)

STAGE_LOOK = AppearanceConfig(
    saturation=(0.4, 1.0),
    value=(0.4, 1.0),
    tone=(0.0, 1.0),
    pattern=0.35,
    outline=0.7,
    backdrop=(0.12, 0.4),
    clutter=0.2,
    texture=0.25,
    occluder=0.08,
    light=1.4,
    exposure=0.2,
    cast=0.18,
    blur=0.006,
    noise=6.0,
)

STUDIO_CAMERA = CameraConfig()

STREET_CAMERA = CameraConfig(
    pitch=0.2,
    pitch_spread=0.1,
    roll_spread=0.06,
    distance=3.2,
    zoom_spread=0.06,
    jitter=0.03,
    truncated=0.02,
)

GYM_CAMERA = CameraConfig(pitch=0.02)

STAGE_CAMERA = CameraConfig(
    pitch=-0.12, pitch_spread=0.08, distance=3.2, zoom_spread=0.06, jitter=0.03
)
