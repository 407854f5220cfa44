"""Figures of bins of poses: what is in them, how alike they are, and how runs fare in each.

Everything drawn is computed by a pure function beside the drawing one; bins are numbered from 0 in
arrays and from 1, most usual first, in figures.

Legend: N poses, K joints, T angles, k bins.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, PercentFormatter
from numpy.typing import NDArray

from poseshift.report.figure import (
    COLORS,
    DARK_TO_LIGHT,
    INK,
    PAPER,
    SOFT,
    SOURCE,
    TARGET,
    drawing,
    shades,
    subtitle,
)
from poseshift.sampling.bins import READ_TIMES

Array = NDArray[np.floating[Any]]
Bins = NDArray[np.integer[Any]]

PCK = "PCK@0.05"
MARKS = "os^DvPX"  # of runs, so that they are told apart in grey too
EACH = 64  # poses of a bin that stand for it where all pairs are compared


@dataclass(frozen=True, slots=True)
class Curve:
    """How a run fares in each of k bins, with 95 % intervals; NaN where nothing was to measure.

    Attributes:
        name: Of the run.
        pck_k3: Mean, low, high; 0 to 1.
        evalpose_k3: The same.
    """

    name: str
    pck_k3: Array
    evalpose_k3: Array


def variation(pose_NK2: Array, mask_NK: NDArray[np.bool_], bin_N: Bins, bins: int) -> list[Array]:
    """How far the poses of each bin are from its mean pose: root mean square over joints.

    Example:
        >>> pose = np.array([[[0.0, 0.0]], [[2.0, 0.0]], [[5.0, 5.0]]])
        >>> variation(pose, np.full((3, 1), True), np.array([0, 0, 1]), 2)
        [array([1., 1.]), array([0.])]
    """
    found = []
    for number in range(bins):
        rows = (bin_N == number) & mask_NK.any(1)
        pose_nK2, mask_nK = pose_NK2[rows].astype(np.float64), mask_NK[rows]
        mean_K2 = (pose_nK2 * mask_nK[..., None]).sum(0) / np.maximum(mask_nK.sum(0), 1)[:, None]
        square_nK = ((pose_nK2 - mean_K2) ** 2).sum(-1) * mask_nK
        found.append(np.sqrt(square_nK.sum(1) / mask_nK.sum(1)))
    return found


def similarity(angle_NT: Array, bin_N: Bins, bins: int) -> Array:
    """Mean cosine of the angles of poses of every two bins (k, k), over angles both poses have.

    At most 64 poses stand for a bin, spread evenly over it; a pose is not compared with itself.

    Example:
        >>> angle = np.array([[90.0, 0.0], [45.0, 0.0], [0.0, 90.0], [0.0, 10.0]])
        >>> similarity(angle, np.array([0, 0, 1, 1]), 2).tolist()
        [[1.0, 0.0], [0.0, 1.0]]
    """
    rows = [spread(np.flatnonzero(bin_N == number), EACH) for number in range(bins)]
    angle_nT, number_n = (
        angle_NT[np.concatenate(rows)],
        np.repeat(range(bins), list(map(len, rows))),
    )
    known_nT = np.isfinite(angle_nT).astype(np.float64)
    angle_nT = np.nan_to_num(angle_nT.astype(np.float64))
    length_nn = np.sqrt((angle_nT**2 @ known_nT.T) * (known_nT @ (angle_nT**2).T))
    counts_nn = length_nn > 0
    np.fill_diagonal(counts_nn, False)
    cosine_nn = np.where(counts_nn, angle_nT @ angle_nT.T / np.where(counts_nn, length_nn, 1), 0)
    member_kn = (number_n == np.arange(bins)[:, None]).astype(np.float64)
    pairs_kk = member_kn @ counts_nn @ member_kn.T
    with np.errstate(invalid="ignore"):
        return np.asarray(member_kn @ cosine_nn @ member_kn.T / pairs_kk)


def spread(rows: NDArray[np.intp], most: int) -> NDArray[np.intp]:
    """At most so many of the rows, evenly spread over them.

    Example:
        >>> spread(np.arange(10), 4).tolist(), spread(np.arange(2), 4).tolist()
        ([0, 3, 6, 9], [0, 1])
    """
    places = np.linspace(0, len(rows) - 1, min(most, len(rows))).astype(np.intp)
    return np.asarray(rows[places])


def draw_variation(stem: Path, variation_k: Sequence[Array]) -> None:
    """Box plot of the pose variation in each bin."""
    with drawing(stem, 7.6, 3.7) as axes:
        boxes = axes.boxplot(
            [100 * v for v in variation_k], widths=0.66, patch_artist=True, whis=(5, 95),
            showfliers=False, medianprops={"color": PAPER, "linewidth": 1.6},
            whiskerprops={"color": SOFT}, capprops={"visible": False},
        )  # fmt: skip
        for box, color in zip(boxes["boxes"], shades(len(variation_k)), strict=True):
            box.set(facecolor=color, edgecolor="none")
        mean_k = [100 * float(v.mean()) if len(v) else math.nan for v in variation_k]
        number_k = np.arange(1, len(variation_k) + 1)
        axes.plot(number_k, mean_k, "o", ms=3.2, color=TARGET, mec=PAPER, mew=0.6, zorder=3)
        axes.set_ylim(bottom=0)
        _bin_axis(axes, len(variation_k))
        axes.set_ylabel("distance from the bin's mean pose\n(percent of the body's diagonal)")
        axes.grid(axis="x", visible=False)
        subtitle(
            axes, "Pose variation in each bin",
            "Box: middle half; line: median; whiskers: 5 to 95 %; dot: mean.",
        )  # fmt: skip


def draw_similarity(stem: Path, angle_NT: Array, bin_N: Bins, bins: int) -> None:
    """Heat maps of how alike the poses of every two bins are, as published and mean-centred."""
    with np.errstate(all="ignore"):
        centred_NT = angle_NT - np.nanmean(angle_NT, axis=0)
    raw_kk, centred_kk = (similarity(x, bin_N, bins) for x in (angle_NT, centred_NT))
    told = (
        (raw_kk, "EvalPose between bins", "As published: angles are positive, so all look alike."),
        (centred_kk, "The same, mean-centred", "0: no more alike than any two poses."),
    )
    with drawing(stem, 8.6, 4.2, ncols=2) as pair:
        for axes, (values_kk, title, text) in zip(pair, told, strict=True):
            edge = (0.5, bins + 0.5)
            image = axes.imshow(
                values_kk, cmap=DARK_TO_LIGHT, origin="lower", extent=(*edge, *edge),
                interpolation="none",
            )  # fmt: skip
            bar = axes.figure.colorbar(image, ax=axes, fraction=0.046, pad=0.03)
            bar.outline.set_visible(False)
            bar.locator = MaxNLocator(5)
            bar.update_ticks()
            axes.grid(visible=False)
            axes.spines[:].set_visible(False)
            _bin_axis(axes, bins)
            axes.set_yticks(axes.get_xticks())
            axes.set_ylabel("bin, usual to rare")
            subtitle(axes, title, text)


def draw_scores(
    stem: Path, score_N: Array, bin_N: Bins, bins: int, target_score_M: Array | None = None
) -> None:
    """Histogram of the scores of the source, with the bins' edges; of a labelled target too."""
    score_N = READ_TIMES * score_N
    known_N = score_N[np.isfinite(score_N) & (score_N > 0)]
    told = [(known_N, SOURCE, "source")]
    if target_score_M is not None:
        both = target_score_M[np.isfinite(target_score_M) & (target_score_M > 0)]
        told.append((READ_TIMES * both, TARGET, "target (its labels, for analysis)"))
    every = np.concatenate([values for values, _, _ in told])
    low, high = np.quantile(every, (0.0005, 0.9995))
    edges = np.geomspace(low, high, 61)
    with drawing(stem, 7.6, 3.7) as axes:
        for values, color, name in told:
            weight = np.full(len(values), 100 / len(values))
            clipped = np.clip(values, low, high)
            axes.hist(clipped, edges, weights=weight, color=color, alpha=0.30, label=name)
            axes.hist(clipped, edges, weights=weight, color=color, histtype="step", lw=1.6)
        axes.set_xscale("log")
        axes.set_xlim(low, high)
        axes.set_ylabel("percent of the poses")
        axes.set_xlabel(f"score x {READ_TIMES}, usual to rare")
        top = axes.get_ylim()[1]
        for number, edge in enumerate(_edges(score_N, bin_N, bins), 1):
            axes.axvline(edge, color=INK, lw=0.5, alpha=0.28, zorder=0)
            if bins < 12 or number % 5 == 0:
                axes.text(edge, top, f"{number} ", ha="right", va="top", fontsize=7, color=SOFT)
        axes.grid(axis="x", visible=False)
        if len(told) > 1:
            axes.legend(loc="upper right")
        subtitle(axes, "Scores", f"Thin lines: where each of the {bins} bins ends.")


