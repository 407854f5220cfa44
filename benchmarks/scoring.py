"""What scores of poses are worth: against true densities, over seeds and lambda, and their cost."""

from __future__ import annotations

import itertools
import resource
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import spearmanr

from benchmarks.common import alone
from benchmarks.pairs import real_data
from poseshift.data.baked import SIDE, WorldSpec, open_pack
from poseshift.data.pack import Pack, PackWriter
from poseshift.data.prepare import prepare
from poseshift.data.types import Sample
from poseshift.sampling.making import compare, score_pack
from poseshift.sampling.pose_vae import VaeConfig
from poseshift.sampling.poses import Poses, gather
from poseshift.sampling.scores import SCORES, ScoreConfig, fit_score
from poseshift.skeleton import skeleton

# Sources of development pairs, then those of the report pairs.
WORLDS = (*(f"lottery-{seed}-source" for seed in range(3)), "studio", "desk", "barn")
NAMES = ("vae", "mean", "knn")
LAMBDAS = (1e-4, 1e-3, 1e-2)
REAL = {
    "MPII": ("body/mpii.csv", "body16"),
    "LSPET": ("body/lspet", "lsp14"),
    "AnimalPose": ("animal/animalpose_20kp.json", "animal20"),
    "hands": ("hand/hand_graph", "hand21"),
}


def config_of(name: str, **settings: Any) -> ScoreConfig:
    """Settings of a score by its name."""
    return SCORES[name].Config(name=name, **settings)


def fitted(poses: Poses, config: ScoreConfig) -> np.ndarray[Any, Any]:
    """Scores of the very poses a score is fitted to."""
    return fit_score(poses, config).scores(poses)


def agreement(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> float:
    """Spearman's rank correlation of the scores both know."""
    known = np.isfinite(one) & np.isfinite(other)
    return float(spearmanr(one[known], other[known]).statistic)


def against_truth(name: str, count: int) -> Mapping[str, float]:
    """Rank correlation of every score with the true negative log density of a world's poses."""
    pack = open_pack(f"world:{name}?count={count}", SIDE)
    truth_N = -WorldSpec.parse(f"world:{name}").world.log_prob(pack.poses.extra["hinge"])
    poses = gather(pack, count)
    return {kind: agreement(fitted(poses, config_of(kind)), truth_N) for kind in NAMES}


def stability(name: str, count: int) -> Mapping[str, float]:
    """Lowest rank correlation of the VAE's scores over seeds, and over lambda."""
    poses = gather(open_pack(f"world:{name}?count={count}", SIDE), count)
    seeds = [fitted(poses, VaeConfig(seed=seed)) for seed in range(3)]
    lambdas = [fitted(poses, VaeConfig(kl=kl)) for kl in LAMBDAS]
    return {
        "seeds": min(agreement(a, b) for a, b in itertools.combinations(seeds, 2)),
        "lambda": min(agreement(a, b) for a, b in itertools.combinations(lambdas, 2)),
    }


def real(name: str) -> Mapping[str, Any]:
    """Real poses: how scores agree with each other, and held-out poses with fitted ones."""
    folder = real_data()
    if folder is None:
        raise SystemExit("real poses need POSESHIFT_DATA")
    file, joints = REAL[name]
    with tempfile.TemporaryDirectory() as out:
        prepare(folder / file, Path(out) / "pack", skeleton=joints, side=SIDE, skip_bad=True)
        pack = Pack(Path(out) / "pack")
        poses = gather(pack, len(pack))
    poses = part(poses, poses.mask_NK.any(1))
    held_N = np.arange(len(poses)) % 10 == 0
    score = fit_score(part(poses, ~held_N), VaeConfig())
    seeds = [fitted(poses, VaeConfig(seed=seed)) for seed in range(2)]
    return {
        "count": len(poses),
        "seeds": agreement(*seeds),
        **{kind: agreement(seeds[0], fitted(poses, config_of(kind))) for kind in ("mean", "knn")},
        "quantiles": compare(score, part(poses, ~held_N), part(poses, held_N)),
    }


def part(poses: Poses, rows: np.ndarray[Any, Any]) -> Poses:
    """Some poses."""
    return Poses(poses.pose_NK2[rows], poses.mask_NK[rows])


def many_poses(count: int) -> Iterator[Sample]:
    """Body poses without images: those of the studio, each a little bent."""
    base = open_pack("world:studio", SIDE).poses.keypoints_NK2
    base = np.nan_to_num(base, nan=SIDE / 2)
    rng = np.random.default_rng(0)
    seen = np.full(base.shape[1], 2, np.uint8)
    for first in range(0, count, 10_000):
        rows = rng.integers(len(base), size=min(10_000, count - first))
        bent = (base[rows] + rng.normal(0, 1.5, (len(rows), *base.shape[1:]))).astype(np.float32)
        for number, points_K2 in enumerate(bent, first):
            yield Sample(id=str(number), image=None, keypoints_K2=points_K2, visibility_K=seen)


def pose_pack(folder: Path, count: int) -> Pack:
    """A Pack of many poses."""
    writer = PackWriter(
        folder, skeleton("body16"), SIDE, name="many", crop_from="keypoints", made_by="benchmark"
    )
    with writer:
        for sample in many_poses(count):
            writer.add(sample)
    return Pack(folder)


def learning(count: int) -> Mapping[str, float]:
    """Seconds of fitting the default VAE to so many poses, and scores a second."""
    with tempfile.TemporaryDirectory() as folder:
        poses = gather(pose_pack(Path(folder) / "pack", count), count)
    start = time.perf_counter()
    score = fit_score(poses, VaeConfig())
    seconds = time.perf_counter() - start
    rates = []
    for _ in range(3):
        start = time.perf_counter()
        score.scores(poses)
        rates.append(count / (time.perf_counter() - start))
    return {"count": count, "seconds": seconds, "scored_per_s": statistics.median(rates)}


def streaming(count: int) -> Mapping[str, float]:
    """Peak memory of a process that scores so many poses, in MB, everything it loads included."""
    with tempfile.TemporaryDirectory() as folder:
        pose_pack(Path(folder) / "pack", count)
        return alone(_stream, folder)


def _stream(folder: str) -> Mapping[str, float]:
    pack = Pack(Path(folder) / "pack")
    score = fit_score(gather(pack, 10_000), VaeConfig(steps=200))
    start = time.perf_counter()
    score_pack(pack, score)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"count": len(pack), "peak_mb": peak, "seconds": seconds}


def ray_equals_local(count: int) -> Mapping[str, Any]:
    """Whether Ray gives the scores one process gives; ``None`` where Ray is not installed."""
    if find_spec("ray") is None:
        return {"ray_equals_local": None}
    from poseshift.sampling.ray_scores import score_on_ray

    with tempfile.TemporaryDirectory() as folder:
        pack = pose_pack(Path(folder) / "pack", count)
        score = fit_score(gather(pack, count), VaeConfig(steps=200))
        same = np.array_equal(score_pack(pack, score), score_on_ray(pack, score, 2))
    return {"ray_equals_local": int(same)}
