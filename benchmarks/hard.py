"""The hardest third of a pair's held-out images, told in two ways that do not know of each other.

Target labels are read here for analysis alone: nothing that trains or chooses comes past.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.pairs import find_pair
from poseshift.data.baked import SIDE, WorldSpec, open_pack
from poseshift.data.domain import LabeledDomain
from poseshift.data.part import PackPart
from poseshift.evaluation import measure
from poseshift.predict import predict_crops
from poseshift.run import Run
from poseshift.sampling.bins import open_bins
from poseshift.sampling.pose_vae import VaeConfig
from poseshift.sampling.poses import normalized
from poseshift.sampling.scores import load_score

Rows = NDArray[np.int64]


@cache
def hard_thirds(pair: str) -> dict[str, Rows]:
    """Rows of the hardest third: by the frozen source VAE, and by true rarity in the source."""
    place = find_pair(pair)
    spec, first, stop = place.held_out[0]
    tested = open_pack(spec, SIDE)
    rows_N = np.arange(first, min(stop, len(tested)))
    table = tested.poses
    bins = open_bins(open_pack(place.source, SIDE), VaeConfig(), 25, "count")
    poses = normalized(table.keypoints_NK2[rows_N], table.visibility_NK[rows_N], tested.skeleton)
    thirds = {"vae": hardest(load_score(bins.folder).scores(poses), rows_N)}
    if "hinge" in table.extra:
        density_N = WorldSpec.parse(place.source).world.log_prob(table.extra["hinge"][rows_N])
        thirds["rarity"] = hardest(-density_N, rows_N)
    return thirds


def hardest(score_N: NDArray[Any], rows_N: Rows) -> Rows:
    """The third of some rows that score highest.

    Example:
        >>> hardest(np.array([1.0, 5.0, 2.0]), np.array([7, 8, 9]))
        array([8])
    """
    known_N = np.where(np.isfinite(score_N), score_N, -np.inf)
    return np.sort(rows_N[np.argsort(-known_N, kind="stable")[: len(rows_N) // 3]])


def measure_hard(run: Run, step: int, pair: str) -> dict[str, float]:
    """PCK and EvalPose of a checkpoint on the whole test set and on either hardest third.

    The last checkpoint is measured too: what it says has no part of the choice in it.
    """
    chosen = _measure(run, step, pair)
    last = chosen if step == run.last() else _measure(run, run.last(), pair)
    return {**chosen, **{f"{name}_last": value for name, value in last.items()}}


def _measure(run: Run, step: int, pair: str) -> dict[str, float]:
    spec, first, stop = find_pair(pair).held_out[0]
    pack = open_pack(spec, SIDE)
    found = predict_crops(run.network(step), pack.crops, SIDE)
    parts = {"all": np.arange(first, min(stop, len(pack))), **hard_thirds(pair)}
    told: dict[str, float] = {}
    for name, rows_N in parts.items():
        metrics = measure(found.take(rows_N), LabeledDomain(PackPart(pack, rows_N), run.skeleton))
        told[f"pck_{name}"] = float(metrics["pck"])
        told[f"evalpose_{name}"] = float(metrics["evalpose"])
    return told
