"""Skeleton images: a pose as a picture of its bones, differentiable in every joint.

On a canvas of [-1, 1] x [-1, 1] a bone shines as exp(-d / stroke) at distance d, linear in d as in
KeypointGAN (Jakab et al., "Self-supervised Learning of Interpretable Keypoints from Unlabelled
Videos", CVPR 2020), and where bones of one channel cross, the brighter one is seen. One channel
cannot tell left from right, so by default each side has its own.

Half-pixel rule: pixel i of a row of S has its centre at (2 i + 1) / S - 1.
Missing: a pose must be whole; NaN would spread over its picture.

Legend: B poses, K joints, E bones, C channels, S side of the picture.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import torch
from torch import Tensor

from poseshift.errors import BadInput
from poseshift.keypoint_names import side_and_stem
from poseshift.skeleton import Skeleton

REACH = 2.5  # half a canvas in sizes of a pose; nine bodies in ten need less than 2
STROKE = 1.5  # pixels in which a bone's light falls to 1 / e, whatever the side
_TINY = 1e-6  # square distance below which there is no direction to go

Colours = Literal["limbs", "bones", "one"]


class Bones(NamedTuple):
    """What is drawn.

    Attributes:
        start_E, end_E: Joints at the ends; equal for a joint on no bone, which is a dot.
        channels: Rows of the bones of each channel.
    """

    start_E: Tensor
    end_E: Tensor
    channels: tuple[Tensor, ...]


def bones_of(skeleton: Skeleton, colours: Colours = "limbs") -> Bones:
    """The edges of a skeleton, sorted into channels.

    Args:
        skeleton: Any; a face is drawn by its contours, joints on no edge as dots.
        colours: A channel for each of left, right and middle (``limbs``; where nothing has a side,
            such as on a hand, one for each branch from the central joint), for each bone, or
            ``one`` for all.

    Example:
        >>> from poseshift.skeleton import skeleton
        >>> [len(bones_of(skeleton(name)).channels) for name in ("body16", "hand21", "face68")]
        [3, 5, 3]
    """
    joined = {joint for edge in skeleton.edges for joint in edge}
    dots = [(joint, joint) for joint in range(len(skeleton)) if joint not in joined]
    edges = [*skeleton.edges, *dots]
    if colours == "one":
        labels = [0] * len(edges)
    elif colours == "bones":
        labels = list(range(len(edges)))
    else:
        labels = _limbs(skeleton, edges)
    rows = (
        torch.tensor([row for row, label in enumerate(labels) if label == one])
        for one in sorted(set(labels))
    )
    start_E, end_E = torch.tensor(edges).T
    return Bones(start_E, end_E, tuple(rows))


def _limbs(skeleton: Skeleton, edges: list[tuple[int, int]]) -> list[int]:
    """A label a bone: the side of an end where the other does not deny it, or a branch."""
    sides = [{"left": -1, "": 0, "right": 1}[side_and_stem(k)[0]] for k in skeleton.keypoints]
    if any(sides):
        return [max(-1, min(1, sides[a] + sides[b])) for a, b in edges]
    from poseshift.prior.kinematics import tree

    branch: dict[int, int] = {}
    for parent, child in tree(skeleton):
        branch[child] = branch.get(parent, child)
    return [branch.get(b, branch.get(a, 0)) for a, b in edges]


def skeleton_image(
    canvas_BK2: Tensor, bones: Bones, side: int, stroke: float | Tensor = STROKE
) -> Tensor:
    """Pictures (B, C, S, S) of poses, from 0 to 1.

    Args:
        canvas_BK2: Joints, x to the right and y down, on a canvas of [-1, 1]; what lies outside
            is cut off.
        bones: What to draw.
        side: Pixels of a side.
        stroke: Pixels in which light falls to 1 / e; one for all, or (B,).

    Example:
        >>> from poseshift.skeleton import skeleton
        >>> hands = 0.3 * torch.randn(4, 21, 2)
        >>> skeleton_image(hands, bones_of(skeleton("hand21"), "one"), side=32).shape
        torch.Size([4, 1, 32, 32])
    """
    if side < 1:
        raise BadInput(f"expected a picture of at least 1 pixel, found {side}")
    start_BE2 = canvas_BK2[:, bones.start_E]
    bone_BE2 = canvas_BK2[:, bones.end_E] - start_BE2
    pixel_S = (torch.arange(side, device=canvas_BK2.device, dtype=canvas_BK2.dtype) * 2 + 1) / side
    # Rows and columns apart for as long as possible: only what mixes them is a picture large.
    away_BE2S = pixel_S - 1 - start_BE2[..., None]
    square_BE1 = bone_BE2.square().sum(-1, keepdim=True).clamp(min=_TINY)
    along_BE2S = away_BE2S * (bone_BE2 / square_BE1)[..., None]
    along_BESS = (along_BE2S[:, :, 1, :, None] + along_BE2S[:, :, 0, None, :]).clamp(0, 1)
    x_BESS = away_BE2S[:, :, 0, None, :] - along_BESS * bone_BE2[:, :, 0, None, None]
    y_BESS = away_BE2S[:, :, 1, :, None] - along_BESS * bone_BE2[:, :, 1, None, None]
    far_BESS = x_BESS.square() + y_BESS.square()
    near_BCSS = torch.stack([far_BESS[:, rows].amin(1) for rows in bones.channels], 1)
    width = torch.as_tensor(stroke, device=canvas_BK2.device).reshape(-1, 1, 1, 1) * 2 / side
    return torch.exp(-(near_BCSS + _TINY).sqrt() / width)


def to_canvas(points_BK2: Tensor) -> Tensor:
    """Poses of unit size where they are drawn.

    Example:
        >>> to_canvas(torch.tensor([1.25, -2.5]))
        tensor([ 0.5000, -1.0000])
    """
    return points_BK2 / REACH
