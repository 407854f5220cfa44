"""The one look of all figures, and the one way they are written: PNG and SVG, byte for byte again.

Colours are Okabe and Ito's, told apart by colour-blind people; what they stand for is fixed, so
that the source is the same blue in every figure.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from matplotlib import colormaps, rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from poseshift import files
from poseshift.files import make_folder, new_folder, write_atomic
from poseshift.report.page import write_page

INK, SOFT, LINE, PAPER = "#1f2328", "#6a737d", "#e4e6e8", "#ffffff"
SOURCE, TARGET = "#0072b2", "#d55e00"
COLORS = (SOURCE, TARGET, "#009e73", "#cc79a7", "#e69f00", "#56b4e9", INK)  # of runs and the like
DARK_TO_LIGHT = "cividis"  # even steps of lightness, also in grey and for the colour-blind
DPI = 160

_LOOK: Any = {
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same on every machine
    "font.size": 9,
    "text.color": INK,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 9,
    "axes.labelcolor": SOFT,
    "axes.labelsize": 8.5,
    "axes.edgecolor": "#b8bdc3",
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.facecolor": PAPER,
    "grid.color": LINE,
    "grid.linewidth": 0.8,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "xtick.minor.size": 0,
    "ytick.minor.size": 0,
    "lines.linewidth": 1.8,
    "lines.solid_capstyle": "round",
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "figure.facecolor": PAPER,
    "figure.constrained_layout.h_pad": 0.08,
    "figure.constrained_layout.w_pad": 0.08,
    "svg.hashsalt": "poseshift",  # else the ids in an SVG are random
    "svg.fonttype": "path",
}


@contextmanager
def drawing(
    stem: Path,
    width: float,
    height: float,
    *,
    layout: Literal["constrained"] | None = "constrained",
    mosaic: Any = None,
    **grid: Any,
) -> Iterator[Any]:
    """Axes in the one look to draw on; written as ``stem.png`` and ``stem.svg`` once all is drawn.

    Args:
        stem: Path without a suffix.
        width: Inches.
        height: Inches.
        layout: How axes are placed; ``None`` to place them by hand.
        mosaic: Names of the axes, as :meth:`matplotlib.figure.Figure.subplot_mosaic` takes them.
        **grid: For that method, or for ``Figure.subplots``: ``ncols``, ``height_ratios`` ...

    Yields:
        The axes: one, an array of them, or for a mosaic a dictionary by name.
    """
    with rc_context(_LOOK):
        figure = Figure(figsize=(width, height), layout=layout)
        yield figure.subplots(**grid) if mosaic is None else figure.subplot_mosaic(mosaic, **grid)
        save(figure, stem)


def save(figure: Figure, stem: Path) -> None:
    """Write ``stem.png`` and ``stem.svg``; the same figure gives the same bytes."""
    # Neither the date nor the versions that would change them are written in.
    for kind, about in (("png", {"Software": None}), ("svg", {"Date": None, "Creator": None})):
        write_atomic(
            stem.with_name(f"{stem.name}.{kind}"),
            lambda path, kind=kind, about=about: figure.savefig(  # type: ignore[misc]
                path, format=kind, dpi=DPI, metadata=about
            ),
        )


def subtitle(axes: Axes, title: str, text: str) -> None:
    """A title, and under it in a softer tone what one should see."""
    axes.set_title(title, pad=21)
    axes.annotate(
        text, (0, 1), (0, 7), xycoords="axes fraction", textcoords="offset points",
        color=SOFT, fontsize=8.5, va="bottom",
    )  # fmt: skip


def shades(count: int) -> list[tuple[float, ...]]:
    """So many colours from dark to light, the lightest still seen on white."""
    steps = (0.02 + 0.9 * number / max(1, count - 1) for number in range(count))
    return [tuple(colormaps[DARK_TO_LIGHT](step)) for step in steps]


def ensure_free(folder: Path | None) -> None:
    """Refuse a folder for figures that holds anything, before any work is done for them."""
    if folder is not None:
        files.ensure_free(folder, "choose another folder for the figures")


@contextmanager
def figure_folder(folder: Path) -> Iterator[Path]:
    """A hidden neighbour of ``folder`` to draw into; it takes that name once all is drawn.

    A page that shows all figures is added.
    """
    ensure_free(folder)
    make_folder(folder.absolute().parent)
    with new_folder(folder) as partial:
        yield partial
        write_page(partial, folder.absolute().name)
