"""Draw the contact sheets of the built-in worlds for the docs.

python -m benchmarks.sheets
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.common import ROOT
from poseshift.data.puppets import PAIRS, pair
from poseshift.data.puppets.sheet import contact_sheet
from poseshift.pictures import save_picture
from poseshift.skeleton import skeleton

SHOWN, COLUMNS, SIDE = 16, 8, 112


def main() -> None:
    """One sheet a world, one with labels a figure."""
    folder = Path(ROOT / "docs" / "figures")
    folder.mkdir(parents=True, exist_ok=True)
    drawn: set[str] = set()
    for name in PAIRS:
        if "/" in name:
            continue
        for home in (pair(name).source, pair(name).target):
            if home.name in drawn:
                continue
            samples = [home.sample(i, SIDE, "test") for i in range(SHOWN)]
            save_picture(folder / f"{home.name}.png", contact_sheet(samples, COLUMNS))
            if home.skeleton not in drawn:
                edges = skeleton(home.skeleton).edges
                labels = contact_sheet(samples[:COLUMNS], COLUMNS, edges=edges)
                save_picture(folder / f"{home.skeleton}-labels.png", labels)
            drawn |= {home.name, home.skeleton}


if __name__ == "__main__":
    main()
