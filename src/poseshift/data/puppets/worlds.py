"""A world draws samples; equal (config, split, index) means equal pixels, however reached."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from joblib import Parallel, delayed

from poseshift.data.puppets import motion
from poseshift.data.puppets.camera import Crop, frame
from poseshift.data.puppets.config import WorldConfig
from poseshift.data.puppets.figure import Figure
from poseshift.data.puppets.figures import FIGURES
from poseshift.data.puppets.handover import Parcel, receive, send, shared_folder
from poseshift.data.puppets.mixture import PoseMixture
from poseshift.data.puppets.rig import Array, Build
from poseshift.data.puppets.scene import Scene, draw_scene, shoot
from poseshift.data.types import Sample
from poseshift.errors import UserError

_CHUNK = 64
_PATIENCE = 15  # seconds


@dataclass(frozen=True)
class World:
    """A built-in synthetic domain.

    Attributes:
        name: How it was asked for.
        config: All that decides its samples.

    Example:
        >>> from poseshift.data.puppets import world
        >>> sample = world("studio").sample(0, side=96)
        >>> sample.image.shape, sample.keypoints_K2.shape
        ((96, 96, 3), (16, 2))
    """

    name: str
    config: WorldConfig

    @cached_property
    def figure(self) -> Figure:
        """The puppet that lives here."""
        return FIGURES[self.config.figure]

    @property
    def kind(self) -> str:
        """``body``, ``hand``, ``animal`` or ``face``."""
        return self.figure.kind

    @property
    def skeleton(self) -> str:
        """Name of the skeleton of the keypoints."""
        return self.figure.name

    @property
    def version(self) -> int:
        """Version of the pictures and labels."""
        return self.config.version

    @cached_property
    def _seed(self) -> int:
        return self.config.seed()

    @cached_property
    def mixture(self) -> PoseMixture:
        """The exact distribution of poses."""
        return PoseMixture(self.figure, self.config.pose)

    def sample(self, index: int, side: int = 96, split: str = "train") -> Sample:
        """Sample ``index`` of a split."""
        rng = self._rng(split, index)
        pose_D, action = self.mixture.draw(rng)
        scene = draw_scene(rng, self.figure, self.config)
        return self._shot(f"{self.name}/{split}/{index:06d}", scene, pose_D, action, rng, side)

    def samples(
        self, indices: Iterable[int], side: int = 96, split: str = "train", workers: int = 2
    ) -> Iterator[Sample]:
        """Samples in the order asked for, drawn by several processes (0: in this one)."""
        if workers < 1:
            yield from (self.sample(index, side, split) for index in indices)
            return
        bare, rest = World(self.name, self.config), iter(indices)
        chunks = iter(lambda: list(islice(rest, _CHUNK)), [])
        # joblib starts fresh interpreters (forking one that has used torch or OpenCV can hang) and,
        # unlike multiprocessing's own, does not need the caller's script to guard its main part.
        # They wait a little for more to draw; a process that ends waits for them in turn.
        pool = Parallel(
            n_jobs=workers, return_as="generator", batch_size=1, idle_worker_timeout=_PATIENCE
        )
        with shared_folder() as folder:
            for drawn in pool(delayed(_draw)(bare, chunk, side, split, folder) for chunk in chunks):
                yield from receive(drawn, side)

    def render(self, pose_D: Array, appearance_seed: int, side: int = 96) -> Sample:
        """Any pose, with build, camera and looks decided by a seed."""
        pose_D = np.asarray(pose_D, dtype=float)
        if pose_D.shape != (len(self.figure.hinges),):
            raise UserError(
                f"a pose of {self.skeleton} has {len(self.figure.hinges)} hinges, "
                f"found an array of shape {pose_D.shape}",
                fix=f"give one angle for each of {', '.join(self.figure.hinges)}",
            )
        rng = self._rng("render", appearance_seed)
        scene = draw_scene(rng, self.figure, self.config)
        return self._shot(f"{self.name}/render/{appearance_seed}", scene, pose_D, "", rng, side)

    def poses(self, count: int, seed: int) -> Array:
        """Hinge parameters (count, D) drawn from the world's poses."""
        rng = self._rng("poses", seed)
        return np.array([self.mixture.draw(rng)[0] for _ in range(count)])

    def log_prob(self, pose_ND: Array) -> Array:
        """Exact log density (N,) of poses in hinge coordinates."""
        return self.mixture.log_prob(pose_ND)

    def keypoints(self, pose_ND: Array) -> Array:
        """Keypoints (N, K, 3) in space of the unvaried figure: x right, y up, z to the camera."""
        shape = self.config.shape
        build = Build(shape.limbs, shape.girth, shape.head)
        points_NP3 = self.figure.rig.points(np.asarray(pose_ND, dtype=float), build)
        return points_NP3[:, self.figure.keypoint_rows]

    def clip(self, seed: int, frames: int, side: int = 96) -> list[Sample]:
        """A smooth motion of one individual under one camera: one track, frames 0, 1, ..."""
        rng = self._rng("clip", seed)
        poses_TD, actions = motion.path(self.mixture, frames, rng)
        scene = draw_scene(rng, self.figure, self.config)
        crops = motion.follow(
            [frame(scene.see(self.figure, pose)[2], scene.framing) for pose in poses_TD]
        )
        name = f"{self.name}/clip/{seed}"
        return [
            self._shot(f"{name}/{t:04d}", scene, pose, action, rng, side, crop, (name, t))
            for t, (pose, action, crop) in enumerate(zip(poses_TD, actions, crops, strict=True))
        ]

    def _rng(self, split: str, index: int) -> np.random.Generator:
        key = [self._seed, zlib.crc32(split.encode()), index]
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence(key)))

    def _shot(
        self,
        name: str,
        scene: Scene,
        pose_D: Array,
        action: str,
        rng: np.random.Generator,
        side: int,
        crop: Crop | None = None,
        place: tuple[str, int] = ("", -1),
    ) -> Sample:
        image, keypoints, visibility, length = shoot(
            rng, self.figure, self.config.appearance, scene, pose_D, side, crop
        )
        log_prob = self.mixture.log_prob(pose_D[None])
        return Sample(
            id=name,
            image=image,
            keypoints_K2=keypoints,
            visibility_K=visibility,
            source=self.name,
            category=action,
            track=place[0],
            frame=place[1],
            scale=length,
            extra={"hinge": pose_D.astype(np.float32), "log_prob": log_prob.astype(np.float32)},
        )


@dataclass(frozen=True)
class WorldPair:
    """Two worlds with a known gap.

    Attributes:
        name: ``source->target``, perhaps with the one axis they differ along.
        source: The world with labels.
        target: The world to adapt to.
    """

    name: str
    source: World
    target: World


# Of a drawing process: what a world works out once is worked out once.
_AT_HOME: dict[tuple[str, int], World] = {}


def _draw(home: World, indices: list[int], side: int, split: str, folder: Path | None) -> Parcel:
    cv2.setNumThreads(1)
    home = _AT_HOME.setdefault((home.name, home.config.seed()), home)
    return send([home.sample(index, side, split) for index in indices], folder)
