"""Poses of one kind with some rare ones among them, and Packs of them without images."""

from pathlib import Path

import numpy as np

from poseshift.data.pack import Pack, PackWriter
from poseshift.data.types import Sample
from poseshift.sampling.poses import Poses, normalized
from poseshift.skeleton import skeleton

HAND = skeleton("hand21")
QUICK = {"steps": 30, "width": 16, "latent": 4, "batch": 64}


def points(count: int, seed: int = 0) -> np.ndarray:
    """Hands that bend along one direction, some much further than most; (N, 21, 2)."""
    rest, bend = np.random.default_rng(7).normal(size=(2, 21, 2))
    rng = np.random.default_rng(seed)
    far = rng.standard_t(2, size=(count, 1, 1))
    noise = 0.05 * rng.normal(size=(count, 21, 2))
    return (30 + 6 * (rest + 0.2 * far * bend + noise)).astype(np.float32)


def poses(count: int, seed: int = 0) -> Poses:
    """The same, normalised, all joints labelled."""
    return normalized(points(count, seed), np.full((count, 21), 2, np.uint8), HAND)


def pose_pack(path: Path, count: int, seed: int = 0, blank: int = 0) -> Pack:
    """A Pack of such hands; of the first ``blank`` of them nothing is labelled."""
    with PackWriter(path, HAND, 64) as writer:
        for i, hand in enumerate(points(count, seed)):
            seen = np.full(21, 0 if i < blank else 2, np.uint8)
            hand = np.where(seen[:, None] > 0, hand, np.nan).astype(np.float32)
            writer.add(Sample(f"{i:07d}", None, hand, seen))
    return Pack(path)
