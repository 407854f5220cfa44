"""Draw the contact sheets of the built-in worlds for the docs.

python -m benchmarks.sheets
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.common import ROOT
from poseshift.data.puppets import PAIRS, WORLDS, pair, world, world_pair
from poseshift.data.types import Bytes, Sample
from poseshift.pictures import grid, picture, save_picture
from poseshift.skeleton import skeleton

FIGURES = ROOT / "docs" / "figures"
COLUMNS, SIDE = 8, 96


def sheet(name: str, tiles: Sequence[Bytes], columns: int = COLUMNS) -> None:
    """Save tiles in rows as a JPEG."""
    rows = [tiles[i : i + columns] for i in range(0, len(tiles), columns)]
    save_picture(FIGURES / f"worlds-{name}.jpg", grid(rows))


def plain(samples: Sequence[Sample]) -> list[Bytes]:
    """The images alone."""
    return [np.asarray(sample.image) for sample in samples]


def labelled(samples: Sequence[Sample], joints: str) -> list[Bytes]:
    """The images with their exact labels drawn in; hidden joints are hollow."""
    edges = skeleton(joints)
    return [
        picture(np.asarray(s.image), s.keypoints_K2, edges, s.visibility_K, side=2 * SIDE)
        for s in samples
    ]


def main() -> None:
    """Every world, the labels of each figure, lottery pairs, and a clip."""
    FIGURES.mkdir(parents=True, exist_ok=True)
    for name in WORLDS:
        sheet(name, plain([world(name).sample(i, SIDE) for i in range(2 * COLUMNS)]))
    shown = {}
    for name in PAIRS:
        target = pair(name).target
        if target.skeleton not in shown:
            samples = [target.sample(i, SIDE) for i in range(2)]
            shown[target.skeleton] = labelled(samples, target.skeleton)
    sheet("labels", [tile for tiles in shown.values() for tile in tiles])
    drawn = [world_pair(seed) for seed in range(4)]
    ends = [end for both in drawn for end in (both.source, both.target)]
    sheet("lottery", plain([end.sample(i, SIDE) for end in ends for i in range(4)]))
    sheet("clip", plain(world("studio").clip(seed=0, frames=40, side=SIDE)[::5]))


if __name__ == "__main__":
    main()
