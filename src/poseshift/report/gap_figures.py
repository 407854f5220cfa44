"""Figures of a diagnosis: every distance beside its floor, what crops look like, where poses lie.

Legend: N samples, F frequencies.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import PercentFormatter

from poseshift.data.types import Bytes
from poseshift.gap.appearance import MEANING, Looks
from poseshift.gap.diagnose import Both, Gap, Section
from poseshift.gap.distance import WIDE, Array, Distance
from poseshift.gap.ends import SHOWN
from poseshift.gap.pose import TENTHS, Support, angle_name
from poseshift.pictures import GAP, grid
from poseshift.report.figure import (
    INK,
    PAPER,
    SOFT,
    SOURCE,
    TARGET,
    drawing,
    figure_folder,
    subtitle,
)

ANGLES = 3  # that differ most
VALUES = 1.03  # where the column of values begins
_COLOR = {"source": SOURCE, "target": TARGET}
_LEVEL = {"same": "#c3c9cf", "slight": "#ebbd96", "clear": TARGET}
_UNIT = {
    "share": "{:.2f}",
    "accuracy": "{:.0%}",
    "variances": "{:.2f} variances",
    "degrees": "{:.1f}°",
}
_DRAWN_AS = {
    "accuracy": "of an accuracy a: 2a - 1",
    "variances": "of v variances: v / (1 + v)",
    "degrees": f"of degrees: their share of {WIDE:.0f}°",
}


def write_gap_figures(gap: Gap, folder: Path) -> list[Path]:
    """Draw all that is known into a new folder; returns the PNG files, the SVGs lie beside."""
    evidence = gap.evidence
    with figure_folder(folder) as partial:
        draw_distances(partial / "distances", gap)
        if evidence.looks is not None and evidence.crops is not None:
            draw_appearance(partial / "appearance", gap, evidence.crops, evidence.looks)
        if evidence.facts is not None and gap.support is not None:
            draw_poses(partial / "poses", gap, evidence.facts, gap.support)
        names = sorted(path.name for path in partial.glob("*.png"))
    return [folder / name for name in names]


def draw_distances(stem: Path, gap: Gap) -> None:
    """All distances as bars, 0 for none and 1 for nothing in common, with their floors."""
    sections = [section for section in gap.sections if section.distances]
    rows = sum(len(section.distances) + 1 for section in sections)
    with drawing(stem, 7.4, 1.25 + 0.27 * rows) as axes:
        place, ticks = 0.0, list[tuple[float, str]]()
        for section in sections:
            axes.text(-0.015, place, section.name, ha="right", va="center", fontweight="bold")
            place += 1
            for distance in section.distances:
                _bar(axes, place, distance)
                ticks.append((place, distance.name))
                place += 1
        axes.set_yticks(*zip(*ticks, strict=True))
        axes.set_ylim(rows - 0.4, -0.7)
        axes.set_xlim(0, VALUES + 0.16)
        axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "", "half", "", "nothing in common"])
        said = f"Length of a bar: the distance\n{'; '.join(unit_notes(sections))}"
        axes.set_xlabel(said, loc="left")
        axes.spines[:].set_visible(False)
        axes.grid(axis="y", visible=False)
        keys: list[Any] = [
            *(Patch(color=color, label=level) for level, color in _LEVEL.items()),
            Line2D([], [], color=INK, lw=1.6, label="floor: inside the source"),
        ]
        axes.legend(handles=keys, loc="lower right", bbox_to_anchor=(1, 1), ncols=4,
                    handlelength=1.1, columnspacing=1.2, borderaxespad=0.1)  # fmt: skip
        axes.set_title(f"{gap.source} \N{RIGHTWARDS ARROW} {gap.target}", pad=24)


def unit_notes(sections: Sequence[Section]) -> list[str]:
    """How distances that do not go from 0 to 1 are drawn so, of the units there are."""
    units = {distance.unit for section in sections for distance in section.distances}
    return [text for unit, text in _DRAWN_AS.items() if unit in units]


def _bar(axes: Axes, place: float, distance: Distance) -> None:
    extent, floor = distance.extent, distance.floor_extent
    axes.barh(place, extent, height=0.62, color=_LEVEL[distance.level])
    axes.plot([floor, floor], [place - 0.38, place + 0.38], color=INK, lw=1.6)
    text = _UNIT[distance.unit].format(distance.value)
    # In a column of their own: beside a floor beyond the bar it would be read as the floor's.
    axes.text(VALUES, place, text, va="center", fontsize=8, color=SOFT)


def draw_appearance(
    stem: Path, gap: Gap, crops: tuple[Bytes, Bytes], looks: tuple[Looks, Looks]
) -> None:
    """Some crops of both, their spectra, and the two numbers that differ most."""
    source, target = looks
    told = {distance.name: distance.value for part in gap.sections for distance in part.distances}
    first, second = sorted(MEANING, key=lambda name: -told.get(name, 0.0))[:2]
    layout = [["source"] * 3 + ["target"] * 3, ["s", "s", first, first, second, second]]
    with drawing(stem, 9.6, 5.7, mosaic=layout, height_ratios=(1, 1)) as places:
        for name, crop_NHWC in zip(("source", "target"), crops, strict=True):
            tiles, axes = list(crop_NHWC), places[name]
            sheet_HWC = grid([tiles[: SHOWN // 2], tiles[SHOWN // 2 :]])[GAP:-GAP, GAP:-GAP]
            axes.imshow(sheet_HWC, interpolation="none")
            axes.set_axis_off()
            axes.set_anchor("NW")
            axes.set_title(name, color=_COLOR[name])
        _spectra(places["s"], looks)
        subtitle(places["s"], "Spectrum", "Mean power; band: middle 80 % of the crops.")
        for name in (first, second):
            places[name].set_ylabel("crops below")
            _shares(places[name], source.number[name], target.number[name], told.get(name, 0.0))
            subtitle(places[name], name.capitalize(), MEANING[name])


def _spectra(axes: Axes, looks: tuple[Looks, Looks]) -> None:
    for name, look in zip(("source", "target"), looks, strict=True):
        cycle_F = np.arange(1, look.spectrum_NF.shape[1] + 1)
        low_F, high_F = np.quantile(look.spectrum_NF, (0.1, 0.9), axis=0)
        axes.fill_between(cycle_F, low_F, high_F, color=_COLOR[name], alpha=0.13, lw=0)
        axes.plot(cycle_F, look.spectrum_NF.mean(0), color=_COLOR[name], label=name)
    axes.set_xscale("log")
    axes.set_xticks([1, 3, 10, 30], ["1", "3", "10", "30"])
    axes.set_xlabel("cycles a crop, coarse to fine")
    axes.set_ylabel("log10 of the power")


def _shares(
    axes: Axes,
    source_N: Array,
    target_M: Array,
    distance: float,
    span: tuple[float, float] | None = None,
) -> None:
    """Cumulative shares of both; where they differ most, their distance is written.

    It was measured in parts, as the table says, and these are the shares of all: they differ there
    by nearly as much.
    """
    both = [np.sort(values[np.isfinite(values)]) for values in (source_N, target_M)]
    every = np.concatenate(both)
    for name, values in zip(("source", "target"), both, strict=True):
        axes.step(
            values, np.arange(1, len(values) + 1) / len(values), where="post", color=_COLOR[name]
        )
    share_a, share_b = (np.searchsorted(values, every, "right") / len(values) for values in both)
    widest = int(np.abs(share_a - share_b).argmax())
    place, ends = every[widest], (share_a[widest], share_b[widest])
    axes.plot([place, place], ends, color=INK, lw=1.2, marker="_", ms=5)
    low, high = span or np.quantile(every, (0.002, 0.998))
    left = place > (low + high) / 2
    axes.annotate(
        f"{distance:.2f}", (place, sum(ends) / 2), (-5 if left else 5, 0),
        fontsize=8, textcoords="offset points", va="center", ha="right" if left else "left",
        bbox={"fc": PAPER, "ec": "none", "pad": 0.6},
    )  # fmt: skip
    axes.set_xlim(low, max(high, low + 1e-6))
    axes.set_ylim(0, 1.02)
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))


def draw_poses(stem: Path, gap: Gap, facts: Both, support: Support) -> None:
    """In which tenths of the source the target's poses lie, and the angles that differ most."""
    triplets = {angle_name(gap.skeleton, t): t for t in range(len(gap.skeleton.triplets))}
    shown = {distance.name: distance.value for distance in gap.angles[:ANGLES]}
    layout = [["support"] * 6, [name for name in (*shown, *"...")[:ANGLES] for _ in range(2)]]
    layout = layout if shown else layout[:1]
    with drawing(stem, 9.6, 5.6 if shown else 3.2, mosaic=layout, empty_sentinel=".") as places:
        _support(places["support"], support)
        for name, distance in shown.items():
            source_N, target_M = (part.angle_NT[:, triplets[name]] for part in facts)
            _shares(places[name], source_N, target_M, distance, span=(0, 180))
            places[name].set_xticks([0, 60, 120, 180], ["0°", "60°", "120°", "180°"])
            places[name].set_ylabel("poses below")
            corner, _, ends = name.partition(" ")
            subtitle(places[name], _plain(corner), f"between {_plain(ends.strip('()'))}")


def _support(axes: Axes, support: Support) -> None:
    number_k = np.arange(1, TENTHS + 1)
    axes.bar(number_k, support.share_k, width=0.8, color=TARGET)
    axes.axhline(1 / TENTHS, color=SOURCE, lw=1.8)
    axes.text(TENTHS + 0.6, 1 / TENTHS, "source", color=SOURCE, va="center", fontsize=8.5)
    axes.set_xlim(0.45, TENTHS + 0.55)
    axes.set_ylabel("of the target's poses")
    axes.set_xticks(number_k)
    axes.set_xlabel("tenths of the source's poses, usual to rare")
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.grid(axis="x", visible=False)
    beyond = f"{100 * support.beyond:.1f} % are rarer than 99.9 % of the source's."
    subtitle(axes, "Where the target's poses lie in the source", beyond)


def _plain(name: str) -> str:
    return name.replace("_", " ")
