"""Making scores: fit to some poses of a Pack, score all of them, keep what came out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch

from poseshift import __version__
from poseshift.data.pack import Pack
from poseshift.data.types import Floats
from poseshift.errors import BadInput, UserError
from poseshift.files import new_folder
from poseshift.sampling.bins import FORMAT, Bins, bins_folder, cut, write_bins
from poseshift.sampling.poses import Poses, gather, stream
from poseshift.sampling.scores import PoseScore, ScoreConfig, fit_score, save_score

HELD_OUT = 10  # every tenth pose is not fitted to
FEWEST = 100  # poses of which a tenth can be spared
QUANTILES = (0.1, 0.5, 0.9)

Scoring = Callable[[Pack, PoseScore], Floats]
Told = Callable[[str, int, int], object]


def make_scores(
    pack: Pack,
    config: ScoreConfig,
    *,
    scoring: Scoring | None = None,
    told: Told = lambda what, done, total: None,
) -> Path:
    """Fit a score, apply it to a whole Pack and keep both beside it.

    Args:
        pack: Labelled.
        config: Which score, and its settings.
        scoring: How the Pack is scored; here, one chunk after another, if not given.
        told: Called with what is being done, how much of it is, and how much there is.

    Returns:
        The folder.
    """
    if not pack.info.labeled:
        raise UserError(
            "has no labels, and poses are what is scored",
            where=pack.path,
            fix="name a labelled Pack, the source",
        )
    folder = bins_folder(pack, config)
    try:
        with new_folder(folder) as partial:
            _make(pack, config, partial, scoring or (lambda p, s: score_pack(p, s, told)), told)
    except UserError:
        if not (folder / "bins.json").is_file():  # else another process was there first
            raise
    return folder


def _make(pack: Pack, config: ScoreConfig, folder: Path, scoring: Scoring, told: Told) -> None:
    began = time.perf_counter()
    poses = _known(gather(pack, config.poses), pack)
    held_N = np.arange(len(poses)) % HELD_OUT == 0
    held_N &= len(poses) >= FEWEST
    fitted = _part(poses, ~held_N)
    score = fit_score(fitted, config, lambda done, total: told("learning", done, total))
    fit_s = time.perf_counter() - began
    score_N = scoring(pack, score)
    k = min(25, len(score_N))
    save_score(score, folder)
    about: dict[str, Any] = {
        "format": FORMAT,
        "pack": pack.info.name,
        "fingerprint": pack.info.fingerprint,
        "score": config.model_dump(),
        "poses": len(fitted),
        "held_out": compare(score, fitted, _part(poses, held_N)) if held_N.any() else None,
        "fit_s": round(fit_s, 3),
        "seconds": round(time.perf_counter() - began, 3),
        "poseshift": __version__,
    }
    write_bins(Bins(score_N, *cut(score_N, k, "count"), "count", folder), about)


def score_pack(pack: Pack, score: PoseScore, told: Told = lambda what, done, total: None) -> Floats:
    """The scores of a Pack in its order, read some thousands of poses at a time."""
    parts: list[Floats] = []
    done = 0
    with one_thread():
        for poses in stream(pack):
            parts.append(score.scores(poses))
            done += len(poses)
            told("scoring", done, len(pack))
    if done != len(pack):
        raise BadInput(
            f"{done} rows, pack.json says {len(pack)}",
            where=pack.path / "poses.arrow",
            fix="run prepare again",
        )
    return np.concatenate(parts)


@contextmanager
def one_thread() -> Iterator[None]:
    """Sums of one thread are the same wherever the work is shared out to."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def compare(score: PoseScore, fitted: Poses, held: Poses) -> dict[str, list[float]]:
    """Quantiles of the scores of fitted and of held-out poses: alike, unless it memorised."""
    return {
        name: [round(float(q), 6) for q in np.quantile(score.scores(poses), QUANTILES)]
        for name, poses in (("fitted", fitted), ("held_out", held))
    }


def _known(poses: Poses, pack: Pack) -> Poses:
    """Poses of which anything is known."""
    known_N = poses.mask_NK.any(1)
    if not known_N.any():
        raise BadInput(
            "no sample has two labelled joints in different places",
            where=pack.path,
            fix="look at it with: poseshift check PACK",
        )
    return _part(poses, known_N)


def _part(poses: Poses, rows_N: Any) -> Poses:
    return Poses(poses.pose_NK2[rows_N], poses.mask_NK[rows_N])
