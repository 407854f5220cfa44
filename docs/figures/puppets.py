"""Draws what the docs show of the built-in worlds: ``python docs/figures/puppets.py``.

Writes contact sheets (JPEG) and the table of lottery ranges (Markdown) beside this file.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2

from poseshift.data.puppets import PAIRS, RANGES, WORLDS, pair, world, world_pair
from poseshift.data.puppets.sheet import contact_sheet
from poseshift.data.types import Sample
from poseshift.skeleton import skeleton

HERE = Path(__file__).parent


def write(name: str, samples: Sequence[Sample], columns: int, labels: str = "") -> None:
    """Save a contact sheet, with the joints of a skeleton drawn in if one is named."""
    edges = skeleton(labels).edges if labels else None
    sheet = contact_sheet(samples, columns, edges, zoom=2 if labels else 1)
    path = HERE / f"puppets-{name}.jpg"
    cv2.imwrite(str(path), sheet[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])


def main() -> None:
    """Draw everything."""
    for name in WORLDS:
        write(name, [world(name).sample(index, side=96) for index in range(24)], columns=8)
    whole = [name for name in PAIRS if "/" not in name]
    for name in whole[:1]:
        ends = pair(name).source, pair(name).target
        labelled = [end.sample(index, side=96) for end in ends for index in range(5)]
        write("labels", labelled, columns=5, labels=ends[0].skeleton)
    draws = [world_pair(seed) for seed in range(4)]
    lottery = [
        end.sample(index, side=96)
        for drawn in draws
        for end in (drawn.source, drawn.target)
        for index in range(4)
    ]
    write("lottery", lottery, columns=8)
    write("clip", world("studio").clip(seed=0, frames=40, side=96)[::5], columns=8)
    rows = [
        f"| `{knob}` | {source[0]:g} - {source[1]:g} | {target[0]:g} - {target[1]:g} |"
        for knob, (source, target) in RANGES.items()
    ]
    head = ["| knob | source | target |", "|---|---|---|"]
    (HERE / "lottery-ranges.md").write_text("\n".join([*head, *rows]) + "\n")


if __name__ == "__main__":
    main()
