"""Pairs of pose sets: what a prior is fitted on, what it is shown, and what it is judged by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.common import bench_folder, code_hash
from benchmarks.pairs import real_data, worlds
from poseshift.files import make_folder, new_folder
from poseshift.prior.folder import Prior, open_generator
from poseshift.prior.generator import Generator, GeneratorConfig
from poseshift.prior.pose_files import read_poses
from poseshift.prior.poses import PoseSet
from poseshift.skeleton import Skeleton, skeleton

PUPPETS = ("body", "lottery-3", "lottery-9")
REAL = ("MPII->LSPET", "cats, dogs->cows", "cats, dogs->horses", "cats, dogs->sheep",
        "synthetic->real hands", "YTF->FaceSynthetics")  # fmt: skip
MOST = 2000  # held-out poses


class PosePair(NamedTuple):
    """Whole poses of both sides.

    Attributes:
        source: What the generator is fitted on.
        pool: Of the target, from which a few are drawn.
        held_out: Of the target, never shown.
    """

    source: PoseSet
    pool: PoseSet
    held_out: PoseSet


@cache
def pose_pair(name: str, count: str = "") -> PosePair:
    """A pair by its name in the tables.

    Args:
        name: A puppet pair's or a real one's.
        count: ``?count=N`` for fewer samples of a world.
    """
    if name in PUPPETS:
        source, target = worlds(name)
        sets = (f"{source}{count}", f"{target}{count}", f"{target}/test?count={MOST}")
        return PosePair(*(read_poses(f"world:{world}")[0].whole() for world in sets))
    folder = real_data()
    if folder is None:
        raise SystemExit(f"{name} needs POSESHIFT_DATA")
    source_poses, target_poses = _REAL[name](folder)
    return PosePair(source_poses, *halves(target_poses))


def halves(poses: PoseSet) -> tuple[PoseSet, PoseSet]:
    """First and second half, so that neighbours in a file, often of one clip, stay together."""
    middle = len(poses) // 2
    first, second = poses.take(range(middle)), poses.take(range(middle, len(poses)))
    return first, second.take(range(min(len(second), MOST)))


def fitted(name: str, quick: bool, seed: int = 0) -> Generator:
    """The generator of a pair's source poses, fitted once a seed and kept."""
    code = code_hash("source_only", "body16", ("poseshift.prior.generator",))
    path = bench_folder() / "pose-priors" / f"{name.replace('->', '-to-')}-{seed}-{code}"
    if not path.exists():
        brief = GeneratorConfig(steps=4, batch=16, critic_steps=2) if quick else None
        source = pose_pair(name, "?count=150" if quick else "").source
        make_folder(path.parent)
        with new_folder(path) as partial:
            Prior(Generator.fit(source, brief, seed)).save(partial, {"made_by": "fit"})
    return open_generator(path)


def _bodies(folder: Path) -> tuple[PoseSet, PoseSet]:
    joints = skeleton("lsp14")
    source, _ = read_poses(folder / "body" / "mpii.csv", joints)
    target, _ = read_poses(folder / "body" / "lspet", joints)
    return source.whole(), target.whole()


def _animals(species: str, folder: Path) -> tuple[PoseSet, PoseSet]:
    file = folder / "animal" / "animalpose_20kp.json"
    source, _ = read_poses(file, categories=("cat", "dog"))
    target, _ = read_poses(file, categories=(species,))
    return part(source, TRUNK, "trunk8"), part(target, TRUNK, "trunk8")


def _hands(folder: Path) -> tuple[PoseSet, PoseSet]:
    real = folder / "hand" / "hand_graph"
    source, _ = read_poses(real / "handGestures.txt")
    target, _ = read_poses(real)
    # All synthetic hands are left ones: mirrored, or chirality would be the whole gap.
    right_NK2 = np.asarray(source.whole().keypoints()) * np.array([-1.0, 1.0])
    mirrored = PoseSet.of(right_NK2, source.skeleton, source.name)
    return mirrored, target.whole()


def _faces(folder: Path) -> tuple[PoseSet, PoseSet]:
    joints = skeleton("face68")
    source, _ = read_poses(folder / "face" / "ytf68.csv", joints)
    target, _ = read_poses(folder / "face" / "facesynthetics100", joints)
    return source.whole(), target.whole()


# AnimalPose labels 11 to 13 of 20 points; these are there often enough to be there together.
TRUNK = ("left_eye", "right_eye", "nose", "left_ear", "right_ear", "throat", "withers", "tail_base")
_LINES = ((0, 2), (1, 2), (0, 3), (1, 4), (2, 5), (5, 6), (6, 7))
_REAL: dict[str, Callable[[Path], tuple[PoseSet, PoseSet]]] = {
    "MPII->LSPET": _bodies,
    "cats, dogs->cows": lambda folder: _animals("cow", folder),
    "cats, dogs->horses": lambda folder: _animals("horse", folder),
    "cats, dogs->sheep": lambda folder: _animals("sheep", folder),
    "synthetic->real hands": _hands,
    "YTF->FaceSynthetics": _faces,
}


def part(poses: PoseSet, names: tuple[str, ...], called: str) -> PoseSet:
    """Poses that have some joints whole, as poses of those joints alone."""
    keep = [poses.skeleton.keypoints.index(name) for name in names]
    points_NK2 = np.asarray(poses.keypoints())[:, keep]
    whole_N = np.isfinite(points_NK2).all((1, 2))
    return replace(PoseSet.of(points_NK2[whole_N], _lines(called, names)), name=poses.name)


def _lines(called: str, names: tuple[str, ...]) -> Skeleton:
    data = {"name": called, "keypoints": list(names),
            "edges": [[names[a], names[b]] for a, b in _LINES]}  # fmt: skip
    return Skeleton.from_dict(data, called)
