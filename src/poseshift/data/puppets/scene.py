"""One individual, its clothes and its surroundings, photographed in a given pose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import cv2
import numpy as np

from poseshift.data.puppets.backdrop import backdrop, shadow
from poseshift.data.puppets.camera import Camera, Crop, Framing, draw_camera, draw_framing, frame
from poseshift.data.puppets.config import AppearanceConfig, WorldConfig
from poseshift.data.puppets.figure import Figure, Paint
from poseshift.data.puppets.lens import develop
from poseshift.data.puppets.occluder import occlude
from poseshift.data.puppets.paint import (
    ZOOM,
    Inks,
    Tables,
    color_tables,
    covered,
    ink,
    place,
    without,
)
from poseshift.data.puppets.rig import Array, Build
from poseshift.data.puppets.texture import as_bytes, pattern_bank
from poseshift.data.types import OCCLUDED, UNLABELED, VISIBLE, Bytes, Floats

_LINE = 0.009


class Scene(NamedTuple):
    """All that stays the same while a figure moves.

    Attributes:
        build: Proportions of the individual.
        camera: Viewpoint.
        framing: How the crop is cut.
        wardrobe: Its paints by slot.
        style: Its variant of the figure, such as a haircut.
        look_seed: Decides background, occluder and light.
    """

    build: Build
    camera: Camera
    framing: Framing
    wardrobe: Mapping[str, Paint]
    style: str
    look_seed: int

    def see(self, figure: Figure, pose_D: Array) -> tuple[Array, Array, Array, Array]:
        """Joints in space, in the picture, keypoints in the picture, and depth of the joints."""
        points_P3 = figure.rig.points(pose_D[None], self.build)[0]
        flat_P2, depth_P = self.camera.project(points_P3)
        return points_P3, flat_P2, flat_P2[figure.keypoint_rows], depth_P


def draw_scene(rng: np.random.Generator, figure: Figure, config: WorldConfig) -> Scene:
    """An individual and its surroundings."""
    shape, variety = config.shape, np.exp(config.shape.variety * rng.standard_normal(3))
    return Scene(
        build=Build(*(np.array([shape.limbs, shape.girth, shape.head]) * variety).tolist()),
        camera=draw_camera(rng, config.camera),
        framing=draw_framing(rng, config.camera),
        wardrobe=figure.dress(rng, config.appearance),
        style=figure.styles[int(rng.integers(len(figure.styles)))],
        look_seed=int(rng.integers(2**32)),
    )


def shoot(
    rng: np.random.Generator,
    figure: Figure,
    config: AppearanceConfig,
    scene: Scene,
    pose_D: Array,
    side: int,
    crop: Crop | None = None,
) -> tuple[Bytes, Floats, Bytes, float]:
    """Image, keypoints (K, 2), visibility (K,), and the body length in pixels."""
    points_P3, flat_P2, flat_K2, depth_P = scene.see(figure, pose_D)
    crop = crop or frame(flat_K2, scene.framing)
    pixel_P2, unit = crop.pixels(flat_P2, side), side / crop.size
    near = scene.camera.distance
    look = np.random.default_rng(scene.look_seed)
    lamp = float(look.uniform(0, 2 * np.pi)) if config.light > 0 else -2.2

    puppet = place(figure, scene.style, scene.build, pixel_P2, depth_P, unit, near)
    puppet = without(puppet, scene.wardrobe)
    inks = ink(puppet, side, _LINE * side, (np.cos(lamp), np.sin(lamp)))
    tables = color_tables(puppet.stencil, scene.wardrobe, config.outline, config.shading)
    if look.random() < config.occluder:
        colors = occlude(look, inks.map_HW, inks.last, side / scene.framing.margin)
        tables.extend(inks.last, colors)
        inks = inks._replace(box=(0, 0, side, side))

    image = backdrop(look, config, side, figure.scenery)
    if figure.grounded:
        _ground_shadow(image, scene.camera, points_P3, crop, side)
    _composite(image, inks, tables, look)
    image = develop(look, rng, config, image)

    pixel_K2, depth_K = pixel_P2[figure.keypoint_rows], depth_P[figure.keypoint_rows] * unit
    hidden_K = covered(puppet, inks, pixel_K2, depth_K, figure.limb * unit)
    hidden_K |= (figure.keypoint_rows[:, None] == puppet.averted).any(axis=1)
    outside_K = ((pixel_K2 < -0.5) | (pixel_K2 >= side - 0.5)).any(axis=1)
    visibility_K = np.where(outside_K, UNLABELED, np.where(hidden_K, OCCLUDED, VISIBLE))
    pixel_K2[outside_K] = np.nan
    return (
        image,
        pixel_K2.astype(np.float32),
        visibility_K.astype(np.uint8),
        unit * figure.body_length,
    )


def _ground_shadow(image: Bytes, camera: Camera, points_P3: Array, crop: Crop, side: int) -> None:
    low_3, high_3 = points_P3.min(axis=0), points_P3.max(axis=0)
    middle = (low_3 + high_3)[None] / 2
    middle[0, 1] = low_3[1] - 0.02
    x, y = crop.pixels(camera.project(middle)[0], side)[0]
    shadow(image, float(x), float(y), (0.4 * float(high_3[0] - low_3[0]) + 0.1) * side / crop.size)


def _composite(image: Bytes, inks: Inks, tables: Tables, look: np.random.Generator) -> None:
    """Colour the inks, weave the patterns in, and lay them over the background, in place."""
    left, top, right, bottom = inks.box
    behind = image[top:bottom, left:right]
    size = (right - left, bottom - top)
    map_HW = inks.map_HW[top * ZOOM : bottom * ZOOM, left * ZOOM : right * ZOOM]
    colored = cv2.applyColorMap(map_HW, tables.plain[:, None])
    bank, inked = pattern_bank(image.shape[0] * ZOOM), np.zeros_like(map_HW)
    for number in sorted(set(tables.pattern.tolist()) - {0}):
        y, x = look.integers(image.shape[0] * ZOOM, size=2)
        woven = bank[number - 1, y : y + map_HW.shape[0], x : x + map_HW.shape[1]]
        cloth = cv2.LUT(map_HW, as_bytes(np.where(tables.pattern == number, 255, 0)))
        inked |= as_bytes(cv2.bitwise_and(cloth, woven))
    if tables.pattern.any():
        cv2.copyTo(cv2.applyColorMap(map_HW, tables.patterned[:, None]), inked, colored)
    figure = cv2.resize(colored, size, interpolation=cv2.INTER_AREA)
    _, empty = cv2.threshold(map_HW, 0, 255, cv2.THRESH_BINARY_INV)
    around = cv2.resize(empty, size, interpolation=cv2.INTER_AREA)
    behind[:] = cv2.add(figure, cv2.multiply(behind, cv2.merge([around] * 3), scale=1 / 255))
