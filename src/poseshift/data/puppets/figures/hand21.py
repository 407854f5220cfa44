"""A left hand with twenty-one joints, wrist first, then every finger from palm to tip.

The palm is paler, lined and has pink finger pads; the back has nails and knuckles. The index finger
wears a plaster and the ring finger a ring in every world, so that neighbours can be told apart.
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
from poseshift.data.puppets.figure import Color, Figure, Joint, Mode, Paint, Part
from poseshift.data.puppets.figures import FIGURES
from poseshift.data.puppets.looks import cloth, hsv, shade, skin

_FINGERS = {
    # finger: knuckle on the palm, lengths of the three bones, radii from knuckle to tip
    "index": ((-0.135, 0.225), (0.225, 0.14, 0.1), (0.062, 0.055, 0.05, 0.044)),
    "middle": ((-0.022, 0.245), (0.25, 0.16, 0.105), (0.062, 0.056, 0.051, 0.045)),
    "ring": ((0.088, 0.225), (0.23, 0.15, 0.1), (0.06, 0.054, 0.049, 0.043)),
    "little": ((0.188, 0.165), (0.175, 0.11, 0.085), (0.054, 0.047, 0.042, 0.038)),
}
_WHITE: Color = (1.0, 0.98, 0.94)
_THUMB = (0.17, 0.145, 0.11)
FINGERS = ("thumb", *_FINGERS)
KEYPOINTS = (
    "wrist", "thumb_cmc", "thumb_mcp", "thumb_ip", "thumb_tip",
    *(f"{finger}_{joint}" for finger in _FINGERS for joint in ("mcp", "pip", "dip", "tip")),
)  # fmt: skip


def _on_palm(name: str, x: float, y: float, z: float) -> Joint:
    return Joint(name, "hub", (x, y, z), grows="head")


def _finger(finger: str) -> tuple[Joint, ...]:
    (x, y), (first, second, third), radius = _FINGERS[finger]
    mcp, pip, dip, tip = (f"{finger}_{joint}" for joint in ("mcp", "pip", "dip", "tip"))
    return (
        Joint(mcp, "hub", (x, y, 0), {f"{finger}_fan": "-z", f"{finger}_curl": "x"}, "head"),
        Joint(pip, mcp, (0, first, 0), {f"{finger}_bend": "x"}, "limbs"),
        Joint(dip, pip, (0, second, 0), {f"{finger}_hook": "x"}, "limbs"),
        Joint(tip, dip, (0, third, 0), grows="limbs"),
        Joint(f"{finger}_knuckle", mcp, (0, 0.0, -0.8 * radius[0])),
        _on_palm(f"{finger}_tendon", 0.65 * x, 0.35 * y, -0.055),
        Joint(f"{finger}_wrinkle", pip, (0, 0.0, -0.75 * radius[1])),
        *_fingertip(finger, dip, third, radius[3]),
    )


def _fingertip(finger: str, last: str, length: float, radius: float) -> tuple[Joint, ...]:
    """Nail on the back, pad on the palm side."""
    return (
        Joint(f"{finger}_nail", last, (0, 1.08 * length, -0.7 * radius), grows="limbs"),
        Joint(f"{finger}_root", last, (0, 0.72 * length, -0.85 * radius), grows="limbs"),
        Joint(f"{finger}_core", last, (0, 0.9 * length, 0), grows="limbs"),
        Joint(f"{finger}_pad", last, (0, 0.95 * length, 0.75 * radius), grows="limbs"),
    )


def _around(name: str, parent: str, y: float, radius: float) -> tuple[Joint, ...]:
    """Four joints around a bone, to hang a band on."""
    spots = ((-radius, 0.0), (radius, 0.0), (0.0, -radius), (0.0, radius))
    return tuple(
        Joint(f"{name}_{k}", parent, (x, y, z), grows="limbs") for k, (x, z) in enumerate(spots)
    )


JOINTS = (
    Joint("hub", hinges={"roll": "z", "tilt": "x", "turn": "y"}),
    Joint("wrist", "hub", (0, -0.25, 0), {"wrist_lean": "z", "wrist_bend": "x"}, "head"),
    Joint("cuff", "wrist", (0, -0.11, 0)),
    Joint("elbow", "wrist", (0, -1.1, 0)),
    _on_palm("heel", 0.075, -0.17, 0.01),
    _on_palm("belly", 0.02, 0.02, 0),
    _on_palm("front", 0.02, 0.0, 0.055),
    _on_palm("behind", 0.02, 0.0, -0.055),
    *(
        _on_palm(name, x, y, 0.05)
        for name, x, y in (
            ("heart_1", -0.06, 0.19), ("heart_2", 0.05, 0.125), ("heart_3", 0.19, 0.1),
            ("mind_1", -0.17, 0.11), ("mind_2", -0.03, 0.07), ("mind_3", 0.12, -0.03),
            ("life_1", -0.165, 0.09), ("life_2", -0.045, 0.01), ("life_3", -0.045, -0.16),
        )
    ),
    *(joint for finger in _FINGERS for joint in _finger(finger)),
    *_around("gold", "ring_mcp", 0.105, 0.057),
    *_around("plaster", "index_pip", 0.065, 0.048),
    Joint("gem", "ring_mcp", (0, 0.105, -0.065), grows="limbs"),
    Joint(
        "thumb_cmc",
        "hub",
        (-0.105, -0.15, 0.03),
        {"thumb_over": "y", "thumb_out": "z", "thumb_twist": "-y"},
        "head",
    ),
    Joint("thumb_mcp", "thumb_cmc", (0, _THUMB[0], 0), {"thumb_curl": "-z"}, "limbs"),
    Joint("thumb_ip", "thumb_mcp", (0, _THUMB[1], 0), {"thumb_bend": "-z"}, "limbs"),
    Joint("thumb_tip", "thumb_ip", (0, _THUMB[2], 0), grows="limbs"),
    *_fingertip("thumb", "thumb_ip", _THUMB[2], 0.052),
)  # fmt: skip


def _digit(finger: str) -> tuple[Part, ...]:
    """A finger, its nail and its pad."""
    if finger == "thumb":
        joints, radii = ("cmc", "mcp", "ip", "tip"), (0.078, 0.07, 0.06, 0.052)
    else:
        joints, radii = ("mcp", "pip", "dip", "tip"), _FINGERS[finger][2]
    bones = tuple(f"{finger}_{joint}" for joint in joints)
    root, core, nail, pad = (f"{finger}_{spot}" for spot in ("root", "core", "nail", "pad"))
    small = 0.55 * radii[3]
    return (
        Part(bones, radii, "skin", chain=True),
        _detail(bones, (root, nail), (small, 0.85 * small), "nail", (core, nail)),
        _detail(bones, (pad,), (1.1 * small,), "pad", (core, pad)),
    )


def _detail(
    bones: tuple[str, ...],
    at: tuple[str, ...],
    radius: tuple[float, ...],
    paint: str,
    faces: tuple[str, str] | None = None,
) -> Part:
    """Something on a finger, drawn right after it."""
    return Part(at, radius, paint, 0.002, faces, inked=False, level=bones)


def _on_back(finger: str, spot: str, radius: float, paint: str) -> Part:
    bones = tuple(f"{finger}_{joint}" for joint in ("mcp", "pip", "dip", "tip"))
    return _detail(bones, (spot,), (radius,), paint, ("front", "behind"))


def _band(finger: str, stem: str, radius: float) -> Part:
    bones = tuple(f"{finger}_{joint}" for joint in ("mcp", "pip", "dip", "tip"))
    return _detail(bones, tuple(f"{stem}_{k}" for k in range(4)), (radius,) * 4, stem)


def _line(name: str) -> Part:
    at = tuple(f"{name}_{k}" for k in (1, 2, 3))
    return Part(at, (0.007, 0.009, 0.007), "crease", 0.045, ("behind", "front"), False, chain=True)


def _tendon(finger: str) -> Part:
    at = (f"{finger}_knuckle", f"{finger}_tendon")
    return Part(at, (0.024, 0.004), "shade", 0.06, ("front", "behind"), False)


_PALM = ("wrist", "heel", "thumb_cmc", "index_mcp", "middle_mcp", "ring_mcp", "little_mcp")
_WIDE = (0.085, 0.085, 0.07, 0.062, 0.062, 0.06, 0.054)
_INNER = (0.035, 0.025, 0.022, 0.022, 0.022, 0.02)

PARTS = (
    Part(("cuff", "elbow"), (0.125, 0.19), "sleeve", lift=0.03),
    Part(("wrist", "cuff"), (0.088, 0.09), "skin", lift=-0.02),
    Part(_PALM, _WIDE, "skin", lift=-0.03),
    Part(_PALM, _WIDE, "palm", 0.03, ("behind", "front"), False),
    Part(_PALM, _WIDE, "flat", 0.03, ("front", "behind"), False),
    Part(_PALM[1:], _INNER, "palm_light", 0.035, ("behind", "front"), False),
    Part(_PALM[1:], _INNER, "flat_light", 0.035, ("front", "behind"), False),
    *(_line(name) for name in ("heart", "mind", "life")),
    *(part for finger in FINGERS for part in _digit(finger)),
    *(_tendon(finger) for finger in _FINGERS),
    *(_on_back(finger, f"{finger}_wrinkle", 0.018, "shade") for finger in _FINGERS),
    _band("ring", "gold", 0.017),
    _band("index", "plaster", 0.023),
    _on_back("ring", "gem", 0.026, "gem"),
)


def _fan(width: float) -> dict[str, float]:
    """Fingers side by side (0) or spread apart."""
    fan = {"index": -0.1, "middle": 0.0, "ring": 0.1, "little": 0.22}
    return {f"{finger}_fan": 0.35 * angle + width * angle for finger, angle in fan.items()}


def _fold(fingers: str, curl: float, bend: float) -> dict[str, float]:
    """The same curl for several fingers; the last joint follows the middle one."""
    return {
        f"{finger}_{hinge}": angle
        for finger in fingers.split()
        for hinge, angle in (("curl", curl), ("bend", bend), ("hook", 0.6 * bend))
    }


def _thumb(over: float, out: float, curl: float, bend: float) -> dict[str, float]:
    """The further it stands before the palm, the more its nail turns away from the fingers."""
    thumb = {"over": over, "out": out, "twist": max(0.0, 1.3 * over - 0.55)}
    return {
        f"thumb_{hinge}": angle for hinge, angle in (thumb | {"curl": curl, "bend": bend}).items()
    }


_ALL = "index middle ring little"
_ASIDE, _ACROSS = _thumb(0.35, 0.65, 0.1, 0.1), _thumb(1.4, 0.88, 0.45, 0.6)
_WIDE_TURNS = {"roll": 0.55, "tilt": 0.3, "wrist_lean": 0.15, "wrist_bend": 0.2}


def _mode(name: str, *poses: Mapping[str, float], spread: float = 0.1) -> Mode:
    pose = {hinge: angle for part in poses for hinge, angle in part.items()}
    fans = {f"{finger}_fan": 0.05 for finger in _FINGERS}
    return Mode(name, pose, spread, {**fans, **_WIDE_TURNS})


MODES = (
    _mode("open", _fan(1.3), _fold(_ALL, 0.05, 0.1), _ASIDE),
    _mode("flat", _fan(0.0), _fold(_ALL, 0.05, 0.05), _thumb(0.2, 0.2, 0.1, 0.05)),
    _mode("relaxed", _fan(0.5), _fold(_ALL, 0.35, 0.45), _thumb(0.6, 0.45, 0.2, 0.2)),
    _mode("fist", _fan(0.0), _fold(_ALL, 1.4, 1.85), _ACROSS),
    _mode("point", _fan(0.0), _fold("middle ring little", 1.4, 1.8), _fold("index", 0.05, 0.08),
          _thumb(1.4, 0.86, 0.7, 0.4)),
    _mode("victory", _fan(1.8), _fold("index middle", 0.05, 0.06), _fold("ring little", 1.4, 1.8),
          _thumb(1.4, 0.86, 0.8, 0.3)),
    _mode("thumbs_up", _fan(0.0), _fold(_ALL, 1.4, 1.85), _thumb(0.3, 0.35, -0.1, -0.15)),
    _mode("pinch", _fan(0.8), _fold("index", 0.87, 1.3), _fold("middle ring little", 0.35, 0.4),
          _thumb(1.08, 0.76, 0.46, 0.38)),
    _mode("grasp", _fan(0.9), _fold(_ALL, 0.6, 0.8), _thumb(1.1, 0.9, 0.35, 0.3)),
    _mode("call", _fan(0.6), _fold("index middle ring", 1.4, 1.8), _fold("little", 0.1, 0.1),
          _thumb(0.3, 0.85, -0.1, -0.1)),
    _mode("count_three", _fan(1.2), _fold("index middle ring", 0.06, 0.08),
          _fold("little", 1.4, 1.7), _thumb(1.4, 0.75, 0.85, 0.4)),
    _mode("gun", _fan(0.3), _fold("index middle", 0.05, 0.08), _fold("ring little", 1.4, 1.8),
          _thumb(0.3, 0.6, -0.1, -0.1)),
    _mode("horns", _fan(1.0), _fold("index little", 0.05, 0.1), _fold("middle ring", 1.4, 1.8),
          _thumb(1.4, 0.86, 0.75, 0.4)),
    _mode("claw", _fan(1.5), _fold(_ALL, 0.1, 1.1), _thumb(0.7, 0.6, 0.2, 0.7), spread=0.13),
    _mode("salute", _fan(0.2), _fold("index middle ring", 0.1, 0.1), _fold("little", 0.9, 1.2),
          {"ring_fan": 0.3, "middle_fan": -0.1}, _thumb(1.2, 0.75, 0.8, 0.4)),
)  # fmt: skip


def dress(rng: np.random.Generator, config: AppearanceConfig) -> Mapping[str, Paint]:
    """Draw skin, sleeve, nail polish and trinkets."""
    flesh, sleeve, polish = skin(rng, config), cloth(rng, config), float(rng.random())
    natural = rng.random() < 0.4
    # The painter darkens outlined parts by as much: palm and back join the fingers unseen.
    flat = shade(flesh, 1 - 0.12 * config.shading)
    palm = _mix(flat.color, (1.0, 0.8, 0.72), 0.35)
    return {
        "skin": flesh,
        "flat": flat,
        "flat_light": Paint(_mix(flat.color, _WHITE, 0.2 * config.shading)),
        "palm": Paint(palm),
        "palm_light": Paint(_mix(palm, _WHITE, 0.25 * config.shading)),
        "pad": Paint(_mix(flat.color, (1.0, 0.62, 0.56), 0.5)),
        "crease": Paint(_mix(flat.color, (0.6, 0.22, 0.18), 0.45)),
        "shade": shade(flat, 0.88),
        "nail": Paint((1.0, 0.86, 0.82) if natural else hsv(0.8 + 0.3 * polish, 0.75, 0.9)),
        "sleeve": sleeve,
        "gold": Paint((0.98, 0.78, 0.2)),
        "gem": Paint((0.85, 0.1, 0.25)),
        "plaster": Paint((0.25, 0.62, 0.9)),
    }


def _mix(a: Color, b: Color, share: float) -> Color:
    red, green, blue = (x + share * (y - x) for x, y in zip(a, b, strict=True))
    return red, green, blue


_CALM = {
    "open": 4.0, "flat": 2.0, "relaxed": 4.0, "point": 2.5, "victory": 2.0, "pinch": 1.5,
    "grasp": 1.5, "thumbs_up": 1.2, "fist": 1.2, "count_three": 0.8, "call": 0.4, "gun": 0.4,
    "horns": 0.3, "claw": 0.3, "salute": 0.2,
}  # fmt: skip
_BUSY = {
    "open": 2.5, "flat": 1.5, "relaxed": 3.0, "point": 2.5, "victory": 1.5, "pinch": 2.5,
    "grasp": 3.5, "thumbs_up": 1.5, "fist": 1.5, "count_three": 0.8, "call": 0.6, "gun": 0.6,
    "horns": 0.6, "claw": 0.8, "salute": 0.4,
}  # fmt: skip

WORLDS = {
    "desk": WorldConfig(
        "hand21", PoseConfig(_CALM, turn=0.3, back=0.35), camera=CameraConfig(margin=1.4)
    ),
    "kitchen": WorldConfig(
        "hand21",
        PoseConfig(_BUSY, spread=1.15, turn=0.4, back=0.4),
        ShapeConfig(limbs=1.05, girth=0.93, head=0.97, variety=0.06),
        CameraConfig(
            pitch=0.15, pitch_spread=0.12, roll_spread=0.35, distance=3.2, margin=1.38,
            zoom_spread=0.06, jitter=0.03, truncated=0.03,
        ),
        AppearanceConfig(
            saturation=(0.2, 0.85), value=(0.45, 0.98), tone=(0.0, 1.0), pattern=0.6, outline=0.25,
            shading=0.7, backdrop=(0.45, 0.95), clutter=0.3, texture=0.25, occluder=0.1, light=0.7,
            exposure=0.12, cast=0.07, blur=0.006, noise=9.0,
        ),
    ),
    "workshop": WorldConfig(
        "hand21",
        PoseConfig(_BUSY | {"open": 3.5, "claw": 1.5}, 1.1, turn=0.4, back=0.4),
        ShapeConfig(limbs=0.96, girth=1.1, head=1.04, variety=0.06),
        CameraConfig(
            pitch=-0.12, pitch_spread=0.1, roll_spread=0.25, distance=3.0, margin=1.38,
            zoom_spread=0.06, jitter=0.03,
        ),
        AppearanceConfig(
            hue=(0.45, 0.75), saturation=(0.3, 0.9), value=(0.3, 0.8), tone=(0.1, 1.0),
            pattern=0.3, outline=0.6, shading=0.9, backdrop=(0.2, 0.6), clutter=0.22, texture=0.25,
            occluder=0.08, light=1.0, exposure=0.14, cast=0.1, blur=0.006, noise=7.0,
        ),
    ),
}  # fmt: skip

FIGURES.register("hand21")(
    Figure(
        name="hand21",
        kind="hand",
        joints=JOINTS,
        keypoints=KEYPOINTS,
        parts=PARTS,
        modes=MODES,
        dress=dress,
        worlds=WORLDS,
        pairs=("desk->kitchen", "desk->workshop"),
        grounded=False,
        symmetric=False,
    )
)
