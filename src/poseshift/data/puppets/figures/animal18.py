"""A four-legged animal with eighteen joints in TigDog order: horse, dog, tiger or cow.

The legs of its right side are a darker shade with a dark sock, a red band and a warm hoof, those
of its left side a lighter shade with a pale sock, a white band and a cool hoof. Every action is
seen from the side, facing right or left; `PoseConfig.back` shares out who looks away.
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
from poseshift.data.puppets.figure import Figure, Joint, Paint, Part, two_sided
from poseshift.data.puppets.figures import FIGURES
from poseshift.data.puppets.figures._animal_actions import MODES
from poseshift.data.puppets.looks import cloth, fur, mix, shade

KEYPOINTS = (
    "l_eye", "r_eye", "chin", "l_fore_hoof", "r_fore_hoof", "l_hind_hoof", "r_hind_hoof", "hip",
    "l_knee", "r_knee", "l_hock", "r_hock", "l_shoulder", "r_shoulder",
    "l_elbow", "r_elbow", "l_stifle", "r_stifle",
)  # fmt: skip


def _on_head(name: str, x: float, y: float, z: float) -> Joint:
    return Joint(name, "poll", (x, y, z), grows="head")


JOINTS = (
    Joint("trunk", hinges={"turn": "y", "tilt": "x", "roll": "z"}),
    Joint("chest", "trunk", (0, -0.005, 0.15)),
    Joint("belly", "trunk", (0, -0.02, 0)),
    Joint("croup", "trunk", hinges={"arch": "x", "sway": "y"}),
    Joint("rump", "croup", (0, 0, -0.16)),
    Joint("hip", "croup", (0, 0.07, -0.25), {"tail": "x", "wag": "y"}),
    Joint("tail_mid", "hip", (0, -0.05, -0.09), {"curl": "x"}),
    Joint("tail_tip", "tail_mid", (0, -0.12, -0.02)),
    Joint("withers", "trunk", (0, 0.04, 0.16), {"crane": "x", "veer": "y"}),
    Joint("poll", "withers", (0, 0.18, 0.12), {"nod": "x", "shake": "y", "cock": "z"}, "limbs"),
    _on_head("skull", 0, 0, 0.03),
    _on_head("brow", 0, 0.06, 0.07),
    _on_head("snout", 0, -0.05, 0.145),
    _on_head("nose", 0, -0.028, 0.2),
    _on_head("chin", 0, -0.1, 0.13),
    _on_head("tuft", 0, 0.085, 0.02),
    _on_head("nape", 0, 0.06, -0.06),
    Joint("crest_1", "withers", (0, 0.155, 0.045), grows="limbs"),
    Joint("crest_2", "withers", (0, 0.08, -0.01), grows="limbs"),
    Joint("crest_3", "withers", (0, 0.02, -0.04)),
    Joint("collar_front", "withers", (0, 0.066, 0.14), grows="limbs"),
    Joint("collar_back", "withers", (0, 0.155, 0.01), grows="limbs"),
    Joint("bell", "withers", (0, 0.025, 0.155), grows="limbs"),
    *two_sided(
        [
            _on_head("r_eye", -0.072, 0.025, 0.068),
            _on_head("r_glint", -0.074, 0.036, 0.074),
            Joint("r_collar", "withers", (-0.07, 0.11, 0.075), grows="limbs"),
            _on_head("r_nostril", -0.03, -0.045, 0.185),
            _on_head("r_ear", -0.05, 0.065, -0.01),
            _on_head("r_ear_up", -0.065, 0.14, -0.02),
            _on_head("r_ear_down", -0.105, -0.045, -0.01),
            _on_head("r_ear_out", -0.12, 0.07, -0.04),
            _on_head("r_horn", -0.035, 0.085, 0.02),
            _on_head("r_horn_tip", -0.06, 0.15, 0.03),
            Joint("r_spot", "trunk", (-0.115, 0.04, 0.05)),
            Joint("r_blot", "croup", (-0.11, 0.03, -0.14)),
            Joint(
                "r_shoulder",
                "trunk",
                (-0.085, 0.0, 0.17),
                {"r_fore_spread": "-z", "r_fore_stride": "-x"},
            ),
            Joint("r_elbow", "r_shoulder", (0.01, -0.13, -0.04), {"r_elbow": "-x"}, "limbs"),
            Joint("r_knee", "r_elbow", (0, -0.155, 0.015), {"r_knee": "x"}, "limbs"),
            Joint("r_fore_hoof", "r_knee", (0, -0.15, 0.01), grows="limbs"),
            Joint("r_fore_heel", "r_knee", (0, -0.15, 0), grows="limbs"),
            Joint("r_fore_toe", "r_knee", (0, -0.16, 0.04), grows="limbs"),
            Joint(
                "r_haunch",
                "croup",
                (-0.07, 0.0, -0.165),
                {"r_hind_spread": "-z", "r_hind_stride": "-x"},
            ),
            Joint("r_stifle", "r_haunch", (0, -0.15, 0.065), {"r_stifle": "x"}, "limbs"),
            Joint("r_hock", "r_stifle", (0, -0.135, -0.11), {"r_hock": "-x"}, "limbs"),
            Joint("r_hind_hoof", "r_hock", (0, -0.155, 0.025), grows="limbs"),
            Joint("r_hind_heel", "r_hock", (0, -0.155, 0.015), grows="limbs"),
            Joint("r_hind_toe", "r_hock", (0, -0.165, 0.055), grows="limbs"),
        ]
    ),
)


def _head(at: tuple[str, ...], radius: tuple[float, ...], paint: str, lift: float) -> Part:
    return Part(at, radius, paint, lift, grows="head")


def _dot(at: str, radius: float, paint: str, lift: float, on: str, style: str = "") -> Part:
    """A detail on a surface, seen from outside only."""
    return Part((at,), (radius,), paint, lift, (on, at), inked=False, style=style, grows="head")


def _mane(style: str, thick: float) -> tuple[Part, ...]:
    """Hair along the crest of the neck, and a forelock."""
    crest, r = ("crest_1", "crest_2", "crest_3"), thick
    return (
        Part(crest, (r, 1.1 * r, 0.8 * r), "mane", -0.005, style=style, chain=True),
        Part(("tuft", "brow"), (0.8 * r, 0.4 * r), "mane", 0.06, style=style, grows="head"),
    )


def _collar(style: str) -> tuple[Part, ...]:
    """A ring around the neck, and what hangs from it."""
    ring = ("collar_front", "collar_back", "r_collar", "l_collar")
    return (
        Part(ring, (0.017, 0.014, 0.014, 0.014), "collar", 0.03, style=style),
        Part(("bell",), (0.026,), "bell", 0.035, style=style),
    )


def _ear(tip: str, base: float, end: float, paint: str, lift: float, style: str) -> Part:
    return Part(("r_ear", tip), (base, end), paint, lift, style=style, grows="head")


def _tail(style: str, root: float, middle: float, tip: float, end: str) -> tuple[Part, ...]:
    return (
        Part(("hip", "tail_mid"), (root, middle), "coat", -0.01, style=style),
        Part(("tail_mid", "tail_tip"), (middle, tip), end, -0.011, style=style),
    )


PARTS = (
    Part(("chest", "belly", "rump"), (0.125, 0.118, 0.122), "coat"),
    Part(("withers", "poll"), (0.1, 0.068), "coat", lift=0.005),
    Part(("withers", "chest"), (0.085, 0.1), "coat_flat", lift=0.012, inked=False),
    *_collar("dog"),
    *_collar("cow"),
    *_mane("horse", 0.045),
    *_mane("cow", 0.02),
    *_tail("horse", 0.032, 0.045, 0.028, "mane"),
    *_tail("dog", 0.032, 0.03, 0.022, "coat"),
    *_tail("tiger", 0.028, 0.026, 0.03, "mane"),
    *_tail("cow", 0.022, 0.018, 0.034, "mane"),
    _head(("skull", "snout"), (0.088, 0.06), "coat", 0.02),
    _head(("snout", "chin"), (0.058, 0.03), "muzzle", 0.035),
    _dot("nose", 0.02, "nose", 0.08, on="skull"),
    *two_sided(
        [
            _dot("r_eye", 0.027, "eye", 0.06, on="skull"),
            _dot("r_glint", 0.009, "glint", 0.07, on="skull"),
            _dot("r_nostril", 0.009, "nose", 0.07, on="skull", style="cow"),
            _dot("r_spot", 0.055, "patch", 0.06, on="trunk", style="cow"),
            _dot("r_blot", 0.05, "patch", 0.06, on="croup", style="cow"),
            _ear("r_ear_up", 0.026, 0.008, "coat", 0.01, "horse"),
            _ear("r_ear_down", 0.03, 0.034, "mane", 0.05, "dog"),
            _ear("r_ear", 0.042, 0.042, "coat", 0.0, "tiger"),
            _dot("r_ear", 0.022, "blush", 0.02, on="nape", style="tiger"),
            _ear("r_ear_out", 0.028, 0.012, "coat", 0.01, "cow"),
            Part(("r_horn", "r_horn_tip"), (0.018, 0.007), "horn", 0.0, style="cow", grows="head"),
            Part(("r_shoulder", "r_elbow"), (0.068, 0.05), "r_leg"),
            Part(("r_elbow", "r_knee"), (0.046, 0.034), "r_leg", lift=-0.003),
            Part(("r_knee", "r_fore_hoof"), (0.034, 0.03), "r_sock", lift=-0.001),
            Part(("r_knee",), (0.035,), "r_band", lift=0.03, inked=False),
            Part(("r_fore_heel", "r_fore_toe"), (0.036, 0.03), "r_hoof", lift=0.04),
            Part(("r_haunch", "r_stifle"), (0.09, 0.058), "r_leg"),
            Part(("r_stifle", "r_hock"), (0.052, 0.035), "r_leg", lift=-0.003),
            Part(("r_hock", "r_hind_hoof"), (0.035, 0.031), "r_sock", lift=-0.001),
            Part(("r_hock",), (0.036,), "r_band", lift=0.03, inked=False),
            Part(("r_hind_heel", "r_hind_toe"), (0.036, 0.03), "r_hoof", lift=0.04),
        ]
    ),
)

_CREAM, _INK = (1.0, 0.97, 0.89), (0.12, 0.09, 0.1)


def dress(rng: np.random.Generator, config: AppearanceConfig) -> Mapping[str, Paint]:
    """Draw a coat; the sides differ in the same way in every world."""
    coat = fur(rng, config)
    dark, pale = mix(coat.color, _INK, 0.65), mix(coat.color, _CREAM, 0.6)
    return {
        "coat": coat,
        "coat_flat": shade(coat, 1 - 0.12 * config.shading),
        "muzzle": Paint(pale),
        "mane": Paint(dark if rng.random() < 0.7 else pale),
        "patch": Paint(dark if sum(coat.color) > 1.6 else pale),
        "horn": Paint((0.95, 0.9, 0.75)),
        "nose": Paint((0.2, 0.12, 0.12)),
        "eye": Paint((0.06, 0.05, 0.08)),
        "glint": Paint((1.0, 1.0, 1.0)),
        "blush": Paint((0.93, 0.62, 0.6)),
        "collar": Paint(cloth(rng, config).color),
        "bell": Paint((0.98, 0.8, 0.25)),
        "r_leg": shade(coat, 0.72),
        "l_leg": shade(coat, 1.08),
        "r_sock": Paint(mix(coat.color, _INK, 0.7)),
        "l_sock": Paint(mix(coat.color, _CREAM, 0.7)),
        "r_band": Paint((0.85, 0.16, 0.14)),
        "l_band": Paint((0.95, 0.95, 0.95)),
        "r_hoof": Paint((0.86, 0.3, 0.16)),
        "l_hoof": Paint((0.2, 0.45, 0.85)),
    }


_CALM = {
    "stand": 4.0, "look": 1.5, "walk": 5.0, "trot": 1.5, "graze": 2.0, "sit": 1.0, "lie": 0.8,
    "gallop": 0.6, "gather": 0.4, "howl": 0.5, "paw": 0.5, "jump": 0.3, "rear": 0.3, "play": 0.3,
    "buck": 0.2, "wallow": 0.1,
}  # fmt: skip
_WILD = {
    "stand": 2.0, "look": 1.5, "walk": 3.5, "trot": 2.2, "graze": 2.0, "sit": 1.0, "lie": 1.0,
    "gallop": 1.8, "gather": 1.2, "howl": 0.6, "paw": 0.7, "jump": 0.9, "rear": 0.8, "play": 0.6,
    "buck": 0.5, "wallow": 0.25,
}  # fmt: skip

_PLAYFUL = _CALM | {"gallop": 1.2, "lie": 1.4, "play": 1.0, "sit": 1.5}

WORLDS = {
    "barn": WorldConfig(
        "animal18",
        PoseConfig(_CALM, turn=0.35),
        ShapeConfig(),
        CameraConfig(margin=1.4),
        AppearanceConfig(hue=(0.02, 0.14), tone=(0.0, 0.7)),
    ),
    "savanna": WorldConfig(
        "animal18",
        PoseConfig(_WILD, spread=1.12, turn=0.65, back=0.18),
        ShapeConfig(limbs=1.06, girth=0.93, head=0.93, variety=0.06),
        CameraConfig(
            pitch=0.25, pitch_spread=0.12, roll_spread=0.1, distance=3.2, margin=1.4,
            zoom_spread=0.05, jitter=0.03, truncated=0.02,
        ),
        AppearanceConfig(
            hue=(0.0, 0.2), saturation=(0.1, 0.9), value=(0.3, 1.0), tone=(0.0, 1.0),
            pattern=0.8, outline=0.1, shading=0.5, backdrop=(0.42, 0.95), clutter=0.9,
            texture=0.5, occluder=0.2, light=0.7, exposure=0.16, cast=0.09, blur=0.01, noise=12.0,
        ),
    ),
    "meadow": WorldConfig(
        "animal18",
        PoseConfig(_PLAYFUL, turn=0.42, back=0.15),
        ShapeConfig(limbs=0.9, girth=1.06, head=1.12, variety=0.06),
        CameraConfig(
            pitch=0.22, pitch_spread=0.08, distance=3.6, margin=1.46, zoom_spread=0.05, jitter=0.03
        ),
        AppearanceConfig(
            saturation=(0.25, 0.75), value=(0.4, 1.0), tone=(0.0, 1.0), pattern=0.55, outline=0.45,
            shading=0.5, backdrop=(0.5, 0.98), clutter=0.4, texture=0.25, occluder=0.08,
            light=0.9, exposure=0.15, cast=0.09, blur=0.006, noise=7.0,
        ),
    ),
}  # fmt: skip

FIGURES.register("animal18")(
    Figure(
        name="animal18",
        kind="animal",
        joints=JOINTS,
        keypoints=KEYPOINTS,
        parts=PARTS,
        modes=MODES,
        dress=dress,
        worlds=WORLDS,
        pairs=("barn->savanna", "barn->meadow"),
        styles=("horse", "dog", "tiger", "cow"),
        scenery="country",
    )
)
