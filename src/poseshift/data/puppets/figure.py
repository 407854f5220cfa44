"""The contract of a puppet: joints that turn, parts that are drawn, action modes it moves in.

A new puppet is one file in ``figures/`` that registers one `Figure`, made of data alone:

* `Joint`: a point carried by its parent, with the hinges that turn all that hangs on it;
* `Part`: the convex hull of discs centred on joints, in one paint (a capsule, a torso, an eye);
* `Mode`: a Gaussian blob of hinge angles with a name ("walk"); a world weighs the modes.

Space is right-handed, x to the right of the picture, y up, z towards the camera; a figure in its
rest pose faces the camera, so its own right hand (``r_``) is on the left of the picture. Lengths
are in figure heights. Write the right side only: `two_sided` adds the left, and since left hinges
turn the mirrored way, equal right and left angles are a symmetric pose.

Legend: N poses, D hinges, P joints, K keypoints.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from poseshift.data.puppets.rig import Array, Axis, Growth, Joint, Rig
from poseshift.errors import BadInput

if TYPE_CHECKING:
    from poseshift.data.puppets.config import AppearanceConfig, WorldConfig

__all__ = [
    "TURN",
    "Color",
    "Dress",
    "Figure",
    "Joint",
    "Mode",
    "Paint",
    "Part",
    "other_side",
    "two_sided",
]

Color = tuple[float, float, float]

TURN = "turn"
"""The hinge every figure has: its heading, 0 facing the camera, pi seen from behind."""


class Paint(NamedTuple):
    """Colour of a part, RGB in [0, 1], with an optional pattern (a row of the bank) in a second."""

    color: Color
    second: Color = (0.0, 0.0, 0.0)
    pattern: int = -1


@dataclass(frozen=True)
class Part:
    """The convex hull of discs, drawn back to front by depth.

    Attributes:
        at: Joints the discs are centred on (one: a ball; two: a capsule; more: a hull).
        radius: Radius of each disc.
        paint: Slot of the wardrobe, e.g. ``r_sleeve``; who has nothing in it goes without the part.
        lift: Moves it this much nearer to the camera when sorting.
        level: Joints whose mean depth it is sorted by, if not its own: those of what it lies on.
        faces: Two joints (from, to): drawn only where that arrow points to the camera.
        inked: Whether it has an outline and a light patch; small details do without.
        chain: Joined disc to disc in a row, not as one hull: a finger, an eyebrow, a lip.
        style: Drawn only on individuals of this style; empty for all.
        grows: Which factor of the build thickens it.
    """

    at: tuple[str, ...]
    radius: tuple[float, ...]
    paint: str
    lift: float = 0.0
    faces: tuple[str, str] | None = None
    inked: bool = True
    chain: bool = False
    level: tuple[str, ...] = ()
    style: str = ""
    grows: Growth = "girth"


@dataclass(frozen=True)
class Mode:
    """One action: a Gaussian in hinge coordinates.

    Attributes:
        name: The action, which becomes the sample's category.
        pose: Mean angles; absent hinges are 0. A sided hinge may be written without its prefix
            to set both sides.
        spread: Deviation of every hinge, independent.
        loose: Hinges with a deviation of their own.
        swings: Directions in which hinges move together, such as the two legs of a walk.
    """

    name: str
    pose: Mapping[str, float]
    spread: float = 0.12
    loose: Mapping[str, float] = field(default_factory=dict)
    swings: tuple[Mapping[str, float], ...] = ()


Dress = Callable[[np.random.Generator, "AppearanceConfig"], Mapping[str, Paint]]


@overload
def two_sided(things: Iterable[Joint]) -> tuple[Joint, ...]: ...
@overload
def two_sided(things: Iterable[Part]) -> tuple[Part, ...]: ...
def two_sided(things: Iterable[Joint | Part]) -> tuple[Joint | Part, ...]:
    """The given right-side joints or parts, followed by their left twins.

    Example:
        >>> elbow = Joint("r_elbow", "r_shoulder", (-0.1, 0.0, 0.0), {"r_raise": "-z"})
        >>> two_sided([elbow])[1].name, two_sided([elbow])[1].hinges
        ('l_elbow', {'l_raise': 'z'})
    """
    right = tuple(things)
    left = (_left_part(it) if isinstance(it, Part) else _left_joint(it) for it in right)
    return (*right, *left)


def other_side(name: str) -> str:
    """The same name on the other side; names without a side are their own.

    Example:
        >>> other_side("r_knee"), other_side("l_knee"), other_side("head")
        ('l_knee', 'r_knee', 'head')
    """
    swap = {"r_": "l_", "l_": "r_"}
    return swap.get(name[:2], name[:2]) + name[2:]


def _left_part(part: Part) -> Part:
    at = tuple(other_side(name) for name in part.at)
    level = tuple(other_side(name) for name in part.level)
    faces = part.faces and (other_side(part.faces[0]), other_side(part.faces[1]))
    return replace(part, at=at, level=level, faces=faces, paint=other_side(part.paint))


def _left_joint(joint: Joint) -> Joint:
    x, y, z = joint.offset
    hinges = {other_side(name): _mirrored(axis) for name, axis in joint.hinges.items()}
    name, parent = other_side(joint.name), other_side(joint.parent)
    between = {other_side(name): share for name, share in joint.between.items()}
    return replace(
        joint, name=name, parent=parent, offset=(-x, y, z), hinges=hinges, between=between
    )


def _mirrored(axis: Axis) -> Axis:
    # A rotation axis is a pseudo-vector: a mirror across x = 0 keeps its x and flips the rest.
    flip: dict[Axis, Axis] = {"y": "-y", "-y": "y", "z": "-z", "-z": "z"}
    return flip.get(axis, axis)


@dataclass(frozen=True, eq=False)
class Figure:
    """A puppet, as data.

    Attributes:
        name: Also the name of its skeleton: ``body16``.
        kind: ``body``, ``hand``, ``animal`` or ``face``.
        joints: The rig, parents before children, root first; one has the `TURN` hinge.
        keypoints: Joint behind each keypoint, in the skeleton's order.
        parts: What is drawn.
        modes: The actions it knows.
        dress: Draws a wardrobe (slot to `Paint`) for one individual.
        worlds: Its named worlds.
        pairs: Its named pairs, ``source->target``.
        styles: Of which every individual has one, see `Part.style`.
        body_length: The length relative errors are measured against, in figure heights.
        limb: How much nearer than a joint a part must be to hide it, in figure heights.
        grounded: Whether it stands on a floor and throws a shadow there.
        scenery: What is behind it: ``town`` or ``country``.
        symmetric: Whether every action also comes mirrored; one hand would become the other.
    """

    name: str
    kind: str
    joints: tuple[Joint, ...]
    keypoints: tuple[str, ...]
    parts: tuple[Part, ...]
    modes: tuple[Mode, ...]
    dress: Dress
    worlds: Mapping[str, WorldConfig]
    pairs: tuple[str, ...]
    styles: tuple[str, ...] = ("",)
    body_length: float = 1.0
    limb: float = 0.055
    grounded: bool = True
    scenery: str = "town"
    symmetric: bool = True

    def __post_init__(self) -> None:
        joints, hinges = {joint.name for joint in self.joints}, set(self.hinges)
        hinges |= {name[2:] for name in hinges if other_side(name) != name}
        uses = {"keypoints": set(self.keypoints) - joints}
        uses["hinges"] = {TURN} - hinges
        for part in self.parts:
            uses[f"part of {part.at}"] = {*part.at, *part.level, *(part.faces or ())} - joints
        for mode in self.modes:
            named = {*mode.pose, *mode.loose, *(name for swing in mode.swings for name in swing)}
            uses[f"mode {mode.name}"] = named - hinges
        uses["hinge called like both sides of another"] = set(self.hinges) & {
            name[2:] for name in self.hinges if other_side(name) != name
        }
        for where, unknown in uses.items():
            if unknown:
                raise BadInput(
                    f"unknown {', '.join(sorted(unknown))}",
                    where=f"figure {self.name}, {where}",
                    fix=f"joints: {', '.join(sorted(joints))}; hinges: {', '.join(sorted(hinges))}",
                )

    @cached_property
    def hinges(self) -> tuple[str, ...]:
        """Names of the D hinges, the coordinates of a pose."""
        return tuple(name for joint in self.joints for name in joint.hinges)

    @cached_property
    def mode_by_name(self) -> dict[str, Mode]:
        """The action modes by name."""
        return {mode.name: mode for mode in self.modes}

    @cached_property
    def rig(self) -> Rig:
        """The joints, compiled for speed."""
        return Rig(self.joints)

    @cached_property
    def keypoint_rows(self) -> NDArray[np.intp]:
        """Row of each keypoint among the joints."""
        rows = {joint.name: row for row, joint in enumerate(self.joints)}
        return np.array([rows[name] for name in self.keypoints])

    def angles(self, sparse: Mapping[str, float], default: float = 0.0) -> Array:
        """Hinge angles by name as a vector; an unsided name of a sided hinge sets both sides."""
        return np.array(
            [sparse.get(name, sparse.get(name[2:], default)) for name in self.hinges], dtype=float
        )

    def mirror(self, pose_ND: Array) -> Array:
        """The pose seen in a mirror: sides swapped, headings and leanings negated."""
        axes = {name: axis for joint in self.joints for name, axis in joint.hinges.items()}
        rows = [self.hinges.index(other_side(name)) for name in self.hinges]
        middle = [other_side(name) == name and axes[name][-1] != "x" for name in self.hinges]
        return np.asarray(pose_ND)[..., rows] * np.where(middle, -1.0, 1.0)
