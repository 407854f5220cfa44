"""The lottery: pairs of worlds nobody designed, every knob drawn from the ranges below.

Methods and defaults are developed on seeds 0-9; seeds from 1000 on are for reports. The ranges of
source and target overlap, so now and then a pair has hardly any gap: there a method must do no
harm.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from poseshift.data.puppets.config import (
    AppearanceConfig,
    CameraConfig,
    PoseConfig,
    ShapeConfig,
    WorldConfig,
)
from poseshift.data.puppets.figure import Figure
from poseshift.data.puppets.figures import FIGURES
from poseshift.errors import UserError, nearest

if TYPE_CHECKING:
    from poseshift.data.puppets.worlds import WorldPair

Range = tuple[float, float]

RANGES: Mapping[str, tuple[Range, Range]] = {
    # knob: (range of the source, range of the target)
    "pose.spread": ((0.9, 1.1), (0.9, 1.25)),
    "pose.turn": ((0.4, 0.6), (0.4, 0.8)),
    "pose.back": ((0.05, 0.12), (0.05, 0.22)),
    "pose.evenness": ((0.0, 0.3), (0.2, 0.7)),
    "shape.limbs": ((0.97, 1.03), (0.92, 1.08)),
    "shape.girth": ((0.95, 1.05), (0.85, 1.1)),
    "shape.head": ((0.97, 1.03), (0.88, 1.1)),
    "shape.variety": ((0.03, 0.06), (0.04, 0.08)),
    "camera.pitch": ((0.0, 0.15), (-0.15, 0.3)),
    "camera.pitch_spread": ((0.03, 0.06), (0.05, 0.12)),
    "camera.roll_spread": ((0.02, 0.04), (0.03, 0.08)),
    "camera.distance": ((4.0, 5.0), (2.8, 4.5)),
    "camera.margin": ((1.34, 1.34), (1.34, 1.34)),
    "camera.zoom_spread": ((0.03, 0.05), (0.04, 0.08)),
    "camera.jitter": ((0.01, 0.03), (0.02, 0.04)),
    "camera.truncated": ((0.0, 0.0), (0.0, 0.08)),
    "appearance.hue.from": ((0.0, 1.0), (0.0, 1.0)),
    "appearance.hue.width": ((0.3, 1.0), (0.5, 1.0)),
    "appearance.saturation.low": ((0.3, 0.5), (0.1, 0.4)),
    "appearance.saturation.high": ((0.6, 0.8), (0.6, 1.0)),
    "appearance.value.low": ((0.55, 0.65), (0.35, 0.6)),
    "appearance.value.high": ((0.8, 0.95), (0.8, 1.0)),
    "appearance.tone.low": ((0.0, 0.3), (0.0, 0.5)),
    "appearance.tone.high": ((0.5, 0.8), (0.6, 1.0)),
    "appearance.pattern": ((0.0, 0.1), (0.2, 0.9)),
    "appearance.outline": ((0.9, 1.0), (0.05, 0.6)),
    "appearance.shading": ((0.7, 1.0), (0.2, 1.0)),
    "appearance.backdrop.low": ((0.6, 0.75), (0.2, 0.6)),
    "appearance.backdrop.high": ((0.8, 0.97), (0.6, 0.95)),
    "appearance.clutter": ((0.0, 0.05), (0.05, 0.6)),
    "appearance.texture": ((0.0, 0.05), (0.15, 0.55)),
    "appearance.occluder": ((0.0, 0.0), (0.0, 0.2)),
    "appearance.light": ((0.0, 0.1), (0.3, 1.3)),
    "appearance.exposure": ((0.0, 0.05), (0.05, 0.2)),
    "appearance.cast": ((0.0, 0.03), (0.02, 0.14)),
    "appearance.blur": ((0.0, 0.002), (0.0, 0.009)),
    "appearance.noise": ((0.0, 1.0), (4.0, 13.0)),
}
"""Every knob of the lottery. ``pose.turn`` and ``pose.back`` are those of a person, scaled to what
is usual for the figure: see its first named world. ``pose.evenness`` mixes the action weights of
that world with weights drawn uniformly from the simplex; a pair of knobs with ``low`` and ``high``
is a range within which each sample draws."""


def world_pair(seed: int, kind: str = "body") -> WorldPair:
    """Draw a pair of worlds.

    Args:
        seed: 0-9 for development, 1000 and up for reports.
        kind: ``body``, ``hand``, ``animal`` or ``face``.

    Example:
        >>> drawn = world_pair(7)
        >>> drawn.name, drawn.source.skeleton
        ('lottery-body-7', 'body16')
    """
    from poseshift.data.puppets.worlds import World, WorldPair  # draws with OpenCV

    figures = {FIGURES[name].kind: FIGURES[name] for name in FIGURES}
    if kind not in figures:
        raise UserError(f"the lottery has no kind '{kind}'", fix=nearest(kind, figures))
    if seed < 0:
        raise UserError(f"a lottery seed is 0 or more, found {seed}")
    rng = np.random.default_rng([seed, zlib.crc32(kind.encode())])
    name = f"lottery-{kind}-{seed}"
    source, target = (
        World(f"{name}-{role}", _draw(rng, figures[kind], column))
        for column, role in enumerate(("source", "target"))
    )
    return WorldPair(name, source, target)


def _draw(rng: np.random.Generator, figure: Figure, column: int) -> WorldConfig:
    knobs = {name: float(rng.uniform(*ranges[column])) for name, ranges in RANGES.items()}

    def take(axis: str) -> dict[str, Any]:
        rows = ((name.split("."), value) for name, value in knobs.items())
        return {path[1]: value for path, value in rows if path[0] == axis and len(path) == 2}

    own = next(iter(figure.worlds.values())).pose
    looks, pose = take("appearance"), take("pose")
    # The ranges of headings are a person's: a face never shows its back, a hand does all the time.
    person = PoseConfig({})
    pose["turn"] *= own.turn / person.turn
    pose["back"] = min(pose["back"] * own.back / person.back, 1.0)
    looks |= {
        name: (knobs[f"appearance.{name}.low"], knobs[f"appearance.{name}.high"])
        for name in ("saturation", "value", "tone", "backdrop")
    }
    start = knobs["appearance.hue.from"]
    looks["hue"] = (start, start + knobs["appearance.hue.width"])
    actions = _actions(rng, own.actions, pose.pop("evenness"))
    return WorldConfig(
        figure.name,
        PoseConfig(actions, **pose),
        ShapeConfig(**take("shape")),
        CameraConfig(**take("camera")),
        AppearanceConfig(**looks),
    )


def _actions(
    rng: np.random.Generator, own: Mapping[str, float], evenness: float
) -> dict[str, float]:
    total = sum(own.values())
    drawn = rng.dirichlet(np.ones(len(own)))
    return {
        name: (1 - evenness) * weight / total + evenness * float(share)
        for (name, weight), share in zip(own.items(), drawn, strict=True)
    }
