"""A face with the 68 landmarks of iBUG: expressions are the hinges of a rig like any other.

The jaw, the corners of the mouth, the brows and the lids turn about centres of their own; a landmark
between two of them, such as the middle of a cheek, shares the motion of both. People who dress up
(`AppearanceConfig.pattern`) also wear glasses, beards, freckles and earrings.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from poseshift.data.puppets.config import (
    AppearanceConfig,
    CameraConfig,
    PoseConfig,
    ShapeConfig,
    WorldConfig,
)
from poseshift.data.puppets.figure import Color, Figure, Joint, Mode, Paint, Part, two_sided
from poseshift.data.puppets.figures import FIGURES
from poseshift.data.puppets.looks import cloth, hair, hsv, shade, skin

Spot = tuple[float, float, float]

_CENTERS: dict[str, Spot] = {
    # what turns: where
    "skull": (0, 0, 0),
    "jaw": (0, -0.26, -0.05),
    "r_smiler": (0, -0.35, 0),
    "r_browman": (0, 0.22, 0),
    "r_furrow": (-0.24, 0.27, 0.27),
    "r_eye": (-0.17, 0.11, 0.225),
    "r_lid": (-0.17, 0.11, 0.225),
}
_FACE = ("girth", "limbs", "")


def _at(name: str, spot: Spot, follows: Mapping[str, float] | str = "skull") -> tuple[Joint, ...]:
    """A point that follows one centre, or several by weight."""
    if isinstance(follows, str):
        offset = tuple(a - b for a, b in zip(spot, _CENTERS[follows], strict=True))
        grows = "head" if follows in ("r_eye", "r_lid") else _FACE
        return (Joint(name, follows, offset, grows=grows),)
    tracks = {f"{name} on {center}": center for center in follows}
    joints = (joint for track, center in tracks.items() for joint in _at(track, spot, center))
    shares = dict(zip(tracks, follows.values(), strict=True))
    return (*joints, Joint(name, between=shares))


def _middle(name: str, a: str, b: str) -> Joint:
    return Joint(name, between={a: 0.5, b: 0.5})


_JAW: tuple[Spot, ...] = (
    (-0.4, 0.06, -0.06), (-0.395, -0.05, -0.05), (-0.38, -0.16, -0.03), (-0.35, -0.265, 0),
    (-0.305, -0.36, 0.06), (-0.245, -0.44, 0.14), (-0.17, -0.5, 0.22), (-0.087, -0.535, 0.275),
)  # fmt: skip
_JAW_SHARE = (0.0, 0.0, 0.1, 0.3, 0.6, 0.85, 1.0, 1.0)
_BROW: tuple[Spot, ...] = (
    (-0.325, 0.225, 0.2), (-0.275, 0.28, 0.26), (-0.205, 0.3, 0.3), (-0.135, 0.29, 0.325),
    (-0.07, 0.26, 0.335),
)  # fmt: skip
_CORNER = {"r_smiler": 0.75, "jaw": 0.25}

_RIGHT = (
    *(
        joint
        for k, (spot, share) in enumerate(zip(_JAW, _JAW_SHARE, strict=True))
        for joint in _at(f"r_jaw_{k}", spot, {"skull": 1 - share, "jaw": share})
    ),
    *(joint for k, spot in enumerate(_BROW) for joint in _at(f"r_brow_{k}", spot, "r_furrow")),
    *_at("r_nostril_0", (-0.082, -0.165, 0.345), {"skull": 0.8, "r_smiler": 0.2}),
    *_at("r_nostril_1", (-0.043, -0.184, 0.375)),
    *_at("r_eye_outer", (-0.262, 0.108, 0.262), "r_eye"),
    *_at("r_eye_top_0", (-0.212, 0.172, 0.293), "r_lid"),
    *_at("r_eye_top_1", (-0.136, 0.174, 0.297), "r_lid"),
    *_at("r_eye_inner", (-0.083, 0.098, 0.28), "r_eye"),
    *_at("r_eye_low_1", (-0.138, 0.055, 0.293), {"r_eye": 0.88, "r_smiler": 0.12}),
    *_at("r_eye_low_0", (-0.21, 0.055, 0.289), {"r_eye": 0.88, "r_smiler": 0.12}),
    *_at("r_corner", (-0.155, -0.315, 0.29), _CORNER),
    *_at("r_upper_0", (-0.1, -0.283, 0.345), {"r_smiler": 0.45, "skull": 0.55}),
    *_at("r_upper_1", (-0.038, -0.264, 0.372), {"r_smiler": 0.14, "skull": 0.86}),
    *_at("r_lower_1", (-0.042, -0.372, 0.355), {"r_smiler": 0.06, "jaw": 0.94}),
    *_at("r_lower_0", (-0.1, -0.354, 0.335), {"r_smiler": 0.33, "jaw": 0.67}),
    *_at("r_inner", (-0.13, -0.315, 0.3), _CORNER),
    *_at("r_inner_upper", (-0.046, -0.308, 0.352), {"r_smiler": 0.15, "skull": 0.85}),
    *_at("r_inner_lower", (-0.046, -0.316, 0.352), {"r_smiler": 0.1, "jaw": 0.9}),
    # From here on nothing is a landmark.
    *_at("r_pupil_rest", (-0.173, 0.114, 0.3), "r_eye"),
    *_at("r_iris_seen", (-0.17, 0.02, 0.315), "r_lid"),
    Joint("r_pupil", between={"r_pupil_rest": 1.0, "glance": 1.0, "no_glance": -1.0}),
    Joint("r_glint", between={"r_pupil_rest": 1.0, "glint": 1.0, "no_glance": -1.0}),
    *_at("r_shut_0", (-0.212, 0.2, 0.275), "r_lid"),
    *_at("r_shut_1", (-0.136, 0.202, 0.279), "r_lid"),
    *_at("r_under_0", (-0.21, 0.028, 0.284)),
    *_at("r_under_1", (-0.138, 0.028, 0.288)),
    _middle("r_lip_end", "r_corner", "r_inner"),
    Joint("r_lip_top_0", between={"r_upper_0": 0.5, "r_inner": 0.25, "r_inner_upper": 0.25}),
    _middle("r_lip_top_1", "r_upper_1", "r_inner_upper"),
    Joint("r_lip_low_0", between={"r_lower_0": 0.5, "r_inner": 0.25, "r_inner_lower": 0.25}),
    _middle("r_lip_low_1", "r_lower_1", "r_inner_lower"),
    Joint("r_fang", between={"r_inner": 0.5, "r_inner_upper": 0.5}),
    Joint("r_tooth", between={"r_inner_upper": 0.72, "r_inner_lower": 0.28}),
    Joint("r_tongue", between={"r_inner_upper": 0.3, "r_inner_lower": 0.7}),
    *_at("r_temple", (-0.31, 0.2, 0.13)),
    *_at("r_cheekbone", (-0.3, -0.05, 0.15)),
    *_at("r_cheek", (-0.215, -0.11, 0.25), {"skull": 0.7, "r_smiler": 0.3}),
    *_at("r_forehead", (-0.22, 0.4, 0.14)),
    *_at("r_ear_top", (-0.425, 0.07, -0.08)),
    *_at("r_ear_lobe", (-0.405, -0.07, -0.07)),
    *_at("r_earring", (-0.41, -0.16, -0.06)),
    *_at("r_hairline_0", (-0.4, 0.16, 0.0)),
    *_at("r_hairline_1", (-0.36, 0.34, 0.1)),
    *_at("r_hairline_2", (-0.2, 0.47, 0.18)),
    *_at("r_curl_0", (-0.44, 0.16, -0.1)),
    *_at("r_curl_1", (-0.38, 0.4, -0.05)),
    *_at("r_curl_2", (-0.18, 0.56, 0.02)),
    *_at("r_curtain_0", (-0.4, 0.0, -0.16)),
    *_at("r_curtain_1", (-0.44, -0.45, -0.14)),
    *_at("r_bunch", (-0.52, 0.2, -0.16)),
    *(
        joint
        for k, spot in enumerate(_JAW[2:], 2)
        for joint in _at(
            f"r_beard_{k}", (0.86 * spot[0], 0.86 * spot[1] - 0.045, spot[2] + 0.03), "jaw"
        )
    ),
    *_at("r_whisker_0", (-0.03, -0.235, 0.385)),
    *_at("r_whisker_1", (-0.12, -0.265, 0.33), {"skull": 0.6, "r_smiler": 0.4}),
    *(
        joint
        for k, angle in enumerate(np.linspace(0, 2 * np.pi, 13).tolist())
        for joint in _at(
            f"r_rim_{k}", (-0.175 + 0.118 * np.cos(angle), 0.105 + 0.108 * np.sin(angle), 0.36)
        )
    ),
    *_at("r_hook", (-0.42, 0.13, -0.04)),
    *_at("r_freckle_0", (-0.2, -0.06, 0.31)),
    *_at("r_freckle_1", (-0.255, -0.09, 0.27)),
    *_at("r_freckle_2", (-0.17, -0.12, 0.32)),
    Joint("r_neckline_0", "collar", (-0.19, 0.0, 0.02)),
    Joint("r_neckline_1", "collar", (-0.14, -0.12, 0.05)),
    Joint("r_shoulder", "collar", (-0.55, -0.36, -0.05)),
)  # fmt: skip

_BONES = (
    Joint("nape"),
    Joint("collar", "nape", (0, -0.66, -0.1)),
    Joint("collar_low", "nape", (0, -0.83, -0.05)),
    Joint("throat", "nape", (0, -0.35, -0.08)),
    Joint("skull", "nape", hinges={"turn": "y", "tilt": "x", "roll": "z"}),
    Joint("jaw", "skull", _CENTERS["jaw"], {"jaw": "x"}, _FACE),
    Joint("gaze", "skull", hinges={"gaze_aside": "y", "gaze_down": "x"}),
    Joint("glance", "gaze", (0, 0, 0.1)),
    Joint("glint", "gaze", (0.02, 0.022, 0.11)),
    Joint("no_glance", "skull", (0, 0, 0.1)),
    *two_sided(
        (
            Joint(
                "r_smiler",
                "skull",
                _CENTERS["r_smiler"],
                {"r_smile": "-x", "r_wide": "-y"},
                _FACE,
            ),
            Joint("r_browman", "skull", _CENTERS["r_browman"], {"r_brow": "-x"}, _FACE),
            Joint("r_furrow", "r_browman", (-0.24, 0.05, 0.27), {"r_frown": "-z"}, _FACE),
            Joint("r_eye", "skull", _CENTERS["r_eye"], grows=_FACE),
            Joint("r_lid", "r_eye", hinges={"r_lid": "x"}),
        )
    ),
)
JOINTS = (
    *_BONES,
    *_at("chin", (0, -0.548, 0.295), "jaw"),
    *_at("nose_0", (0, 0.13, 0.335)),
    *_at("nose_1", (0, 0.05, 0.375)),
    *_at("nose_2", (0, -0.03, 0.415)),
    *_at("nose_3", (0, -0.105, 0.45)),
    *_at("nose_base", (0, -0.192, 0.39)),
    *_at("upper", (0, -0.272, 0.376)),
    *_at("lower", (0, -0.378, 0.36), "jaw"),
    *_at("inner_upper", (0, -0.31, 0.36)),
    *_at("inner_lower", (0, -0.317, 0.36), "jaw"),
    _middle("lip_top", "upper", "inner_upper"),
    _middle("lip_low", "lower", "inner_lower"),
    Joint("tooth", between={"inner_upper": 0.72, "inner_lower": 0.28}),
    Joint("tongue", between={"inner_upper": 0.35, "inner_lower": 0.65}),
    *_at("beard", (0, -0.52, 0.3), "jaw"),
    *_at("crown", (0, 0.2, -0.1)),
    *_at("top", (0, 0.5, 0.17)),
    *_at("quiff", (0.1, 0.6, 0.15)),
    *_at("topknot", (0, 0.68, -0.12)),
    *two_sided(_RIGHT),
)


def _row(stem: str, count: int) -> tuple[str, ...]:
    return tuple(f"{stem}_{k}" for k in range(count))


def _lefts(names: tuple[str, ...]) -> tuple[str, ...]:
    """The same on the left, in the opposite order."""
    return tuple(f"l_{name[2:]}" for name in reversed(names))


_EYE_TOP = ("r_eye_outer", "r_eye_top_0", "r_eye_top_1", "r_eye_inner")
_EYE_LOW = ("r_eye_low_1", "r_eye_low_0")
_TOP_LIP, _LOW_LIP = ("r_upper_0", "r_upper_1"), ("r_lower_0", "r_lower_1")
_NOSTRILS = ("r_nostril_0", "r_nostril_1")
KEYPOINTS = (
    *_row("r_jaw", 8), "chin", *_lefts(_row("r_jaw", 8)),
    *_row("r_brow", 5), *_lefts(_row("r_brow", 5)),
    *_row("nose", 4), *_NOSTRILS, "nose_base", *_lefts(_NOSTRILS),
    *_EYE_TOP, *_EYE_LOW, *_lefts(_EYE_TOP), *_lefts(_EYE_LOW),
    "r_corner", *_TOP_LIP, "upper", *_lefts(_TOP_LIP), "l_corner",
    "l_lower_0", "l_lower_1", "lower", "r_lower_1", "r_lower_0",
    "r_inner", "r_inner_upper", "inner_upper", "l_inner_upper",
    "l_inner", "l_inner_lower", "inner_lower", "r_inner_lower",
)  # fmt: skip


def _stroke(
    at: tuple[str, ...],
    radius: float | tuple[float, ...],
    paint: str,
    lift: float,
    inked: bool = False,
    style: str = "",
) -> Part:
    """A line from joint to joint."""
    thick = (radius,) * len(at) if isinstance(radius, float) else radius
    return Part(at, thick, paint, lift, inked=inked, chain=True, style=style)


def _patch(at: tuple[str, ...], radius: float, paint: str, lift: float, out: str = "") -> Part:
    """A flat shape on the face; ``out`` is a joint that has to point to the camera."""
    center = "r_eye" if out == "r_iris_seen" else "skull"
    faces = (center, out) if out else None
    return Part(at, (radius,) * len(at), paint, lift, faces, inked=False)


def _hair(style: str, at: tuple[str, ...], radius: tuple[float, ...], lift: float) -> Part:
    return Part(at, radius, "hair", lift, style=style)


_HAIRLINE = (*_row("r_hairline", 3), "top", *_lefts(_row("r_hairline", 3)))
_CURTAINS = ("r_curtain_0", "l_curtain_0", "r_curtain_1", "l_curtain_1")
_CURLS = (*_row("r_curl", 3), "top", *_lefts(_row("r_curl", 3)))
_JAWS = (*_row("r_jaw", 8), "chin", *_lefts(_row("r_jaw", 8)))
_BEARD = tuple(f"r_beard_{k}" for k in range(2, 8))
_MOUTH_LINE = ("r_inner", "r_inner_upper", "inner_upper", "l_inner_upper", "l_inner")
_HEAD = (*_JAWS, "r_temple", "l_temple", "r_cheekbone", "l_cheekbone", "r_forehead", "l_forehead")
_ROUND = (0.012,) * 17 + (0.075, 0.075, 0.06, 0.06, 0.1, 0.1)
_UPPER = ("r_lip_end", "r_lip_top_0", "r_lip_top_1", "lip_top")
_LOWER = ("r_lip_end", "r_lip_low_0", "r_lip_low_1", "lip_low")
STYLES = ("short", "long", "bunches", "curly", "topknot", "beanie", "bald")
_HAIRY = ("short", "long", "bunches", "curly", "topknot")

PARTS = (
    Part(("r_shoulder", "l_shoulder", "collar"), (0.3, 0.3, 0.2), "shirt", -0.2),
    Part(("throat", "collar"), (0.15, 0.15), "neck", -0.15),
    _stroke(("r_neckline_0", "r_neckline_1", "collar_low", "l_neckline_1", "l_neckline_0"), 0.035,
            "hem", -0.1, True),
    *(_hair(style, ("crown",), (0.45,), -0.15) for style in _HAIRY),
    Part(("crown",), (0.44,), "cap", -0.12, style="beanie"),
    _hair("long", _CURTAINS, (0.12, 0.12, 0.17, 0.17), -0.25),
    _hair("topknot", ("topknot",), (0.15,), -0.3),
    *(Part(_HEAD, _ROUND, "skin", style=style) for style in STYLES[:-1]),
    Part((*_HEAD, "crown"), (*_ROUND, 0.41), "skin", style=STYLES[-1]),
    # Hair over the forehead.
    *(
        _stroke(_HAIRLINE, (0.06, 0.085, 0.1, 0.1, 0.1, 0.085, 0.06), "hair", 0.25, True, style)
        for style in ("long", "bunches", "topknot")
    ),
    _stroke(_HAIRLINE, (0.05, 0.075, 0.085, 0.09, 0.085, 0.075, 0.05), "hair", 0.25, True, "short"),
    _hair("short", ("r_hairline_2", "top", "quiff"), (0.08, 0.08, 0.07), 0.27),
    *(_hair("curly", (curl,), (0.16,), 0.2) for curl in _CURLS),
    _stroke(_HAIRLINE[1:-1], 0.1, "cap", 0.2, True, "beanie"),
    _stroke(_HAIRLINE[1:-1], 0.055, "cuff", 0.26, True, "beanie"),
    Part(("topknot",), (0.1,), "cuff", 0.2, style="beanie"),
    # Nose and mouth.
    Part(
        ("nose_1", "r_nostril_0", "l_nostril_0", "nose_3"),
        (0.022, 0.022, 0.022, 0.045),
        "nose",
        0.3,
        inked=False,
    ),
    _stroke(("nose_0", "nose_1", "nose_2", "nose_3"), (0.012, 0.016, 0.02, 0.03), "gleam", 0.32),
    _stroke(
        ("r_nostril_0", "r_nostril_1", "nose_base", "l_nostril_1", "l_nostril_0"),
        (0.013, 0.011, 0.008, 0.011, 0.013),
        "line",
        0.33,
    ),
    _stroke((*_UPPER, *_lefts(_UPPER[:-1])), (0.009, 0.015, 0.022, 0.02, 0.022, 0.015, 0.009),
            "lips", 0.2),
    _stroke((*_LOWER, *_lefts(_LOWER[:-1])), (0.009, 0.017, 0.027, 0.031, 0.027, 0.017, 0.009),
            "lips", 0.21),
    _patch(("r_tooth", "tooth", "l_tooth", "r_fang", "inner_upper", "l_fang"),
           0.004, "white", 0.26),
    _patch(("r_tongue", "tongue", "l_tongue", "r_inner_lower", "inner_lower", "l_inner_lower"),
           0.004, "tongue", 0.25),
    _stroke(_MOUTH_LINE, 0.009, "line", 0.28),
    _patch(("beard",), 0.055, "beard", 0.05),
    _stroke(("r_whisker_1", "r_whisker_0", "l_whisker_0", "l_whisker_1"),
            (0.012, 0.026, 0.026, 0.012), "mustache", 0.3),
    *two_sided(
        (
            Part(("r_ear_top", "r_ear_lobe"), (0.065, 0.05), "skin", -0.05),
            Part(("r_bunch",), (0.17,), "hair", -0.2, style="bunches"),
            _patch(("r_cheek",), 0.062, "blush", 0.1, "r_cheek"),
            *(_patch((f"r_freckle_{k}",), 0.012, "freckles", 0.14, f"r_freckle_{k}") for k in range(3)),
            _patch((*_EYE_TOP, *_EYE_LOW), 0.006, "white", 0.2, "r_eye_top_0"),
            _patch(("r_pupil",), 0.053, "iris", 0.22, "r_iris_seen"),
            _patch(("r_pupil",), 0.028, "pupil", 0.24, "r_iris_seen"),
            _patch(("r_glint",), 0.013, "white", 0.26, "r_iris_seen"),
            _stroke(("r_eye_outer", "r_under_0", "r_under_1", "r_eye_inner"),
                    (0.004, 0.025, 0.025, 0.004), "flat", 0.27),
            _stroke(("r_eye_outer", "r_shut_0", "r_shut_1", "r_eye_inner"),
                    (0.006, 0.03, 0.03, 0.006), "lid", 0.28),
            _stroke(_EYE_TOP, (0.011, 0.014, 0.013, 0.009), "lash", 0.3),
            _stroke(_row("r_brow", 5), (0.011, 0.021, 0.024, 0.024, 0.019), "brow", 0.32),
            _patch(("r_inner", "r_inner_upper", "inner_upper", "inner_lower", "r_inner_lower"),
                   0.004, "mouth", 0.24),
            _stroke(_BEARD, 0.055, "beard", 0.05),
            _stroke((*_row("r_rim", 13), "r_rim_6"), 0.011, "glasses", 0.45),
            _stroke(("r_rim_6", "r_hook"), 0.011, "glasses", 0.2),
            _patch(("r_earring",), 0.032, "earring", 0.1),
        )
    ),
    _stroke(("r_rim_0", "l_rim_0"), 0.011, "glasses", 0.45),
)  # fmt: skip


def _mode(name: str, spread: float = 0.06, **pose: float) -> Mode:
    loose = {"tilt": 0.13, "roll": 0.14, "gaze_aside": 0.14, "gaze_down": 0.08, "lid": 0.1}
    return Mode(name, pose, spread, {**loose, "jaw": 0.05, "brow": 0.07})


MODES = (
    _mode("neutral", smile=0.04),
    _mode("smile", smile=0.34, wide=0.2, lid=0.15, brow=0.04),
    _mode("laugh", smile=0.4, wide=0.2, jaw=0.36, lid=0.45, brow=0.1),
    _mode("surprise", jaw=0.42, wide=-0.12, lid=-0.2, brow=0.26),
    _mode("talk", smile=0.08, jaw=0.2, wide=-0.02),
    _mode("frown", smile=-0.2, frown=0.32, brow=-0.12, lid=0.2),
    _mode("sad", smile=-0.24, frown=-0.3, brow=0.1, lid=0.35, tilt=0.12),
    _mode("wink", smile=0.28, wide=0.14, r_lid=1.35, r_brow=-0.06, l_brow=0.12),
    _mode("sleepy", lid=1.35, brow=0.12, tilt=0.1),
    _mode("pucker", wide=-0.3, lid=0.1, brow=0.1),
    _mode("smirk", r_smile=0.36, r_wide=0.16, l_smile=0.0, l_brow=0.18, r_brow=-0.05),
    _mode("shout", jaw=0.5, smile=0.05, wide=0.12, frown=0.34, brow=-0.08, lid=0.2),
    _mode("yawn", jaw=0.55, wide=-0.16, lid=1.3, brow=0.18, tilt=-0.1),
    _mode("raised_brow", r_brow=0.3, l_brow=-0.08, l_frown=0.15, smile=0.08),
)


def dress(rng: np.random.Generator, config: AppearanceConfig) -> Mapping[str, Paint]:
    """Draw skin, hair, clothes and now and then glasses, a beard, freckles or earrings."""
    flesh, locks, shirt, cap = skin(rng, config), hair(rng), cloth(rng, config), cloth(rng, config)
    u, (glasses, beard, mustache, freckles, earring) = rng.random(4), rng.random(5)
    dark = _mix(locks.color, (0.1, 0.07, 0.06), 0.45)
    # The painter darkens outlined parts by as much: patches of skin match the face.
    flat = _mix(flesh.color, (1.0, 1.0, 1.0), 0.28 * config.shading)
    paints = {
        "skin": flesh,
        "flat": Paint(flat),
        "lid": Paint(_mix(flat, (0.55, 0.25, 0.2), 0.16)),
        "neck": shade(flesh, 0.85),
        "nose": Paint(_mix(flat, (0.75, 0.3, 0.2), 0.18)),
        "gleam": Paint(_mix(flat, (1.0, 0.97, 0.9), 0.4)),
        "blush": Paint(_mix(flat, (0.95, 0.3, 0.3), 0.22)),
        "line": Paint(_mix(flat, (0.22, 0.05, 0.05), 0.8)),
        "lips": Paint(_mix(flat, hsv(0.97 + 0.05 * u[0], 0.75, 0.65), 0.62)),
        "mouth": Paint((0.3, 0.06, 0.09)),
        "tongue": Paint((0.85, 0.38, 0.4)),
        "white": Paint((0.98, 0.98, 0.96)),
        "iris": Paint(hsv(0.05 + 0.6 * u[1], 0.6, 0.35 + 0.3 * u[2])),
        "pupil": Paint((0.05, 0.04, 0.06)),
        "lash": Paint((0.12, 0.08, 0.08)),
        "brow": Paint(dark),
        "hair": locks,
        "shirt": shirt,
        "hem": shade(shirt, 0.75),
        "cap": cap,
        "cuff": shade(Paint(cap.color), 0.8),
    }
    extras = {
        "glasses": (Paint(hsv(u[3], 0.5, 0.25)), glasses < 0.6),
        "beard": (Paint(_mix(dark, flat, 0.15)), beard < 0.4),
        "mustache": (Paint(dark), mustache < 0.35),
        "freckles": (Paint(_mix(flat, (0.5, 0.25, 0.1), 0.5)), freckles < 0.5),
        "earring": (Paint((0.95, 0.78, 0.25)), earring < 0.5),
    }
    fancy = rng.random() < 2 * config.pattern
    return paints | {slot: paint for slot, (paint, worn) in extras.items() if fancy and worn}


def _mix(a: Color, b: Color, share: float) -> Color:
    red, green, blue = (x + share * (y - x) for x, y in zip(a, b, strict=True))
    return red, green, blue


_CALM = {
    "neutral": 4.0, "smile": 4.0, "talk": 2.5, "laugh": 1.5, "surprise": 1.0, "frown": 1.0,
    "sad": 0.8, "raised_brow": 0.6, "smirk": 0.5, "wink": 0.4, "pucker": 0.3, "sleepy": 0.3,
    "shout": 0.2, "yawn": 0.15,
}  # fmt: skip
_PARTY = _CALM | {
    "neutral": 1.5, "laugh": 4.0, "surprise": 2.0, "wink": 1.2, "pucker": 1.0, "shout": 1.2,
    "smirk": 1.0, "yawn": 0.5,
}  # fmt: skip

WORLDS = {
    "booth": WorldConfig("face68", PoseConfig(_CALM, turn=0.22, back=0.0), camera=CameraConfig(pitch=0.0, margin=1.6)),
    "party": WorldConfig(
        "face68",
        PoseConfig(_PARTY, spread=1.25, turn=0.36, back=0.0),
        ShapeConfig(limbs=0.95, girth=1.03, head=1.06, variety=0.06),
        CameraConfig(
            pitch=0.1, pitch_spread=0.1, roll_spread=0.18, distance=3.2, margin=1.58,
            zoom_spread=0.06, jitter=0.03, truncated=0.03,
        ),
        AppearanceConfig(
            saturation=(0.3, 0.95), value=(0.45, 1.0), tone=(0.0, 1.0), pattern=0.45, outline=0.5,
            shading=0.6, backdrop=(0.4, 0.9), clutter=0.6, texture=0.45, occluder=0.1, light=0.8,
            exposure=0.14, cast=0.1, blur=0.008, noise=10.0,
        ),
    ),
    "night": WorldConfig(
        "face68",
        PoseConfig(_CALM | {"sleepy": 1.0, "yawn": 0.8}, spread=1.1, turn=0.42, back=0.0),
        ShapeConfig(limbs=1.05, girth=0.97, head=0.95, variety=0.07),
        CameraConfig(
            pitch=-0.12, pitch_spread=0.1, roll_spread=0.14, distance=2.8, margin=1.58,
            zoom_spread=0.06, jitter=0.03,
        ),
        AppearanceConfig(
            saturation=(0.2, 0.8), value=(0.25, 0.8), tone=(0.0, 1.0), pattern=0.3, outline=0.7,
            shading=0.9, backdrop=(0.08, 0.35), clutter=0.5, texture=0.5, occluder=0.06, light=1.4,
            exposure=0.2, cast=0.14, blur=0.01, noise=14.0,
        ),
    ),
}  # fmt: skip

FIGURES.register("face68")(
    Figure(
        name="face68",
        kind="face",
        joints=JOINTS,
        keypoints=KEYPOINTS,
        parts=PARTS,
        modes=MODES,
        dress=dress,
        worlds=WORLDS,
        pairs=("booth->party", "booth->night"),
        styles=STYLES,
        grounded=False,
    )
)
