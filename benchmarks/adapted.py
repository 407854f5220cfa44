"""Priors that tables share: fitted once a pair, adapted once a draw of target poses, kept.

What a prior is shown are poses of target frames, drawn as those that fine-tuning gets labelled: who
labels k frames can do either.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.common import bench_folder, code_hash, key_of
from benchmarks.pairs import Pair, find_pair
from benchmarks.prior import modules_of
from benchmarks.prior_settings import CHOSEN
from poseshift.data.baked import SIDE, WorldSpec, open_pack
from poseshift.files import make_folder, new_folder
from poseshift.prior.annotate.puppets import write_puppets
from poseshift.prior.folder import Prior, open_generator, open_prior
from poseshift.prior.generator import Generator, GeneratorConfig
from poseshift.prior.pose_files import read_poses
from poseshift.prior.poses import PoseSet
from poseshift.prior.transfers.base import TRANSFERS

PRIOR_CODE = ("poseshift.prior.folder", "poseshift.prior.transfers.base")
QUICK, BRIEF = "?count=150", GeneratorConfig(steps=4, batch=16, critic_steps=2)
ORACLE = "target"  # not a transfer: a generator of all the target's poses


def place_of(pair: str, count: str = "", tested: int = 1000, peeked: int = 300) -> Pair:
    """A pair by its name; faces, which the training tables leave out, are one here."""
    if pair != "face":
        return find_pair(pair, count, tested, peeked)
    test = f"world:party/test?count={tested + peeked}"
    held_out = ((test, 0, tested), (test, tested, tested + peeked))
    return Pair(f"world:booth{count}", f"world:party{count}", held_out, "face68")


def fitted_prior(pair: str, quick: bool, *, oracle: bool = False) -> Path:
    """The generator of a pair's source poses, or of all its target's."""
    place = place_of(pair, QUICK if quick else "")
    name = f"{pair}-{'target' if oracle else 'source'}-{_code(ORACLE, place.figure)}"
    path = bench_folder() / "priors" / name
    if not path.exists():
        spec = place.target if oracle else place.source
        poses, _ = read_poses(spec)
        made = Generator.fit(poses, BRIEF if quick else None, seed=0)
        make_folder(path.parent)
        with new_folder(path) as partial:
            Prior(made).save(partial, {"made_by": "fit", "source": spec, "seed": 0})
    return path


def adapted_prior(pair: str, transfer: str, shown: int, draw: int, quick: bool = False) -> Path:
    """That generator, adapted to a few target poses by a transfer."""
    if transfer == ORACLE:
        return fitted_prior(pair, quick, oracle=True)
    settings, figure = CHOSEN.get(transfer, {}), place_of(pair).figure
    name = f"{pair}-{transfer}-{shown}-{draw}-{key_of(settings)}-{_code(transfer, figure)}"
    path = bench_folder() / "priors" / name
    if not path.exists():
        generator = open_generator(fitted_prior(pair, quick))
        poses, kind = shown_poses(pair, shown, draw, quick), TRANSFERS[transfer]
        brief = {"steps": 4} if quick and "steps" in kind.Config.model_fields else {}
        adapted = kind(generator, poses, kind.Config(**settings, **brief), draw)
        with new_folder(path) as partial:
            Prior(generator, adapted, poses).save(partial, {"made_by": "adapt", "seed": draw})
    return path


def shown_poses(pair: str, count: int, draw: int, quick: bool = False) -> PoseSet:
    """Poses of the target's training frames, the whole ones among the first of a permutation."""
    pack = open_pack(place_of(pair, QUICK if quick else "").target, SIDE)
    order = np.random.default_rng([draw, 5]).permutation(len(pack))[:count]
    seen_NK1 = (pack.poses.visibility_NK[order] > 0)[..., None]
    keypoints_NK2 = np.where(seen_NK1, pack.poses.keypoints_NK2[order], np.nan)
    return PoseSet.of(keypoints_NK2, pack.skeleton, pack.info.name).whole()


def puppets_of(prior: Path, source: str, count: int, seed: int, *, own: bool = False) -> Path:
    """A Pack of puppets of a world in a prior's poses, behind the world's own samples or alone."""
    world = source.removeprefix("world:").replace("?", "-").replace("/", "-")
    name = f"{prior.name}-{world}-{count}-{seed}-{'own' if own else 'alone'}"
    path = bench_folder() / "puppets" / name
    if not path.exists():
        opened, spec = open_prior(prior), WorldSpec.parse(source)
        make_folder(path.parent)
        write_puppets(path, opened.sampler, opened.skeleton, spec, count, own=own, seed=seed)
    return path


def _code(transfer: str, figure: str) -> str:
    own = (*PRIOR_CODE, "poseshift.prior.annotate.puppets", *modules_of(transfer))
    return code_hash("source_only", figure, own)