def _edges(score_N: Array, bin_N: Bins, bins: int) -> list[float]:
    """The largest score of every bin but the last."""
    found = [score_N[bin_N == number] for number in range(bins - 1)]
    return [float(np.nanmax(scores)) for scores in found if np.isfinite(scores).any()]


def draw_curves(stem: Path, curves: Sequence[Curve], measured: str) -> None:
    """PCK and EvalPose in each bin, several runs over each other; ``measured`` on a Pack."""
    panels: Mapping[str, str] = {PCK: "pck_k3", "EvalPose, mean-centred": "evalpose_k3"}
    shown = {
        title: [getattr(curve, name) for curve in curves]
        for title, name in panels.items()
        if any(np.isfinite(getattr(curve, name)).any() for curve in curves)
    }
    bins = len(curves[0].pck_k3)
    with drawing(stem, 4.6 * len(shown) + 0.4, 4.1, ncols=len(shown), squeeze=False) as grid:
        for axes, (title, values) in zip(grid[0], shown.items(), strict=True):
            for curve, value_k3, color, mark in zip(curves, values, COLORS, MARKS, strict=False):
                number_k = np.arange(1, bins + 1)
                axes.fill_between(number_k, *value_k3[:, 1:].T, color=color, alpha=0.13, lw=0)
                axes.plot(
                    number_k, value_k3[:, 0], color=color, marker=mark, ms=4, label=curve.name
                )
            if title == PCK:
                axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
            _bin_axis(axes, bins)
            subtitle(axes, title, f"On {measured}; bands: 95 % of bootstrap resamples.")
        # Below all axes, for there is no corner that curves are sure to leave free.
        handles, names = grid[0][0].get_legend_handles_labels()
        grid[0][0].figure.legend(handles, names, loc="outside lower left", ncols=4)


def _bin_axis(axes: Axes, bins: int) -> None:
    ticks = sorted({1, *range(5, bins, 5), bins}) if bins > 12 else range(1, bins + 1)
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.set_xlim(0.5, bins + 0.5)
    axes.set_xlabel("bin, usual to rare")
