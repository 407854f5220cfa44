"""A face with the 68 landmarks of iBUG: expressions are the hinges of a rig like any other.

The jaw, the corners of the mouth, the brows and the lids turn about centres of their own, and
a landmark between two of them, such as the middle of a lip, shares the motion of both. Where
patterned clothes are worn, so are glasses, beards, freckles and earrings.
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
from poseshift.data.puppets.figure import Color, Figure, Mode, Paint, Part, two_sided
from poseshift.data.puppets.figures import FIGURES
from poseshift.data.puppets.figures._face68_rig import (
    EYE_LOW,
    EYE_TOP,
    JOINTS,
    KEYPOINTS,
    lefts,
    row,
)
from poseshift.data.puppets.looks import cloth, hair, hsv, shade, skin


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


_HAIRLINE = (*row("r_hairline", 3), "top", *lefts(row("r_hairline", 3)))
_CURTAINS = ("r_curtain_0", "l_curtain_0", "r_curtain_1", "l_curtain_1")
_CURLS = (*row("r_curl", 3), "top", *lefts(row("r_curl", 3)))
_JAWS = (*row("r_jaw", 8), "chin", *lefts(row("r_jaw", 8)))
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
    _stroke((*_UPPER, *lefts(_UPPER[:-1])), (0.009, 0.015, 0.022, 0.02, 0.022, 0.015, 0.009),
            "lips", 0.2),
    _stroke((*_LOWER, *lefts(_LOWER[:-1])), (0.009, 0.017, 0.027, 0.031, 0.027, 0.017, 0.009),
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
            *(_patch((spot,), 0.012, "freckles", 0.14, spot) for spot in row("r_freckle", 3)),
            _patch((*EYE_TOP, *EYE_LOW), 0.006, "white", 0.2, "r_eye_top_0"),
            _patch(("r_pupil",), 0.053, "iris", 0.22, "r_iris_seen"),
            _patch(("r_pupil",), 0.028, "pupil", 0.24, "r_iris_seen"),
            _patch(("r_glint",), 0.013, "white", 0.26, "r_iris_seen"),
            _stroke(("r_eye_outer", "r_under_0", "r_under_1", "r_eye_inner"),
                    (0.004, 0.025, 0.025, 0.004), "flat", 0.27),
            _stroke(("r_eye_outer", "r_shut_0", "r_shut_1", "r_eye_inner"),
                    (0.006, 0.03, 0.03, 0.006), "lid", 0.28),
            _stroke(EYE_TOP, (0.011, 0.014, 0.013, 0.009), "lash", 0.3),
            _stroke(row("r_brow", 5), (0.011, 0.021, 0.024, 0.024, 0.019), "brow", 0.32),
            _patch(("r_inner", "r_inner_upper", "inner_upper", "inner_lower", "r_inner_lower"),
                   0.004, "mouth", 0.24),
            _stroke(_BEARD, 0.055, "beard", 0.05),
            _stroke((*row("r_rim", 13), "r_rim_6"), 0.011, "glasses", 0.45),
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
    "booth": WorldConfig(
        "face68",
        PoseConfig(_CALM, turn=0.22, back=0.0),
        camera=CameraConfig(pitch=0.0, margin=1.6),
    ),
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
            shading=0.6, backdrop=(0.4, 0.9), clutter=0.25, texture=0.25, occluder=0.1, light=0.8,
            exposure=0.14, cast=0.1, blur=0.006, noise=7.0,
        ),
    ),
    "night": WorldConfig(
        "face68",
        PoseConfig(_CALM | {"sleepy": 1.0, "yawn": 0.8}, spread=1.1, turn=0.34, back=0.0),
        ShapeConfig(limbs=1.05, girth=0.97, head=0.95, variety=0.07),
        CameraConfig(
            pitch=-0.12, pitch_spread=0.1, roll_spread=0.14, distance=2.8, margin=1.58,
            zoom_spread=0.06, jitter=0.03,
        ),
        AppearanceConfig(
            saturation=(0.2, 0.8), value=(0.25, 0.8), tone=(0.0, 1.0), pattern=0.3, outline=0.7,
            shading=0.9, backdrop=(0.1, 0.4), clutter=0.2, texture=0.25, occluder=0.06, light=1.2,
            exposure=0.16, cast=0.12, blur=0.006, noise=7.0,
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
