"""What the animal does: its action modes."""

from __future__ import annotations

from collections.abc import Mapping

from poseshift.data.puppets.figure import TURN, Mode

_SIDE = 1.2
"""Heading of the actions: seen from the side, the face a little towards the camera."""


def _mode(
    name: str,
    pose: Mapping[str, float],
    spread: float = 0.09,
    loose: Mapping[str, float] | None = None,
    *swings: Mapping[str, float],
) -> Mode:
    """An action seen from the side; necks and tails are livelier than legs."""
    lively = {"crane": 0.15, "veer": 0.2, "shake": 0.2, "nod": 0.12, "tail": 0.3, "wag": 0.4}
    lively |= {"curl": 0.3, "arch": 0.05, "sway": 0.07, "roll": 0.05, "tilt": 0.05}
    return Mode(name, {TURN: _SIDE, **pose}, spread, lively | dict(loose or {}), swings)


_WALK = {
    "r_fore_stride": 0.3, "l_fore_stride": -0.3, "r_hind_stride": -0.25, "l_hind_stride": 0.25,
}  # fmt: skip

MODES = (
    _mode("stand", {}, 0.08),
    _mode("look", {"crane": -0.1, "veer": 0.7, "shake": 0.5, "nod": 0.1}, 0.08),
    _mode(
        "walk",
        {"knee": 0.2, "stifle": 0.1, "hock": 0.1},
        0.1,
        {},
        _WALK,
        {"r_knee": 0.2, "l_knee": -0.2, "r_stifle": -0.15, "l_stifle": 0.15},
    ),
    _mode(
        "trot",
        {"r_fore_stride": 0.5, "r_elbow": 0.3, "r_knee": 0.9, "l_fore_stride": -0.35}
        | {"r_hind_stride": -0.45, "l_hind_stride": 0.45, "l_stifle": 0.4, "l_hock": 0.4}
        | {"crane": -0.1, "tail": -0.4},
        0.11,
    ),
    _mode(
        "gallop",
        {"r_fore_stride": 0.95, "l_fore_stride": 0.75, "elbow": 0.2, "knee": 0.25}
        | {"r_hind_stride": -0.75, "l_hind_stride": -0.55, "stifle": 0.15, "hock": -0.1}
        | {"crane": 0.35, "nod": -0.25, "tail": -0.9},
        0.12,
    ),
    _mode(
        "gather",
        {"fore_stride": -0.45, "elbow": 0.45, "knee": 0.9, "arch": -0.15, "tail": -0.9}
        | {"hind_stride": 0.75, "stifle": 0.15, "hock": 0.1, "crane": 0.35, "nod": -0.25},
        0.13,
    ),
    _mode(
        "graze",
        {"crane": 1.45, "nod": -0.35, "r_fore_stride": 0.2, "l_fore_stride": -0.15},
        0.08,
        {"veer": 0.1},
    ),
    _mode(
        "sit",
        {"tilt": -0.85, "fore_stride": -0.83, "crane": 0.5, "nod": 0.3, "tail": -0.7}
        | {"hind_stride": -0.13, "stifle": 1.23, "hock": 1.6, "hind_spread": 0.15},
        0.08,
    ),
    _mode(
        "lie",
        {"fore_stride": -0.1, "elbow": 1.48, "knee": -0.05, "crane": -0.05}
        | {"hind_stride": 0.78, "stifle": 1.26, "hock": 1.75, "hind_spread": 0.15},
        0.09,
    ),
    _mode(
        "rear",
        {"tilt": -0.95, "crane": 0.4, "nod": 0.35, "fore_stride": 0.35, "elbow": 0.5, "knee": 1.4}
        | {"hind_stride": -0.7, "stifle": 0.25, "hock": 0.1},
        0.12,
        {"tilt": 0.15},
    ),
    _mode(
        "jump",
        {"tilt": -0.4, "fore_stride": 0.7, "elbow": 0.7, "knee": 1.5, "crane": 0.3}
        | {"hind_stride": -0.75, "stifle": 0.2, "hock": -0.3, "tail": -0.7},
        0.13,
    ),
    _mode(
        "buck",
        {"tilt": 0.55, "fore_stride": 0.55, "crane": 0.2, "tail": -0.9}
        | {"hind_stride": -0.8, "stifle": 0.3, "hock": -0.4},
        0.14,
        {"tilt": 0.12},
    ),
    _mode(
        "play",
        {"tilt": 0.5, "fore_stride": 1.05, "elbow": 0.5, "crane": -0.6, "nod": 0.1}
        | {"hind_stride": 0.45, "tail": -1.1, "wag": 0.3},
        0.1,
    ),
    _mode("howl", {"crane": -0.35, "nod": -0.8, "tail": -0.3}, 0.09),
    _mode(
        "paw",
        {"r_fore_stride": 0.8, "r_elbow": 0.5, "r_knee": 1.2, "crane": 0.2, "nod": 0.2},
        0.1,
    ),
    _mode(
        "wallow",
        {"roll": 2.8, "fore_stride": 0.2, "elbow": 0.7, "knee": 1.2, "hind_stride": 0.5}
        | {"stifle": 0.6, "hock": 0.8, "crane": -0.2},
        0.16,
        {"roll": 0.3},
    ),
)
