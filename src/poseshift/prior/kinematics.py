"""A skeleton as a tree of bones: joints <-> root, angles of the hinges, logarithms of lengths.

The tree is the breadth-first tree of the skeleton's edges from its central joint, so an edge that
closes a ring is left out. One bone at the root is the *pivot*: its angle is the body's heading, and
every other angle is relative to the bone before it, or to the pivot where there is none. Angles
then add up along the tree and so do bones: forward kinematics is two products with 0/1 matrices.

Legend: N poses, K joints, E = K - 1 bones, D = 2 K: root x y, E angles, E log lengths.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from poseshift.errors import BadInput
from poseshift.metrics.pose_set import SHORTEST
from poseshift.prior.hinge import wrapped
from poseshift.skeleton import Skeleton

LEAST = 1e-6  # length given to a bone whose ends coincide: it has no direction, it must have a log


class Kinematics:
    """Hinge coordinates of a jointed skeleton.

    Args:
        skeleton: Any whose edges hold it together; pieces apart hang from the root by a bone.

    Attributes:
        parent_E, child_E: Ends of the bones, the pivot first, every bone after the one it hangs on.
        before_E: The bone each angle is relative to; -1 for the pivot.

    Example:
        >>> from poseshift.skeleton import skeleton
        >>> hinge = Kinematics(skeleton("hand21"))
        >>> points = torch.randn(4, 21, 2)
        >>> hinge.split(points).shape
        torch.Size([4, 42])
        >>> torch.allclose(hinge.join(hinge.split(points)), points, atol=1e-5)
        True
    """

    def __init__(self, skeleton: Skeleton) -> None:
        if len(skeleton) < 2:
            raise BadInput(f"skeleton {skeleton.name} has one joint, a bone needs two")
        self.skeleton = skeleton
        bones = tree(skeleton)
        self.parent_E = torch.tensor([a for a, _ in bones])
        self.child_E = torch.tensor([b for _, b in bones])
        to = {child: bone for bone, (_, child) in enumerate(bones)}
        before = [-1, *(to.get(parent, 0) for parent, _ in bones[1:])]
        self.before_E = torch.tensor(before)
        count = len(bones)
        self._turns_EE = torch.eye(count)  # bone x hinge: which hinges turn a bone
        self._path_KE = torch.zeros(count + 1, count)  # joint x bone: the way from the root
        for bone, (parent, child) in enumerate(bones):
            if before[bone] >= 0:
                self._turns_EE[bone] += self._turns_EE[before[bone]]
            self._path_KE[child] = self._path_KE[parent]
            self._path_KE[child, bone] = 1
        self.root = bones[0][0]
        said = [f"{skeleton.keypoints[a]}-{skeleton.keypoints[b]}" for a, b in bones]
        self.names = ("x", "y", *(f"angle {s}" for s in said), *(f"length {s}" for s in said))
        self.angle_D = torch.tensor([name.startswith("angle ") for name in self.names])

    def split(self, points_NK2: Tensor) -> Tensor:
        """Hinge coordinates (N, D), angles in [-pi, pi)."""
        bone_NE2 = points_NK2[..., self.child_E, :] - points_NK2[..., self.parent_E, :]
        square_NE = bone_NE2.square().sum(-1)
        angle_NE = torch.atan2(bone_NE2[..., 1], bone_NE2[..., 0])
        turn_NE = angle_NE - angle_NE[..., self.before_E] * (self.before_E >= 0)
        log_NE = square_NE.clamp(min=LEAST**2).log() / 2
        return torch.cat([points_NK2[..., self.root, :], wrapped(turn_NE), log_NE], -1)

    def opened(self, points_NK2: Tensor) -> Tensor:
        """Poses whose bones have a tenth of their usual length at least; others to the bit.

        A click on the wrong joint makes a bone without a length, whose logarithm among twenty
        would be all that a mean and a deviation see.
        """
        hinge_ND, bones = self.split(points_NK2), len(self.parent_E)
        log_NE = hinge_ND[..., -bones:]
        least_E = (log_NE.median(0).values - math.log(10)).clamp(min=math.log(SHORTEST))
        short_N = (log_NE < least_E).any(-1)
        log_NE.clamp_(min=least_E)
        return torch.where(short_N[:, None, None], self.join(hinge_ND), points_NK2)

    def join(self, hinge_ND: Tensor) -> Tensor:
        """Joints (N, K, 2)."""
        count = len(self.parent_E)
        root_N2, turn_NE, log_NE = torch.split(hinge_ND, [2, count, count], -1)
        angle_NE = turn_NE @ self._turns_EE.T.to(hinge_ND)
        length_NE, path_EK = log_NE.exp(), self._path_KE.T.to(hinge_ND)
        x_NK, y_NK = (length_NE * angle_NE.cos()) @ path_EK, (length_NE * angle_NE.sin()) @ path_EK
        return torch.stack([x_NK, y_NK], -1) + root_N2[..., None, :]

    def arrays(self) -> dict[str, Tensor]:
        """Nothing: the skeleton says it all."""
        return {}


def is_jointed(skeleton: Skeleton) -> bool:
    """Whether a skeleton is a tree of bones: in one piece, or known by the angles it bends in.

    Example:
        >>> from poseshift.skeleton import builtin_skeletons, skeleton
        >>> [name for name in builtin_skeletons() if not is_jointed(skeleton(name))]
        ['face68', 'face98']
    """
    return bool(skeleton.triplets) or len(pieces(skeleton)) == 1


def tree(skeleton: Skeleton) -> list[tuple[int, int]]:
    """Bones (parent, child) breadth first from the central joint, the heaviest at the root first.

    Example:
        >>> from poseshift.skeleton import skeleton
        >>> body = skeleton("body16")
        >>> [[body.keypoints[joint] for joint in bone] for bone in tree(body)[:3]]
        [['pelvis', 'thorax'], ['pelvis', 'right_hip'], ['pelvis', 'left_hip']]
    """
    body, *apart = pieces(skeleton)
    root = next(iter(body))
    bones = [*_bones(skeleton, body), *((root, next(iter(piece))) for piece in apart)]
    for piece in apart:
        bones += _bones(skeleton, piece)
    weight = dict.fromkeys(range(len(skeleton)), 1)
    for parent, child in reversed(bones):
        weight[parent] += weight[child]
    pivot = max((bone for bone in bones if bone[0] == root), key=lambda bone: weight[bone[1]])
    return [pivot, *(bone for bone in bones if bone != pivot)]


def pieces(skeleton: Skeleton) -> list[dict[int, int]]:
    """What the edges hold together, the largest first: joints with their steps from the centre.

    The centre comes first; it is the joint whose farthest one is nearest, the first of equals.
    """
    found: list[dict[int, int]] = []
    for joint in range(len(skeleton)):
        if not any(joint in piece for piece in found):
            reach = (steps_from(skeleton, other) for other in sorted(steps_from(skeleton, joint)))
            found.append(min(reach, key=lambda steps: max(steps.values())))
    return sorted(found, key=len, reverse=True)


def steps_from(skeleton: Skeleton, start: int) -> dict[int, int]:
    """Joints that edges lead to and how many steps it takes, breadth first."""
    steps, waiting = {start: 0}, [start]
    for joint in waiting:
        for a, b in skeleton.edges:
            other = b if a == joint else a
            if joint in (a, b) and other not in steps:
                steps[other] = steps[joint] + 1
                waiting.append(other)
    return steps


def _bones(skeleton: Skeleton, steps: dict[int, int]) -> list[tuple[int, int]]:
    """Each joint of a piece but its centre, after the first neighbour that is a step nearer."""
    sides = [*skeleton.edges, *((b, a) for a, b in skeleton.edges)]
    parents = {
        child: parent
        for parent, child in reversed(sides)
        if parent in steps and steps[parent] + 1 == steps[child]
    }
    return [(parents[joint], joint) for joint, far in steps.items() if far]
