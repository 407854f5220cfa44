"""A contact sheet of bins: what is usual, and what is rare, in pictures.

Legend: N samples, H W rows and columns of pixels.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from poseshift.data.pack import Pack
from poseshift.data.types import Bytes
from poseshift.pictures import PAPER, grid, picture
from poseshift.report.bin_figures import spread
from poseshift.report.figure import DPI, SOFT, drawing

COLUMNS, ROWS, TILE = 10, 2, 120
EDGE, HEAD = 0.16, 0.5  # inches around all, and over each bin


def shown_bins(bins: int) -> list[int]:
    """Four bins that stand for all, counted from 1: of 25 those that the paper shows.

    Example:
        >>> shown_bins(25), shown_bins(10), shown_bins(3)
        ([1, 9, 17, 25], [1, 4, 7, 10], [1, 2, 3])
    """
    return sorted({round(number) for number in np.linspace(1, bins, 4).tolist()})


def draw_sheet(
    stem: Path,
    pack: Pack,
    score_N: NDArray[np.floating[Any]],
    bin_N: NDArray[np.integer[Any]],
    bins: int,
) -> None:
    """Crops of a few bins with their poses drawn in, a band of pictures a bin."""
    rows = {number: np.flatnonzero(bin_N == number - 1) for number in shown_bins(bins)}
    rows = {number: samples for number, samples in rows.items() if len(samples)}
    sheets = {number: _band(pack, samples) for number, samples in rows.items()}
    height, width = (length / DPI for length in next(iter(sheets.values())).shape[:2])
    size = width + 2 * EDGE, len(sheets) * (height + HEAD) + EDGE
    with drawing(stem, *size, nrows=len(sheets), squeeze=False, layout=None) as column:
        for place, (axes, number) in enumerate(zip(column[:, 0], sheets, strict=True)):
            # Placed by hand, for a picture should be drawn pixel by pixel.
            low = 1 - ((place + 1) * (height + HEAD)) / size[1]
            axes.set_position((EDGE / size[0], low, width / size[0], height / size[1]))
            axes.imshow(sheets[number], interpolation="none", aspect="auto")
            axes.set_axis_off()
            scores = score_N[rows[number]]
            told = f"score {np.nanmin(scores):.3g} to {np.nanmax(scores):.3g}"
            axes.set_title(f"Bin {number} of {bins}{_said(number, bins)}", pad=7)
            axes.set_title(
                f"{len(rows[number])} samples, {told}", loc="right", pad=7,
                color=SOFT, fontsize=8.5, fontweight="normal",
            )  # fmt: skip


def _said(number: int, bins: int) -> str:
    return {1: ", the most usual poses", bins: ", the rarest poses"}.get(number, "")


def _band(pack: Pack, samples: NDArray[np.intp]) -> Bytes:
    """Some samples of a bin in rows; poses without images are drawn on paper."""
    poses, side = pack.poses, pack.info.side
    paper = np.full((side, side, 3), PAPER, np.uint8)
    blank = np.full((TILE, TILE, 3), 255, np.uint8)
    tiles = [
        picture(
            pack.crops.image(int(i)) if pack.info.has_images else paper,
            poses.keypoints_NK2[i], pack.skeleton, poses.visibility_NK[i], TILE,
        )
        for i in spread(samples, COLUMNS * ROWS)
    ]  # fmt: skip
    tiles += [blank] * (COLUMNS * ROWS - len(tiles))
    return grid([tiles[i : i + COLUMNS] for i in range(0, len(tiles), COLUMNS)])
