"""The rig of the face: 68 landmarks, the centres they turn about, and joints to draw on."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from poseshift.data.puppets.figure import Joint, two_sided
from poseshift.data.puppets.rig import Growth

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
_FACE: tuple[Growth, Growth, Growth] = ("girth", "limbs", "")


def _at(name: str, spot: Spot, follows: Mapping[str, float] | str = "skull") -> tuple[Joint, ...]:
    """A point that follows one centre, or several by weight."""
    if isinstance(follows, str):
        (x, y, z), (a, b, c) = spot, _CENTERS[follows]
        on_eye = follows in ("r_eye", "r_lid")
        return (Joint(name, follows, (x - a, y - b, z - c), grows="head" if on_eye else _FACE),)
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


def row(stem: str, count: int) -> tuple[str, ...]:
    return tuple(f"{stem}_{k}" for k in range(count))


def lefts(names: tuple[str, ...]) -> tuple[str, ...]:
    """The same on the left, in the opposite order."""
    return tuple(f"l_{name[2:]}" for name in reversed(names))


EYE_TOP = ("r_eye_outer", "r_eye_top_0", "r_eye_top_1", "r_eye_inner")
EYE_LOW = ("r_eye_low_1", "r_eye_low_0")
_TOP_LIP, _LOW_LIP = ("r_upper_0", "r_upper_1"), ("r_lower_0", "r_lower_1")
_NOSTRILS = ("r_nostril_0", "r_nostril_1")
KEYPOINTS = (
    *row("r_jaw", 8), "chin", *lefts(row("r_jaw", 8)),
    *row("r_brow", 5), *lefts(row("r_brow", 5)),
    *row("nose", 4), *_NOSTRILS, "nose_base", *lefts(_NOSTRILS),
    *EYE_TOP, *EYE_LOW, *lefts(EYE_TOP), *lefts(EYE_LOW),
    "r_corner", *_TOP_LIP, "upper", *lefts(_TOP_LIP), "l_corner",
    "l_lower_0", "l_lower_1", "lower", "r_lower_1", "r_lower_0",
    "r_inner", "r_inner_upper", "inner_upper", "l_inner_upper",
    "l_inner", "l_inner_lower", "inner_lower", "r_inner_lower",
)  # fmt: skip
