"""All figures of a Pack's bins, and how runs fare in each bin, by what they predicted.

A run's predictions are those ``evaluate`` kept; nothing is predicted again.

Legend: N samples, K joints, T triplets, k bins.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import torch

from poseshift.data.domain import LabeledDomain
from poseshift.data.names import without
from poseshift.data.pack import Pack
from poseshift.errors import BadInput, UserError, command
from poseshift.gap.pose import known_angles
from poseshift.gap.poses import labelled
from poseshift.metrics import evalpose
from poseshift.metrics.bootstrap import bootstrap_interval
from poseshift.metrics.pck import Hits, inside_crop, mean_over, pck
from poseshift.report.bin_figures import (
    Array,
    Bins,
    Curve,
    draw_curves,
    draw_scores,
    draw_similarity,
    draw_variation,
    variation,
)
from poseshift.report.bin_sheets import draw_sheet
from poseshift.report.figure import COLORS, figure_folder
from poseshift.run import Run
from poseshift.sampling import bins as kept
from poseshift.sampling.poses import normalized
from poseshift.sampling.scores import load_score


def write_bin_figures(
    pack: Pack,
    bins: kept.Bins,
    folder: Path,
    *,
    target: Pack | None = None,
    runs: Sequence[Run] = (),
) -> list[Path]:
    """Draw everything that is known of bins into a new folder.

    Args:
        pack: Whose bins these are.
        bins: Scores and bins.
        folder: New; PNG and SVG files are written there.
        target: Labelled Pack whose poses are scored too, for analysis; the runs are then shown on
            its samples, in the bins their poses would be in.
        runs: Evaluated on the target, or without one on the Pack.

    Returns:
        The PNG files.
    """
    if len(runs) > len(COLORS):
        raise UserError(
            f"{len(runs)} runs, and {len(COLORS)} can be told apart in a figure",
            fix="give fewer --run",
        )
    poses = normalized(pack.poses.keypoints_NK2, pack.poses.visibility_NK, pack.skeleton)
    angle_NT = known_angles(pack.poses.keypoints_NK2, pack.poses.visibility_NK > 0, pack.skeleton)
    shown, score_M, bin_M = pack, None, bins.bin_N
    if target is not None:
        shown, score_M = target, _scored(target, pack, bins)
        bin_M = np.where(np.isfinite(score_M), bins.find(score_M), -1)
    curves = [
        replace(run_curve(run, shown, bin_M, bins.k), name=name)
        for run, name in zip(runs, _names(runs), strict=True)
    ]
    with figure_folder(folder) as partial:
        spread_k = variation(poses.pose_NK2, poses.mask_NK, bins.bin_N, bins.k)
        draw_variation(partial / "variation", spread_k)
        if np.isfinite(angle_NT).any():
            draw_similarity(partial / "similarity", angle_NT, bins.bin_N, bins.k)
        draw_scores(partial / "scores", bins.score_N, bins.bin_N, bins.k, score_M)
        draw_sheet(partial / "sheet", pack, bins.bin_N, bins.range_k)
        if curves:
            draw_curves(partial / "runs", curves, shown.info.name)
        names = sorted(path.name for path in partial.glob("*.png"))
    return [folder / name for name in names]


def _names(runs: Sequence[Run]) -> list[str]:
    """Names of folders, or whole paths where two folders have one name."""
    short = [run.path.name for run in runs]
    return short if len(set(short)) == len(short) else [str(run.path) for run in runs]


def _scored(target: Pack, pack: Pack, bins: kept.Bins) -> Array:
    """What the Pack's score says of another Pack's labels."""
    found = labelled(target, pack.skeleton, np.arange(len(target)))
    poses = normalized(found.keypoints_NK2, found.visibility_NK, pack.skeleton)
    return load_score(bins.folder).scores(poses)


def run_curve(run: Run, pack: Pack, bin_N: Bins, bins: int) -> Curve:
    """PCK and centred EvalPose of a run's predictions on a Pack, in each bin.

    Args:
        run: Evaluated on the Pack.
        pack: Labelled.
        bin_N: The bin of each of its samples, from 0; negative for those that are left out.
        bins: How many there are.
    """
    aliases = run.config.aliases
    domain = LabeledDomain(pack, run.skeleton, Path(aliases) if aliases else None)
    rows, points_NK2 = read_predictions(run, pack)
    pred, true = torch.from_numpy(points_NK2), torch.from_numpy(domain.keypoints_NK2[rows])
    visibility = torch.from_numpy(domain.visibility_NK[rows].astype(np.int64))
    counts = inside_crop(true, visibility, domain.side)
    hits = pck(pred, true, counts, torch.full((len(true),), float(domain.side)))
    alike_N = _evalpose(pred, true, counts, run.skeleton.triplets)
    found_k = []
    for number in range(bins):
        some = np.flatnonzero(bin_N[rows] == number)
        part = Hits(hits.hits_NK[some], hits.valid_NK[some])
        alike_n1 = alike_N[some, None]
        known_n1 = np.isfinite(alike_n1)
        mean = float(mean_over(part.per_joint(), run.skeleton.scored))
        ends = bootstrap_interval(part.hits_NK.numpy(), part.valid_NK.numpy(), run.skeleton.scored)
        also = float(alike_n1[known_n1].mean()) if known_n1.any() else math.nan
        also_ends = bootstrap_interval(np.nan_to_num(alike_n1), known_n1, [0])
        found_k.append(((mean, *(ends or _NONE)), (also, *(also_ends or _NONE))))
    both = np.array(found_k)
    return Curve(run.path.name, both[:, 0], both[:, 1])


_NONE = (math.nan, math.nan)


def _evalpose(
    pred: torch.Tensor, true: torch.Tensor, counts: torch.Tensor, triplets: evalpose.Triplets
) -> Array:
    """Centred EvalPose of every sample, NaN where too few angles are labelled."""
    if len(triplets) < evalpose.FEWEST:
        return np.full(len(true), np.nan)
    pred_NT, true_NT = (evalpose.joint_angles(points, triplets) for points in (pred, true))
    counted_NT = evalpose.counted_triplets(true, counts, triplets)
    mean_T = evalpose.mean_angles(true_NT, counted_NT)
    return evalpose.evalpose(pred_NT, true_NT, counted_NT, mean_T).numpy()


def read_predictions(run: Run, pack: Pack) -> tuple[Bins, Array]:
    """Rows of a Pack that a run was evaluated on, and what its chosen checkpoint predicted there.

    Where that checkpoint was not evaluated, the newest that was speaks for the run.
    """
    measured = without(pack, run.labelled_images()).info.fingerprint
    files = sorted(run.path.glob(f"evaluations/*-{measured[:8]}/*/predictions.arrow"))
    if not files:
        raise UserError(
            f"was not evaluated on {pack.info.name}",
            where=run.path,
            fix=command("evaluate", run.path, pack.path),
        )
    chosen = f"{run.chosen():06d}"
    file = next((file for file in files if file.parent.name == chosen), files[-1])
    try:
        with pa.ipc.open_file(str(file)) as table:
            ids, column = (table.read_all()[name] for name in ("id", "keypoints"))
        points_NK2 = column.combine_chunks().flatten().to_numpy(zero_copy_only=False)
        points_NK2 = points_NK2.reshape(len(ids), len(run.skeleton), 2).astype(np.float32)
        place = {name: row for row, name in enumerate(pack.poses.id_N)}
        rows = np.array([place[name] for name in ids.to_pylist()], dtype=np.int64)
    except (OSError, KeyError, ValueError, pa.ArrowInvalid) as error:
        raise BadInput(
            f"is damaged ({error})",
            where=file,
            fix=command("evaluate", run.path, pack.path),
        ) from error
    return rows, points_NK2
