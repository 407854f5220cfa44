"""A small target Pack whose crops were turned, scaled and shifted out of larger images."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from poseshift.data.pack import Pack, PackWriter
from poseshift.data.types import Sample
from poseshift.skeleton import Skeleton, skeleton

SIDE = 32
BODY = skeleton("body16")
NAMES = [f"clip{i % 2}/img{i:02d}.png" for i in range(6)]


def placement(angle: float, zoom: float, x: float, y: float) -> np.ndarray:
    """Crop pixels to pixels of the original image."""
    cos, sin = zoom * math.cos(angle), zoom * math.sin(angle)
    return np.array([[cos, -sin, x], [sin, cos, y], [0, 0, 1]], dtype=np.float32)


def target(
    path: Path,
    names: Sequence[str] = NAMES,
    places: Sequence[np.ndarray] = (),
    joints: Skeleton = BODY,
    side: int = SIDE,
    seed: int = 0,
    shift: float = 0.0,
) -> Pack:
    """One sample a name: some joints missing, some occluded, some outside their crop."""
    rng = np.random.default_rng(seed)
    with PackWriter(path, joints, side) as writer:
        for i, name in enumerate(names):
            visibility_K = rng.integers(0, 3, len(joints)).astype(np.uint8)
            visibility_K[:2] = 2
            keypoints_K2 = rng.uniform(2, side - 3, (len(joints), 2)).astype(np.float32)
            keypoints_K2[visibility_K == 0] = np.nan
            matrix_33 = places[i] if places else placement(0.3 * i, 1.7, 100.0 + i + shift, 40.0)
            image = rng.integers(0, 255, (side, side, 3), dtype=np.uint8)
            writer.add(Sample(f"s{i}", image, keypoints_K2, visibility_K, matrix_33, source=name))
    return Pack(path)


def original(pack: Pack, index: int) -> np.ndarray:
    """A sample's keypoints in pixels of the original image."""
    matrix_33 = pack.poses.matrix_N33[index].astype(float)
    return pack.poses.keypoints_NK2[index] @ matrix_33[:2, :2].T + matrix_33[:2, 2]
