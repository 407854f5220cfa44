"""The painter: projected parts, far to near, into a map of inks; a colour table does the rest.

Drawing happens at twice the side, without anti-aliasing, into one byte per pixel; colour, patterns
and smooth edges come afterwards in a few passes over the whole picture. What lies on top of
a joint is read from the same map.

Legend: M discs of all parts, Q parts, C capsules and hulls, V vertices, K keypoints.
Discs are (x, y, radius) in pixels.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from poseshift.data.puppets.figure import Figure, Paint
from poseshift.data.puppets.rig import Array, Build
from poseshift.data.puppets.stencil import Stencil, stencil
from poseshift.data.types import Bytes

Complex = NDArray[np.complex64]

ZOOM = 2
_SHIFT = 4
_NOTHING = Paint((0.0, 0.0, 0.0))
_HALF_ARC = np.linspace(0.0, 1.0, 5, dtype=np.float32)
_CIRCLE = np.exp(2j * np.pi * np.arange(14) / 14).astype(np.complex64)


class Puppet(NamedTuple):
    """Discs of a figure in crop pixels.

    Attributes:
        disc_M3: x, y, radius.
        depth_M: In pixels too.
        order: Parts to draw, far to near.
        averted: Joints that carry a detail which is turned away, such as an eye on the far side.
    """

    stencil: Stencil
    disc_M3: Array
    depth_M: Array
    order: NDArray[np.intp]
    averted: NDArray[np.intp]


class Inks(NamedTuple):
    """A map of inks: 0 is nothing, part q owns 3q+1 (line), 3q+2 (colour), 3q+3 (light).

    Attributes:
        map_HW: At `ZOOM` times the side.
        last: The last ink of the figure; what stands before it uses the next ones.
        box: Left, top, right, bottom of the figure in crop pixels.
    """

    map_HW: Bytes
    last: int
    box: tuple[int, int, int, int]


class Tables(NamedTuple):
    """What every ink looks like.

    Attributes:
        plain: RGB of 256 inks.
        patterned: RGB of the same inks where their pattern has its second colour.
        pattern: Pattern of each ink counted from 1, or 0.
    """

    plain: Bytes
    patterned: Bytes
    pattern: Bytes

    def extend(self, last: int, colors: Array) -> None:
        """Give the inks after the figure's last one colours, RGB in [0, 1]."""
        self.plain[last + 1 : last + 1 + len(colors)] = colors * 255


def place(
    figure: Figure,
    style: str,
    build: Build,
    pixel_P2: Array,
    depth_P: Array,
    unit: float,
    near: float,
) -> Puppet:
    """Put the discs where the projected joints are.

    Args:
        figure: Whose parts.
        style: Which parts, see `Part.style`.
        build: Thickness.
        pixel_P2: Joints in crop pixels.
        depth_P: Distance from the camera in figure heights.
        unit: Pixels of one figure height at distance ``near``.
        near: Distance of the root.
    """
    plan = stencil(figure, style)
    depth_M = depth_P[plan.joint_M]
    radius_M = plan.radius_M * build.factors(plan.grows_M) * (unit * near) / depth_M
    disc_M3 = np.column_stack([pixel_P2[plan.joint_M], radius_M])
    depth_Q = plan.level_QP @ depth_P - plan.lift_Q
    parts, tail, tip = plan.facing
    seen_Q = np.ones(len(plan.parts), dtype=bool)
    seen_Q[parts] = depth_P[tip] < depth_P[tail] - 0.003
    order = np.argsort(-depth_Q, kind="stable")
    return Puppet(plan, disc_M3, depth_M * unit, order[seen_Q[order]], tip[~seen_Q[parts]])


def without(puppet: Puppet, wardrobe: Container[str]) -> Puppet:
    """The puppet without the parts that its wardrobe has nothing for."""
    worn_Q = np.array([part.paint in wardrobe for part in puppet.stencil.parts])
    return puppet._replace(order=puppet.order[worn_Q[puppet.order]])


def ink(puppet: Puppet, side: int, line: float, light: tuple[float, float]) -> Inks:
    """Draw all parts. ``line`` is the outline's width in pixels, ``light`` points to the lamp."""
    map_HW = np.zeros((side * ZOOM, side * ZOOM), np.uint8)
    plan, discs = puppet.stencil, puppet.disc_M3
    wide = discs + np.array([0.0, 0.0, line])
    lit = discs * np.array([1.0, 1.0, 0.55])
    lit[:, :2] += 0.27 * discs[:, 2:] * light
    polygons_3C = _outlines(plan, np.stack([wide, discs, lit]))
    for part in puppet.order.tolist():
        for layer in (0, 1, 2) if plan.inked_Q[part] else (1,):
            color = 3 * part + 1 + layer
            for link in plan.links_Q[part]:
                cv2.fillConvexPoly(map_HW, polygons_3C[layer][link], color, shift=_SHIFT)
    reach = wide[:, 2:] + 1
    left, top = np.floor((wide[:, :2] - reach).min(axis=0)).clip(0, side - 1).astype(int).tolist()
    right, bottom = np.ceil((wide[:, :2] + reach).max(axis=0)).clip(1, side).astype(int).tolist()
    return Inks(map_HW, 3 * len(plan.parts), (left, top, right, bottom))


