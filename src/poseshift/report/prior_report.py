"""What a comparison of priors leaves in a folder: its numbers for programs, its figures for people.

Legend: N poses, K keypoints.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from poseshift.files import write_json, write_text
from poseshift.prior.compare import UNADAPTED, Candidate, Comparison
from poseshift.prior.hinge import Hinge
from poseshift.prior.mixup import mixup
from poseshift.prior.transfers.styled import Styled
from poseshift.report.page import write_page
from poseshift.report.prior_figures import (
    MOST,
    curve_figure,
    map_figure,
    morph_figure,
    sheet_figure,
)

STAGES, MORPHED = 6, 5  # columns and rows of a morph
_MAPS = 4  # adapted priors in a map: more panels cannot be read


def write_report(
    folder: Path, comparison: Comparison, candidates: list[Candidate], hinge: Hinge
) -> None:
    """Write numbers and figures into a folder.

    Args:
        folder: There already.
        comparison: What was measured.
        candidates: The priors, as they were given.
        hinge: Of the source's prior, for poses on the way.
    """
    write_json(folder / "compare.json", as_dict(comparison))
    write_text(folder / "compare.csv", as_csv(comparison))
    write_figures(folder, comparison, candidates, hinge)
    write_page(folder, "Priors against held-out poses")


def as_dict(comparison: Comparison) -> dict[str, Any]:
    """The numbers as plain data; what is not a number is ``null``."""
    return {
        "skeleton": comparison.held_out.skeleton.name,
        "measured": comparison.held_out.count,
        "left_out": comparison.left_out,
        "floor": comparison.held_out.floor,
        "unadapted": comparison.unadapted,
        "rows": [
            {
                "name": row.name,
                "transfer": row.transfer,
                "shown": row.shown,
                "values": row.values,
                "scores": {k: v if math.isfinite(v) else None for k, v in row.scores.items()},
            }
            for row in comparison.rows
        ],
    }


def as_csv(comparison: Comparison) -> str:
    """One line a prior, and one each for the floor and the unadapted prior."""
    floor = comparison.held_out.floor
    names = list(dict.fromkeys([*floor, *(k for row in comparison.rows for k in row.values)]))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["name", "transfer", "shown", *names])
    lines = [("floor", "", "", floor), (UNADAPTED, "source", "", comparison.unadapted)]
    for row in comparison.rows:
        lines.append((row.name, row.transfer, str(row.shown), row.values))
    for name, transfer, shown, values in lines:
        cells = [f"{values[k]:.6g}" if k in values else "" for k in names]
        writer.writerow([name, transfer, shown, *cells])
    return text.getvalue()


def write_figures(
    folder: Path, comparison: Comparison, candidates: list[Candidate], hinge: Hinge
) -> None:
    """Draw where the poses lie, what they look like, how they move, and what more of them buy."""
    samples, skeleton = comparison.samples, comparison.held_out.skeleton
    # Neighbours in a file are often of one clip, and figures show the first ones.
    truth_NK2 = comparison.held_out.points_NK2
    truth_NK2 = truth_NK2[np.random.default_rng(0).permutation(len(truth_NK2))]
    seen = {name: _space(comparison, sample) for name, sample in samples.items()}
    adapted = dict([(name, x) for name, x in seen.items() if name != UNADAPTED][:_MAPS])
    map_figure(folder / "map", _space(comparison, truth_NK2), seen[UNADAPTED], adapted)
    rows = {"target, held out": _array(whole_first(truth_NK2))}
    rows |= {name: _array(sample) for name, sample in samples.items()}
    sheet_figure(folder / "poses", rows, skeleton)
    for candidate in candidates:
        stages = along(candidate) or morph(samples[UNADAPTED], samples[candidate.name], hinge)
        if stages:
            shown = [_array(stage) for stage in stages]
            name = re.sub(r"[^\w.-]+", "-", candidate.name)  # it may be a path
            morph_figure(folder / f"morph-{name}", shown, skeleton, (UNADAPTED, candidate.name))
    _curves(folder, comparison)


def whole_first(points_NK2: Tensor) -> Tensor:
    """Poses with all joints before the others."""
    missing_N = points_NK2.isnan().any(-1).sum(-1)
    return points_NK2[missing_N.argsort(stable=True)]


def along(candidate: Candidate) -> list[Tensor]:
    """The same few poses along the adaptation itself; none where it has no way in between."""
    if not isinstance(candidate.sampler, Styled):
        return []
    shares = np.linspace(0, 1, STAGES).tolist()
    found = [candidate.sampler.part_way(share, MORPHED, 0) for share in shares]
    return [stage for stage in found if stage is not None]


def morph(source_NK2: Tensor, adapted_NK2: Tensor, hinge: Hinge) -> list[Tensor]:
    """Poses on their way from the source to the target, hinge by hinge.

    Returns:
        Stages of the same few poses; none where the two sets have nothing to do with each other
        pose by pose: a transfer that reweighs or repeats poses moves none of them.
    """
    apart = (source_NK2 - adapted_NK2).square().sum((1, 2)).sqrt().mean()
    strangers = (source_NK2.roll(1, 0) - adapted_NK2).square().sum((1, 2)).sqrt().mean()
    if not 0 < apart < 0.9 * strangers:
        return []
    source_ND, adapted_ND = (hinge.split(p[:MORPHED].float()) for p in (source_NK2, adapted_NK2))
    return [
        hinge.join(
            mixup(adapted_ND, source_ND, torch.full((len(source_ND),), share), hinge.angle_D)
        )
        for share in np.linspace(0, 1, STAGES).tolist()
    ]


def _curves(folder: Path, comparison: Comparison) -> None:
    """MMD^2 over the number of target poses, where some transfer was given with several."""
    curves: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for row in comparison.rows:
        curves[row.transfer].append((row.shown, row.values["mmd2"]))
    if any(len({count for count, _ in points}) > 1 for points in curves.values()):
        curve_figure(
            folder / "mmd2",
            curves,
            floor=comparison.held_out.floor["mmd2"],
            unadapted=comparison.unadapted["mmd2"],
            metric="MMD² over target poses",
        )


def _space(comparison: Comparison, points_NK2: Tensor) -> NDArray[np.float64]:
    return _array(comparison.held_out.space(points_NK2[:MOST].double()))


def _array(tensor: Tensor) -> NDArray[np.float64]:
    return np.asarray(tensor.double().numpy())
