"""What the name of a keypoint says: its side, its mirror image, and what else it may be called.

People write ``left_wrist``, ``L_Wrist``, ``wristLeft`` or ``l wrist``; this module levels the
spelling, so that flips and mappings between skeletons can be found by name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import yaml

_SIDES = {"left": "left", "l": "left", "right": "right", "r": "right"}
_MIRROR = {"left": "right", "right": "left"}
# Where a word ends inside a name: eyeL, leftEye, LWrist, lefteye.
_JOINTS_OF_WORDS = re.compile(
    r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=\bleft)(?=[a-z])|(?<=\bright)(?=[a-z])"
)


def side_and_stem(name: str) -> tuple[str, str]:
    """Split a name into its side ('left', 'right' or '') and the rest in plain spelling.

    Example:
        >>> side_and_stem("L_Wrist"), side_and_stem("eyeRight"), side_and_stem("Root of tail")
        (('left', 'wrist'), ('right', 'eye'), ('', 'root_of_tail'))
    """
    words = [w for w in re.split(r"[\W_]+", _JOINTS_OF_WORDS.sub("_", name).lower()) if w]
    sided = next((w for w in words if w in _SIDES), None)
    if sided is None or len(words) == 1:
        return "", "_".join(words)
    words.remove(sided)
    return _SIDES[sided], "_".join(words)


def mirror(names: Sequence[str]) -> tuple[int, ...]:
    """Find each joint's partner on the other side; joints without one stay where they are.

    Example:
        >>> mirror(["nose", "left_eye", "right_eye", "left_ear"])
        (0, 2, 1, 3)
    """
    places: dict[tuple[str, str], int] = {}
    for index, name in enumerate(names):
        places.setdefault(side_and_stem(name), index)
    partners = list(range(len(names)))
    for (side, stem), index in places.items():
        if side:
            partners[index] = places.get((_MIRROR[side], stem), index)
    return tuple(partners)


def meaning(name: str) -> tuple[str, str]:
    """Say which joint a name means, the same for all its spellings and built-in aliases.

    Example:
        >>> meaning("L_F_Paw") == meaning("left_front_hoof")
        True
    """
    side, stem = side_and_stem(name)
    return side, _same_joint().get(stem, stem)


@cache
def _same_joint() -> dict[str, str]:
    text = Path(__file__).with_name("skeletons").joinpath("_aliases.yaml").read_text("utf-8")
    return {word: words[0] for words in yaml.safe_load(text) for word in words}