def color_tables(
    plan: Stencil, wardrobe: Mapping[str, Paint], outline: float, shading: float
) -> Tables:
    """Colours of a wardrobe: a dark line, the paint itself, a light patch."""
    paints = [wardrobe.get(part.paint, _NOTHING) for part in plan.parts]
    seconds = [paint.second if paint.pattern >= 0 else paint.color for paint in paints]
    base_2Q3 = np.array([[paint.color for paint in paints], seconds])
    line_2Q3 = base_2Q3 * (1 - 0.72 * outline)
    light_2Q3 = base_2Q3 + 0.28 * shading * (1 - base_2Q3)
    body_2Q3 = base_2Q3 * (1 - 0.12 * shading * plan.inked_Q[:, None])
    tables = np.zeros((2, 256, 3), np.uint8)
    inks = slice(1, 3 * len(paints) + 1)
    tables[:, inks] = np.stack([line_2Q3, body_2Q3, light_2Q3], 2).reshape(2, -1, 3) * 255 + 0.5
    pattern = np.zeros(256, np.uint8)
    pattern[inks] = np.repeat([paint.pattern + 1 for paint in paints], 3)
    pattern[1 : inks.stop : 3] = 0  # lines stay plain
    return Tables(tables[0], tables[1], pattern)


def _outlines(plan: Stencil, disc_LM3: Array) -> list[list[NDArray[np.int32]]]:
    """Every capsule and hull in every layer, in fixed-point canvas coordinates."""
    scaled = disc_LM3.astype(np.float32) * ZOOM  # half the bytes, and still exact to 1/16 pixel
    center_LM = (scaled[..., :2] + np.float32((ZOOM - 1) / 2)).copy().view(np.complex64)[..., 0]
    radius_LM = np.maximum(scaled[..., 2], np.float32(0.3))
    first, last = plan.link_C2.T
    capsules = _capsules(
        center_LM[:, first], center_LM[:, last], radius_LM[:, first], radius_LM[:, last]
    )
    polygons = [list(layer) for layer in _fixed(capsules)]
    center, radius = (it[:, plan.hull_discs, None] for it in (center_LM, radius_LM))
    cloud_LMV2 = _fixed(center + radius * _CIRCLE)
    inked_M = plan.inked_Q[plan.part_M[plan.hull_discs]]
    for link, first_disc, end_disc in plan.hulls:
        for layer in (0, 1, 2) if inked_M[first_disc] else (1,):
            cloud = cloud_LMV2[layer, first_disc:end_disc].reshape(-1, 2)
            polygons[layer][link] = cv2.convexHull(cloud)
    return polygons


def _capsules(a: Complex, b: Complex, radius_a: Array, radius_b: Array) -> Complex:
    """Hulls of disc pairs: an arc around each centre between the two outer tangents."""
    along = b - a
    length = np.abs(along)
    lean = np.arccos(np.clip((radius_a - radius_b) / np.maximum(length, 1e-9), -1, 1))[..., None]
    heading = (along / np.maximum(length, 1e-9) + (length < 1e-9))[..., None]
    around_a = _arc(lean + (np.pi - lean) * _HALF_ARC)
    around_b = _arc(lean * (_HALF_ARC - 1))
    arc_a = a[..., None] + radius_a[..., None] * heading * around_a
    arc_b = b[..., None] + radius_b[..., None] * heading * around_b
    return np.concatenate([arc_a, arc_b], axis=-1)


def _arc(angle: Array) -> Complex:
    """Points of the unit circle at angles that end on the real axis, and their mirror image."""
    half = np.cos(angle) + 1j * np.sin(angle)  # far faster than exp in single precision
    return np.concatenate([half, half[..., -2::-1].conj()], axis=-1)


def _fixed(z: Complex) -> NDArray[np.int32]:
    flat = np.ascontiguousarray(z).view(np.float32).reshape(*z.shape, 2)
    return np.rint(flat * (1 << _SHIFT)).astype(np.int32)


def covered(
    puppet: Puppet, inks: Inks, pixel_K2: Array, depth_K: Array, slack: float
) -> NDArray[np.bool_]:
    """Whether something nearer lies on top of each joint.

    Args:
        puppet: What was drawn.
        inks: Where it was drawn.
        pixel_K2: Joints in crop pixels.
        depth_K: Their depth in pixels.
        slack: How much nearer (pixels) the cover must be: about the thickness of a limb.
    """
    side = inks.map_HW.shape[0]
    at_K2 = np.clip(np.rint(pixel_K2 * ZOOM + (ZOOM - 1) / 2), 0, side - 1).astype(np.intp)
    ink_K = inks.map_HW[at_K2[:, 1], at_K2[:, 0]].astype(np.intp)
    plan = puppet.stencil
    part_K = (ink_K - 1) // 3
    joint, disc = np.nonzero(plan.part_M == part_K[:, None])
    away_2 = pixel_K2[joint] - puppet.disc_M3[disc, :2]
    beside = np.maximum(np.hypot(away_2[:, 0], away_2[:, 1]) - puppet.disc_M3[disc, 2], 0)
    # Depth of the cover at the joint: its nearest disc, and discs beside the joint count less.
    cover_K = np.full(len(ink_K), np.inf)
    np.minimum.at(cover_K, joint, puppet.depth_M[disc] + beside)
    own = (ink_K > 0) & (ink_K <= inks.last)
    return np.where(own, cover_K < depth_K - slack, ink_K > inks.last)
