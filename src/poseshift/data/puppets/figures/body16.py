"""A person with sixteen joints in MPII order, dressed so that left and right can be told apart.

The right sleeve and trouser leg are a darker shade, the right shoe is warm and the left one cool,
the right wrist wears a red band and the left a white one; the face and the buttons are in front, a
backpack behind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from poseshift.data.puppets import places
from poseshift.data.puppets.config import AppearanceConfig, PoseConfig, ShapeConfig, WorldConfig
from poseshift.data.puppets.figure import Figure, Joint, Mode, Paint, Part, two_sided
from poseshift.data.puppets.figures import FIGURES
from poseshift.data.puppets.looks import cloth, hair, shade, skin

KEYPOINTS = (
    "r_ankle", "r_knee", "r_hip", "l_hip", "l_knee", "l_ankle", "pelvis", "thorax",
    "neck", "head_top", "r_wrist", "r_elbow", "r_shoulder", "l_shoulder", "l_elbow", "l_wrist",
)  # fmt: skip


def _on_head(name: str, x: float, y: float, z: float) -> Joint:
    return Joint(name, "neck", (x, y, z), grows="head")


JOINTS = (
    Joint("pelvis", hinges={"turn": "y", "tilt": "x", "roll": "z"}),
    Joint("belly", "pelvis", (0, 0.09, 0), {"bend": "x", "lean": "z", "twist": "y"}),
    Joint("thorax", "belly", (0, 0.19, 0)),
    Joint("chest", "belly", (0, 0.12, 0.012)),
    Joint("button_1", "belly", (0, 0.15, 0.078)),
    Joint("button_2", "belly", (0, 0.09, 0.084)),
    Joint("button_3", "belly", (0, 0.03, 0.082)),
    Joint("neck", "thorax", (0, 0.065, 0.01), {"shake": "y", "nod": "x", "cock": "z"}),
    _on_head("head_top", 0, 0.15, 0),
    _on_head("skull", 0, 0.075, 0.005),
    _on_head("jaw", 0, 0.05, 0.02),
    _on_head("nose", 0, 0.06, 0.082),
    _on_head("mouth", 0, 0.034, 0.07),
    _on_head("fringe", 0, 0.13, 0.035),
    _on_head("brim", 0, 0.122, 0.088),
    _on_head("nape", 0, 0.085, -0.02),
    _on_head("bun", 0, 0.14, -0.035),
    _on_head("mane", 0, 0, -0.04),
    *two_sided(
        [
            _on_head("r_eye", -0.026, 0.078, 0.062),
            _on_head("r_cheek", -0.034, 0.05, 0.056),
            _on_head("r_ear", -0.062, 0.068, 0),
            _on_head("r_lock", -0.042, 0.112, 0.03),
            Joint("r_strap", "belly", (-0.035, 0.16, -0.075)),
            Joint("r_pack", "belly", (-0.035, 0.045, -0.085)),
            Joint(
                "r_shoulder",
                "thorax",
                (-0.108, -0.012, 0),
                {"r_raise": "-z", "r_swing": "-x", "r_screw": "y"},
            ),
            Joint("r_elbow", "r_shoulder", (0, -0.16, 0), {"r_elbow": "-x"}, "limbs"),
            Joint("r_cuff", "r_elbow", (0, -0.12, 0), grows="limbs"),
            Joint("r_wrist", "r_elbow", (0, -0.145, 0), grows="limbs"),
            Joint("r_palm", "r_elbow", (0, -0.175, 0), grows="limbs"),
            Joint(
                "r_hip",
                "pelvis",
                (-0.06, -0.01, 0),
                {"r_spread": "-z", "r_stride": "-x", "r_pivot": "y"},
            ),
            Joint("r_knee", "r_hip", (0, -0.24, 0), {"r_knee": "x"}, "limbs"),
            Joint("r_ankle", "r_knee", (0, -0.23, 0), {"r_foot": "-x"}, "limbs"),
            Joint("r_heel", "r_ankle", (0, -0.026, -0.018)),
            Joint("r_toe", "r_ankle", (0, -0.03, 0.078)),
        ]
    ),
)


def _dot(at: str, radius: float, paint: str, lift: float, on: str) -> Part:
    """A detail on a surface, seen from outside only."""
    return Part((at,), (radius,), paint, lift, faces=(on, at), inked=False)


def _hair(style: str, *lumps: tuple[str, float]) -> Part:
    at, radius = zip(*lumps, strict=True)
    return Part(at, radius, "hair", style=style, grows="head")


def _fringe(style: str) -> Part:
    at = ("fringe", "r_lock", "l_lock")
    return Part(at, (0.02, 0.02, 0.02), "hair", 0.03, inked=False, style=style, grows="head")


PARTS = (
    Part(("r_hip", "l_hip", "belly"), (0.06, 0.06, 0.062), "trousers", lift=-0.01),
    Part(("r_shoulder", "l_shoulder", "chest", "belly"), (0.042, 0.042, 0.078, 0.068), "shirt"),
    Part(("thorax", "neck"), (0.034, 0.032), "skin", lift=-0.012),
    *(_dot(f"button_{k}", 0.011, "button", 0.1, on="belly") for k in (1, 2, 3)),
    Part(("r_strap", "l_strap", "r_pack", "l_pack"), (0.03, 0.03, 0.04, 0.04), "pack", lift=-0.03),
    _hair("short", ("nape", 0.073)),
    _hair("long", ("nape", 0.074), ("mane", 0.05)),
    _hair("bun", ("nape", 0.07), ("bun", 0.025)),
    _hair("cap", ("nape", 0.07)),
    Part(("skull", "jaw"), (0.068, 0.056), "skin", lift=0.01, grows="head"),
    *(_fringe(style) for style in ("short", "long", "bun")),
    Part(
        ("r_lock", "l_lock", "head_top"),
        (0.03, 0.03, 0.035),
        "cap",
        lift=0.03,
        style="cap",
        grows="head",
    ),
    Part(
        ("r_lock", "l_lock", "brim"),
        (0.014, 0.014, 0.022),
        "cap",
        lift=0.06,
        faces=("nape", "brim"),
        style="cap",
        grows="head",
    ),
    _dot("nose", 0.011, "blush", 0.08, on="skull"),
    _dot("mouth", 0.013, "lips", 0.06, on="skull"),
    *two_sided(
        [
            Part(("r_ear",), (0.018,), "skin", lift=-0.005, grows="head"),
            _dot("r_eye", 0.012, "eye", 0.06, on="skull"),
            _dot("r_cheek", 0.012, "blush", 0.05, on="skull"),
            Part(("r_shoulder", "r_elbow"), (0.043, 0.034), "r_sleeve", lift=0.02),
            Part(("r_elbow", "r_wrist"), (0.033, 0.026), "r_forearm", lift=0.015),
            Part(("r_wrist", "r_palm"), (0.024, 0.03), "skin", lift=0.01),
            Part(("r_cuff", "r_wrist"), (0.03, 0.029), "r_band", lift=0.022, inked=False),
            Part(("r_hip", "r_knee"), (0.057, 0.044), "r_thigh"),
            Part(("r_knee", "r_ankle"), (0.042, 0.03), "r_shin"),
            Part(("r_heel", "r_toe"), (0.034, 0.027), "r_shoe", lift=0.006),
        ]
    ),
)

_MODES = (
    Mode("stand", {"raise": 0.15, "elbow": 0.25, "spread": 0.07, "knee": 0.05}, 0.09),
    Mode(
        "walk",
        {"raise": 0.14, "elbow": 0.55, "knee": 0.4, "bend": 0.05, "stride": 0.1},
        0.1,
        swings=(
            {"r_stride": 0.45, "l_stride": -0.4, "r_swing": -0.4, "l_swing": 0.4},
            {"r_knee": 0.3, "l_knee": -0.3},
        ),
    ),
    Mode(
        "reach",
        {"r_raise": 2.7, "r_elbow": 0.2, "l_raise": 0.2, "l_elbow": 0.4, "lean": 0.1, "nod": -0.25},
        0.12,
        {"r_raise": 0.35, "r_elbow": 0.25},
    ),
    Mode(
        "cheer",
        {"raise": 2.6, "elbow": 0.35, "spread": 0.15},
        0.14,
        {"raise": 0.25, "elbow": 0.3},
    ),
    Mode(
        "wave",
        {"r_raise": 1.6, "r_elbow": 1.5, "r_screw": -1.5, "l_raise": 0.2, "l_elbow": 0.3},
    ),
    Mode("hands_on_hips", {"raise": 0.75, "elbow": 1.7, "screw": 1.15, "spread": 0.12}, 0.09),
    Mode(
        "sit",
        {"stride": 1.45, "knee": 1.45, "spread": 0.16, "raise": 0.2, "swing": 0.45, "elbow": 0.7},
        0.11,
        {"knee": 0.18},
    ),
    Mode(
        "crouch",
        {"stride": 1.9, "knee": 2.2, "spread": 0.35, "foot": 0.3, "bend": 0.45}
        | {"swing": 0.9, "elbow": 0.6},
        0.13,
    ),
    Mode(
        "lunge",
        {"r_stride": 1.1, "r_knee": 1.1, "l_stride": -0.45, "l_knee": 0.4, "bend": 0.15}
        | {"raise": 0.5, "elbow": 0.9},
        loose={"raise": 0.3},
    ),
    Mode(
        "run",
        {"r_stride": 1.0, "r_knee": 1.35, "l_stride": -0.45, "l_knee": 0.9, "tilt": 0.2}
        | {"r_swing": -0.7, "l_swing": 0.75, "elbow": 1.5, "raise": 0.15},
        0.13,
    ),
    Mode(
        "kick",
        {"r_stride": 1.5, "r_knee": 0.2, "r_spread": 0.2, "l_stride": -0.1, "bend": -0.2}
        | {"raise": 0.9, "elbow": 0.5},
        0.14,
        {"r_stride": 0.25, "r_spread": 0.3},
    ),
    Mode(
        "bow",
        {"tilt": 0.7, "stride": 0.7, "bend": 0.7, "nod": 0.3}
        | {"raise": 0.15, "swing": 0.6, "elbow": 0.2},
        0.13,
    ),
    Mode(
        "jump",
        {"raise": 2.2, "elbow": 0.4, "stride": 0.5, "knee": 1.1, "spread": 0.45, "foot": -0.5},
        0.17,
    ),
    Mode("star", {"raise": 1.65, "elbow": 0.15, "spread": 0.6, "foot": -0.3}, 0.14),
    Mode(
        "arabesque",
        {"tilt": 0.95, "l_stride": 0.95, "r_stride": -0.75, "nod": -0.6}
        | {"raise": 1.45, "elbow": 0.15},
        0.14,
    ),
    Mode(
        "kneel",
        {"r_stride": 1.5, "r_knee": 1.55, "l_knee": 1.6, "l_foot": -0.6}
        | {"raise": 0.25, "elbow": 0.6},
        0.11,
    ),
    Mode(
        "cartwheel",
        {"roll": 2.6, "raise": 2.7, "elbow": 0.15, "spread": 0.75, "foot": -0.3},
        0.15,
        {"roll": 0.5},
    ),
    Mode(
        "curl",
        {"stride": 2.1, "knee": 2.1, "bend": 0.8, "nod": 0.5}
        | {"swing": 1.3, "elbow": 1.2, "raise": 0.1},
        0.14,
    ),
)


_STEADY = {"tilt": 0.05, "roll": 0.04}
"""People hardly lean as a whole: they would fall."""

MODES = tuple(replace(mode, loose=_STEADY | {**mode.loose}) for mode in _MODES)


def dress(rng: np.random.Generator, config: AppearanceConfig) -> Mapping[str, Paint]:
    """Draw clothes; the sides differ in the same way in every world."""
    flesh, shirt, trousers = skin(rng, config), cloth(rng, config), cloth(rng, config)
    long_sleeves, long_legs = rng.random() < 0.6, rng.random() < 0.75
    red, green, blue = flesh.color
    sided = {
        "sleeve": shirt,
        "forearm": shirt if long_sleeves else flesh,
        "thigh": trousers,
        "shin": trousers if long_legs else flesh,
    }
    return {
        "skin": flesh,
        "hair": hair(rng),
        "cap": Paint(cloth(rng, config).color),
        "pack": Paint(shade(cloth(rng, config), 0.75).color),
        "shirt": shirt,
        "trousers": trousers,
        "button": Paint((0.98, 0.95, 0.85)),
        "eye": Paint((0.08, 0.07, 0.1)),
        "blush": Paint((min(1.0, 1.04 * red), 0.78 * green, 0.76 * blue)),
        "lips": Paint((0.62, 0.2, 0.2)),
        "r_band": Paint((0.85, 0.16, 0.14)),
        "l_band": Paint((0.95, 0.95, 0.95)),
        "r_shoe": Paint((0.86, 0.3, 0.16)),
        "l_shoe": Paint((0.2, 0.45, 0.85)),
        **{
            f"r_{slot}": paint if paint is flesh else shade(paint, 0.7)
            for slot, paint in sided.items()
        },
        **{
            f"l_{slot}": paint if paint is flesh else shade(paint, 1.08)
            for slot, paint in sided.items()
        },
    }


_CALM = {
    "stand": 4.0, "walk": 5.0, "reach": 3.0, "cheer": 1.5, "wave": 2.0, "hands_on_hips": 2.0,
    "sit": 1.5, "run": 0.8, "lunge": 0.7, "crouch": 0.5, "star": 0.4, "kick": 0.3, "bow": 0.3,
    "jump": 0.3, "kneel": 0.3, "arabesque": 0.15, "cartwheel": 0.15, "curl": 0.15,
}  # fmt: skip
_BUSY = {
    "stand": 2.0, "walk": 4.0, "reach": 2.0, "cheer": 1.2, "wave": 1.5, "hands_on_hips": 1.0,
    "sit": 2.0, "run": 2.0, "lunge": 1.4, "crouch": 1.3, "star": 0.6, "kick": 1.0, "bow": 0.9,
    "jump": 0.9, "kneel": 0.9, "arabesque": 0.4, "cartwheel": 0.35, "curl": 0.4,
}  # fmt: skip

_GYM = _CALM | {"lunge": 2.0, "star": 1.5, "jump": 1.0, "crouch": 1.0}
_STAGE = _BUSY | {"arabesque": 1.5, "star": 1.5, "bow": 1.5, "cheer": 2.5}

WORLDS = {
    "studio": WorldConfig(
        "body16", PoseConfig(_CALM), ShapeConfig(), places.STUDIO_CAMERA, places.STUDIO_LOOK
    ),
    "street": WorldConfig(
        "body16",
        PoseConfig(_BUSY, spread=1.15, turn=0.65, back=0.18),
        ShapeConfig(limbs=1.06, girth=0.92, head=0.92, variety=0.07),
        places.STREET_CAMERA,
        places.STREET_LOOK,
    ),
    "gym": WorldConfig(
        "body16",
        PoseConfig(_GYM, turn=0.4, back=0.05),
        ShapeConfig(limbs=0.97, girth=1.06),
        places.GYM_CAMERA,
        places.GYM_LOOK,
    ),
    "stage": WorldConfig(
        "body16",
        PoseConfig(_STAGE, spread=1.1, turn=0.8, back=0.15),
        ShapeConfig(limbs=1.07, girth=0.93, head=0.95, variety=0.06),
        places.STAGE_CAMERA,
        places.STAGE_LOOK,
    ),
}

FIGURES.register("body16")(
    Figure(
        name="body16",
        kind="body",
        joints=JOINTS,
        keypoints=KEYPOINTS,
        parts=PARTS,
        modes=MODES,
        dress=dress,
        worlds=WORLDS,
        pairs=(
            "studio->street",
            "gym->stage",
            *(f"studio->street/{axis}" for axis in ("pose", "shape", "camera", "appearance")),
        ),
        styles=("short", "long", "bun", "cap"),
    )
)
