"""A contact sheet of bins: what is usual, and what is rare, in pictures.

Legend: N samples, H W rows and columns of pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from poseshift.data.pack import Pack
from poseshift.data.types import Bytes
from poseshift.pictures import GAP, PAPER, grid, picture
from poseshift.report.bin_figures import spread
from poseshift.report.figure import DPI, SOFT, drawing

COLUMNS, ROWS, TILE = 10, 2, 120
FEWEST = 5  # columns: fewer pictures would be larger than they are sharp
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
    bin_N: NDArray[np.integer[Any]],
    range_k: Sequence[str],
) -> None:
    """Crops of a few bins with their poses drawn in, a band of pictures a bin.

    Args:
        stem: Path without a suffix.
        pack: Whose samples these are.
        bin_N: The bin of each.
        range_k: The scores of each bin, in words.
    """
    bins = len(range_k)
    rows = {number: np.flatnonzero(bin_N == number - 1) for number in shown_bins(bins)}
    rows = {number: samples for number, samples in rows.items() if len(samples)}
    columns, lines, tile = arrange(max(map(len, rows.values())))
    sheets = {n: _band(pack, samples, columns, lines, tile) for n, samples in rows.items()}
    height, width = (length / DPI for length in next(iter(sheets.values())).shape[:2])
    size = width + 2 * EDGE, len(sheets) * (height + HEAD) + EDGE
    with drawing(stem, *size, nrows=len(sheets), squeeze=False, layout=None) as column:
        for place, (axes, number) in enumerate(zip(column[:, 0], sheets, strict=True)):
            # Placed by hand, for a picture should be drawn pixel by pixel.
            low = 1 - ((place + 1) * (height + HEAD)) / size[1]
            axes.set_position((EDGE / size[0], low, width / size[0], height / size[1]))
            axes.imshow(sheets[number], interpolation="none", aspect="auto")
            axes.set_axis_off()
            told = f"score x 1000: {range_k[number - 1]}"
            axes.set_title(f"Bin {number} of {bins}{_said(number, bins)}", pad=7)
            axes.set_title(
                f"{len(rows[number])} samples, {told}", loc="right", pad=7,
                color=SOFT, fontsize=8.5, fontweight="normal",
            )  # fmt: skip


def _said(number: int, bins: int) -> str:
    return {1: ", the most usual poses", bins: ", the rarest poses"}.get(number, "")


def arrange(most: int) -> tuple[int, int, int]:
    """Columns, rows and pixels a picture for bands of at most so many, always as wide in all.

    Example:
        >>> arrange(500), arrange(8), arrange(2)
        ((10, 2, 120), (8, 1, 151), (5, 1, 246))
    """
    columns = min(COLUMNS, max(FEWEST, most))
    tile = COLUMNS * (TILE + GAP) // columns - GAP
    return columns, min(ROWS, -(-most // columns)), tile


def _band(pack: Pack, samples: NDArray[np.intp], columns: int, lines: int, tile: int) -> Bytes:
    """Some samples of a bin in rows; poses without images are drawn on paper."""
    poses, side = pack.poses, pack.info.side
    paper = np.full((side, side, 3), PAPER, np.uint8)
    blank = np.full((tile, tile, 3), 255, np.uint8)
    tiles = [
        picture(
            pack.crops.image(int(i)) if pack.info.has_images else paper,
            poses.keypoints_NK2[i], pack.skeleton, poses.visibility_NK[i], tile,
        )
        for i in spread(samples, columns * lines)
    ]  # fmt: skip
    tiles += [blank] * (columns * lines - len(tiles))
    return grid([tiles[i : i + columns] for i in range(0, len(tiles), columns)])
