"""The rig of a puppet: joints that carry each other and turn on hinges.

Space is right-handed, x to the right of the picture, y up, z towards the camera.

Legend: N poses, D hinges, P joints.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Axis = Literal["x", "y", "z", "-x", "-y", "-z"]
Growth = Literal["", "limbs", "girth", "head"]
_GROWTHS: tuple[Growth, ...] = ("", "limbs", "girth", "head")
_STILL = np.eye(3)


@dataclass(frozen=True)
class Joint:
    """A point of the rig.

    Attributes:
        name: Unique; ``r_`` and ``l_`` prefixes mark the sides.
        parent: The joint that carries it; empty for the root, which comes first.
        offset: Where it is in its parent's frame at rest.
        hinges: Hinge name to axis, outermost turn first; they turn everything that hangs on it.
        grows: Which factor of the individual's build stretches the offset, or one for x, y and z.
        between: Instead of all that: the weights, summing to 1, of earlier joints it is the mean
            of. It carries nothing. A lip's corner lies between the skull and the jaw.
    """

    name: str
    parent: str = ""
    offset: tuple[float, float, float] = (0.0, 0.0, 0.0)
    hinges: Mapping[str, Axis] = field(default_factory=dict)
    grows: Growth | tuple[Growth, Growth, Growth] = ""
    between: Mapping[str, float] = field(default_factory=dict)


class Build(NamedTuple):
    """Factors of one individual on the rig's own proportions."""

    limbs: float = 1.0
    girth: float = 1.0
    head: float = 1.0

    def factors(self, growths: Iterable[Growth]) -> Array:
        """The factor of every joint's offset or every disc's radius."""
        known = {"": 1.0, "limbs": self.limbs, "girth": self.girth, "head": self.head}
        return np.array([known[growth] for growth in growths])


class Rig:
    """Forward kinematics of a figure's joints, many poses at once."""

    def __init__(self, joints: tuple[Joint, ...]) -> None:
        rows = {joint.name: row for row, joint in enumerate(joints)}
        hinges = [(name, axis) for joint in joints for name, axis in joint.hinges.items()]
        column = {name: number for number, (name, _) in enumerate(hinges)}
        self._offset_P3 = np.array([joint.offset for joint in joints], dtype=float)
        kinds = [(it,) * 3 if isinstance(it, str) else it for it in (j.grows for j in joints)]
        self._grows_P3 = np.array([[_GROWTHS.index(axis) for axis in kind] for kind in kinds])
        self._cross_D33 = np.array([_cross(axis) for _, axis in hinges])
        self._square_D33 = self._cross_D33 @ self._cross_D33
        self._frame_P = np.zeros(len(joints), dtype=np.intp)
        # Joint p lies at the sum of the arms of its ancestors and its own.
        self._sum_PP = np.eye(len(joints))
        frame_of: dict[str, int] = {}
        self._frames: list[tuple[int, list[int]]] = []
        for row, joint in enumerate(joints):
            if joint.between:
                weights = joint.between.items()
                self._sum_PP[row] = sum(share * self._sum_PP[rows[name]] for name, share in weights)
                continue
            if joint.parent:
                self._frame_P[row] = frame_of[joint.parent]
                self._sum_PP[row] += self._sum_PP[rows[joint.parent]]
            frame_of[joint.name] = int(self._frame_P[row])
            if joint.hinges or not joint.parent:
                frame_of[joint.name] = len(self._frames)
                turned_by = [column[name] for name in joint.hinges]
                self._frames.append((int(self._frame_P[row]) if joint.parent else -1, turned_by))

    def points(self, pose_ND: Array, build: Build) -> Array:
        """Joints of every pose, (N, P, 3), root at the origin."""
        angle_ND11 = np.asarray(pose_ND, dtype=float)[:, :, None, None]
        # Rodrigues' formula, for all hinges at once.
        turn_ND33 = np.sin(angle_ND11) * self._cross_D33
        turn_ND33 += (1 - np.cos(angle_ND11)) * self._square_D33 + _STILL
        still_N33 = np.broadcast_to(_STILL, (len(pose_ND), 3, 3))
        frames: list[Array] = []
        for parent, hinges in self._frames:
            frame_N33 = frames[parent] if parent >= 0 else still_N33
            for hinge in hinges:
                frame_N33 = frame_N33 @ turn_ND33[:, hinge]
            frames.append(frame_N33)
        offset_P3 = self._offset_P3 * build.factors(_GROWTHS)[self._grows_P3]
        frame_NP33 = np.stack(frames, axis=1)[:, self._frame_P]
        points_NP3: Array = self._sum_PP @ (frame_NP33 @ offset_P3[..., None])[..., 0]
        return points_NP3


def _cross(axis: Axis) -> Array:
    unit = np.zeros(3)
    unit["xyz".index(axis[-1])] = -1.0 if axis[0] == "-" else 1.0
    x, y, z = unit
    return np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
