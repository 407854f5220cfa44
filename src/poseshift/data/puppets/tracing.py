"""Puppets in given poses: joints in the picture are told, all the rest is as the world draws it.

A pose in the picture does not say how deep its joints lie, nor where hands, feet and faces are.
Both are lent by the most similar pose of the world itself: its depths are taken over, and every
point that is no keypoint is carried along by the similarity that best moves the keypoints around
it (moving least squares: Schaefer et al., SIGGRAPH 2006). Labels stay exact: keypoints are drawn
where they were told to be.

Legend: M poses of the pool, K keypoints, P joints, D hinges; points in the plane may be complex.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from poseshift.data.puppets.camera import draw_camera
from poseshift.data.puppets.figure import Figure
from poseshift.data.puppets.rig import Array, Build
from poseshift.data.puppets.scene import Scene, draw_scene, shoot
from poseshift.data.puppets.worlds import World
from poseshift.data.types import Sample
from poseshift.errors import UserError

POOL = 4000
Points = NDArray[np.complexfloating[Any, Any]]
Seen = tuple[Array, Array, Array, Array]


class _Posed(Scene):
    """A scene whose joints lie where they are told to."""

    seen: Seen

    def see(self, figure: Figure, pose_D: Array) -> Seen:
        """What was told."""
        return self.seen


class Tracer:
    """Draws puppets of a world in poses from anywhere.

    Args:
        world: Whose figures, clothes, cameras and surroundings.
        pool: Poses of the world among which similar ones are looked for.

    Example:
        >>> from poseshift.data.puppets import world
        >>> rest = np.random.default_rng(0).normal(size=(16, 2))
        >>> Tracer(world("studio"), pool=50).trace(rest, seed=1, side=64).image.shape
        (64, 64, 3)
    """

    def __init__(self, world: World, pool: int = POOL) -> None:
        self.world, figure = world, world.figure
        self.pose_MD = world.poses(pool, seed=0)
        points_MP3 = figure.rig.points(self.pose_MD, Build())
        level = replace(world.config.camera, pitch_spread=0.0, roll_spread=0.0)
        camera = draw_camera(np.random.default_rng(0), level)
        flat_MK2 = np.stack([camera.project(it)[0] for it in points_MP3[:, figure.keypoint_rows]])
        self._similar = KDTree(unit(flat_MK2)[0].reshape(pool, -1))
        self._weight_PK = nearness(points_MP3[:200], figure.keypoint_rows)

    def trace(self, points_K2: Array, seed: int, side: int = 96) -> Sample:
        """A puppet in a pose of any place and size; ``seed`` decides all the rest."""
        figure, points_K2 = self.world.figure, np.asarray(points_K2, dtype=float)
        expected = (len(figure.keypoints), 2)
        if points_K2.shape != expected or not np.isfinite(points_K2).all():
            raise UserError(
                f"a {self.world.skeleton} is drawn from {expected[0]} joints (x, y), all of them "
                f"known; found an array of shape {points_K2.shape}",
                fix="give whole poses of that skeleton",
            )
        wanted_K2 = unit(points_K2[None])[0][0]
        pose_D = self.pose_MD[int(self._similar.query(wanted_K2.reshape(-1))[1])]
        rng = np.random.default_rng([self.world.config.seed(), seed])
        scene = draw_scene(rng, figure, self.world.config)
        posed = _Posed(*scene)
        posed.seen = self._moved(scene.see(figure, pose_D), wanted_K2)
        image, keypoints_K2, visibility_K, scale = shoot(
            rng, figure, self.world.config.appearance, posed, pose_D, side
        )
        name = f"{self.world.name}/traced/{seed:07d}"
        return Sample(name, image, keypoints_K2, visibility_K, source=self.world.name, scale=scale)

    def _moved(self, seen: Seen, wanted_K2: Array) -> Seen:
        """What is seen of a similar pose, its keypoints moved to where they are wanted."""
        points_P3, flat_P2, flat_K2, depth_P = seen
        _, centre, size = unit(flat_K2[None])
        flat_K2 = wanted_K2 * size[0] + centre[0]
        moved_P = carried(plane(seen[2]), plane(flat_K2), plane(flat_P2), self._weight_PK)
        flat_P2 = np.stack([moved_P.real, moved_P.imag], axis=-1)
        flat_P2[self.world.figure.keypoint_rows] = flat_K2
        return points_P3, flat_P2, flat_K2, depth_P


def unit(points_NK2: Array) -> tuple[Array, Array, Array]:
    """Poses centred and of unit size, where they stood (N, 1, 2), how large they were (N, 1, 1).

    Example:
        >>> unit(np.array([[[0.0, 0.0], [8.0, 6.0]]]))[0].tolist()
        [[[-0.8, -0.6], [0.8, 0.6]]]
    """
    centre_N12 = points_NK2.mean(axis=1, keepdims=True)
    away_NK2 = points_NK2 - centre_N12
    size_N11 = np.sqrt((away_NK2**2).sum(axis=2, keepdims=True).mean(axis=1, keepdims=True))
    return away_NK2 / size_N11, centre_N12, size_N11


def nearness(points_MP3: Array, rows_K: NDArray[np.intp]) -> Array:
    """How much each keypoint says about each joint: those that never part say most."""
    away_MPK = np.linalg.norm(points_MP3[:, :, None] - points_MP3[:, None, rows_K], axis=-1)
    return np.asarray(1 / (away_MPK.max(axis=0) ** 4 + 1e-9))


def carried(from_K: Points, to_K: Points, point_P: Points, weight_PK: Array) -> Points:
    """Points moved as the control points around them are: turned, stretched and shifted.

    Example:
        >>> corners = np.array([0, 1, 1j])
        >>> carried(corners, 2j * corners + 3, np.array([1 + 1j]), np.ones((1, 3))).round(6)
        array([1.+2.j])
    """
    share_PK = weight_PK / weight_PK.sum(axis=1, keepdims=True)
    middle_P, goal_P = share_PK @ from_K, share_PK @ to_K
    from_PK, to_PK = from_K - middle_P[:, None], to_K - goal_P[:, None]
    turn_P = (share_PK * from_PK.conj() * to_PK).sum(axis=1)
    turn_P /= np.maximum((share_PK * abs(from_PK) ** 2).sum(axis=1), 1e-12)
    moved_P: Points = goal_P + turn_P * (point_P - middle_P)
    return moved_P


def plane(points_K2: Array) -> Points:
    """Points as complex numbers.

    Example:
        >>> plane(np.array([[1.0, 2.0]]))
        array([1.+2.j])
    """
    return np.asarray(points_K2[:, 0] + 1j * points_K2[:, 1])
