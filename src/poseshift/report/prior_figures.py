"""Figures of priors: where their poses lie, how they look and move, what more target poses buy.

Legend: N poses, K keypoints, D features.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from numpy.typing import NDArray

from poseshift.keypoint_names import side_and_stem
from poseshift.pictures import COLORS as SIDES
from poseshift.report.figure import COLORS, INK, LINE, SOFT, SOURCE, TARGET, drawing, subtitle
from poseshift.skeleton import Skeleton

Array = NDArray[np.float64]

MOST = 400  # poses of a kind in a map: more are a blur, and slow
_INCH, _HEADING = 0.3, 0.7  # inches a unit of a pose; units that a heading takes


def map_figure(
    stem: Path, target_ND: Array, source_ND: Array, adapted: Mapping[str, Array]
) -> None:
    """Where poses lie in a plane that keeps neighbours (t-SNE), before and after adaptation.

    Args:
        stem: Path without a suffix.
        target_ND: Held-out poses of the target; rows are features.
        source_ND: Poses of the unadapted prior.
        adapted: Poses of adapted priors by name, a panel each.
    """
    panels = {"unadapted": source_ND, **adapted}
    kinds = [kind[:MOST] for kind in (target_ND, *panels.values())]
    # One map for all panels: a place in one is the same place in the others.
    plane_N2 = _embedding(np.concatenate(kinds))
    reach = 1.05 * float(np.abs(plane_N2).max())
    target_N2, *places = np.split(plane_N2, np.cumsum([len(kind) for kind in kinds])[:-1])
    with drawing(stem, 3.0 * len(panels), 3.6, ncols=len(panels), squeeze=False) as grid:
        for axes, name, place_N2 in zip(grid[0], panels, places, strict=True):
            _dots(axes, target_N2, TARGET, "target, held out")
            _dots(axes, place_N2, SOURCE if axes is grid[0, 0] else COLORS[2], "samples")
            axes.set(xticks=[], yticks=[], aspect="equal", title=name)
            axes.set(xlim=(-reach, reach), ylim=(-reach, reach))
            axes.legend(
                loc="upper center",
                bbox_to_anchor=(0.5, 0),
                ncols=2,
                markerscale=2.2,
                handletextpad=0.1,
                columnspacing=1.0,
            )


def _embedding(points_ND: Array) -> Array:
    from sklearn.manifold import TSNE

    perplexity = min(30.0, (len(points_ND) - 1) / 3)
    plane = TSNE(init="pca", perplexity=perplexity, random_state=0).fit_transform(points_ND)
    plane_N2 = np.asarray(plane, dtype=np.float64)
    return np.asarray(plane_N2 - (plane_N2.max(0) + plane_N2.min(0)) / 2)


def _dots(axes: Axes, place_N2: Array, colour: str, name: str) -> None:
    axes.scatter(place_N2[:, 0], place_N2[:, 1], s=7, c=colour, alpha=0.6, linewidths=0, label=name)


def sheet_figure(
    stem: Path, rows: Mapping[str, Array], skeleton: Skeleton, columns: int = 10
) -> None:
    """Poses of several kinds, a row each.

    Args:
        stem: Path without a suffix.
        rows: Poses (N, K, 2) of unit size by what they are; the first ones are shown.
        skeleton: Their joints.
        columns: Poses in a row.
    """
    shown = {name: points_NK2[:columns] for name, points_NK2 in rows.items()}
    width, height = _cell(list(shown.values()))
    height += _HEADING
    with drawing(stem, _INCH * width * columns, _INCH * height * len(rows)) as axes:
        _sheet(axes, width * columns, height * len(rows))
        for row, (name, points_NK2) in enumerate(shown.items()):
            axes.text(0, row * height + _HEADING, name, fontsize=9, weight="bold")
            for column, points_K2 in enumerate(points_NK2):
                spot = (column + 0.5) * width, (row + 0.5) * height + _HEADING / 2
                draw_skeleton(axes, _centred(points_K2) + spot, skeleton)


def morph_figure(
    stem: Path, stages: Sequence[Array], skeleton: Skeleton, names: Sequence[str]
) -> None:
    """Single poses on their way from the source to the target, a row each.

    Args:
        stem: Path without a suffix.
        stages: The same poses (N, K, 2) from the unadapted to the adapted ones.
        skeleton: Their joints.
        names: What the first and the last stage are called.
    """
    count, steps = len(stages[0]), len(stages)
    width, height = _cell(stages)
    with drawing(stem, _INCH * width * steps, _INCH * (height * count + _HEADING)) as axes:
        _sheet(axes, width * steps, height * count + _HEADING)
        for column, name in ((0, names[0]), (steps - 1, names[1])):
            axes.text(
                (column + 0.5) * width, _HEADING, name, fontsize=9, weight="bold", ha="center"
            )
        for column, stage_NK2 in enumerate(stages):
            for row, (first_K2, points_K2) in enumerate(zip(stages[0], stage_NK2, strict=True)):
                spot = (column + 0.5) * width, (row + 0.5) * height + _HEADING
                if column > 0:  # where the pose came from, faintly
                    draw_skeleton(axes, _centred(first_K2) + spot, skeleton, faint=True)
                draw_skeleton(axes, _centred(points_K2) + spot, skeleton)


def draw_skeleton(axes: Axes, points_K2: Array, skeleton: Skeleton, *, faint: bool = False) -> None:
    """Draw a pose: left is blue, right is orange, as on pictures; joints that are NaN are left out.

    Without lines the joints are dots.
    """
    sides = [side_and_stem(name)[0] for name in skeleton.keypoints]
    tones = [LINE if faint else _tone(side) for side in sides]
    lines = [
        (points_K2[[a, b]], tones[b] if sides[a] == "" else tones[a])
        for a, b in skeleton.edges
        if np.isfinite(points_K2[[a, b]]).all()
    ]
    axes.add_collection(
        LineCollection(
            [line for line, _ in lines],
            colors=[tone for _, tone in lines],
            linewidths=1.2 if len(skeleton) > 40 else 1.8,
            capstyle="round",
        )
    )
    if not skeleton.edges:
        axes.scatter(points_K2[:, 0], points_K2[:, 1], s=9, c=tones, linewidths=0)


def _tone(side: str) -> str:
    red, green, blue = SIDES[side]
    return f"#{red:02x}{green:02x}{blue:02x}" if side else SOFT


def _cell(kinds: Sequence[Array]) -> tuple[float, float]:
    """Width and height that hold any of the poses, with some air."""
    extents = [np.nanmax(p_NK2, axis=1) - np.nanmin(p_NK2, axis=1) for p_NK2 in kinds]
    width, height = 1.12 * np.concatenate(extents).max(axis=0)
    return float(width), float(height)


def _centred(points_K2: Array) -> Array:
    return np.asarray(points_K2 - (np.nanmax(points_K2, 0) + np.nanmin(points_K2, 0)) / 2)


def _sheet(axes: Axes, width: float, height: float) -> None:
    axes.set(xlim=(0, width), ylim=(height, 0), aspect="equal")
    axes.axis("off")


def curve_figure(
    stem: Path,
    curves: Mapping[str, Sequence[tuple[int, float]]],
    *,
    floor: float,
    unadapted: float,
    metric: str,
) -> None:
    """A metric over the number of target poses, between what is perfect and what is unadapted.

    Args:
        stem: Path without a suffix.
        curves: (number of poses, value) by transfer; several values of one number are averaged.
        floor: The value of the other half of the held-out poses.
        unadapted: The value of the source.
        metric: What the values are.
    """
    with drawing(stem, 5.2, 3.4) as axes:
        for value, name in ((unadapted, "unadapted"), (floor, "floor: two target halves")):
            axes.axhline(value, color=INK, linewidth=1.2, linestyle=(0, (4, 3)))
            axes.annotate(
                name,
                (1, value),
                (-2, 3),
                xycoords=("axes fraction", "data"),
                textcoords="offset points",
                ha="right",
                color=SOFT,
                fontsize=8,
            )
        every = sorted({count for points in curves.values() for count, _ in points})
        # The legend has the order in which the lines end.
        order = sorted(curves, key=lambda name: -max(curves[name])[1])
        for name, colour in zip(order, _cycle(len(curves)), strict=True):
            points = curves[name]
            counts = sorted({count for count, _ in points})
            means = [np.mean([v for count, v in points if count == c]) for c in counts]
            axes.plot(counts, means, marker="o", markersize=4, color=colour, label=name)
            axes.scatter(
                [c for c, _ in points],
                [v for _, v in points],
                s=9,
                c=colour,
                alpha=0.35,
                linewidths=0,
            )
        axes.set_xscale("log")
        axes.set_xticks(every, [str(count) for count in every])
        axes.minorticks_off()
        axes.set_xlabel("target poses")
        subtitle(axes, metric, "held out, lower is better; dots are single adaptations")
        axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))


def _cycle(count: int) -> list[str]:
    tones = [*COLORS[2:], *COLORS[:2], "#999999", "#f0e442", "#8c564b", "#17becf"]
    return [tones[i % len(tones)] for i in range(count)]
