"""Styles side by side: each painting the source like the target, and the target like the source.

python -m benchmarks.styles
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.arms import Arm, begin
from benchmarks.common import ROOT, bench_folder, code_hash
from benchmarks.pairs import find_pair
from poseshift.data.baked import SIDE, open_pack
from poseshift.data.domain import UnlabeledDomain
from poseshift.nn.style import build_style
from poseshift.pictures import save_picture
from poseshift.style_training import StyleConfig, pairs, train_style

FIGURE = ROOT / "docs" / "figures" / "styles.jpg"
CODE = ("poseshift.style_training",)


def adain(pair: str, seed: int) -> Path:
    """The AdaIN of a pair, whose encoder is the seed's start; trained if it is not kept."""
    path = bench_folder() / "styles" / f"{pair}-{seed}-{code_hash(entries=CODE)}"
    if not path.exists():
        start, place = begin(pair, Arm("source_only"), seed).path, find_pair(pair)
        path.parent.mkdir(parents=True, exist_ok=True)
        train_style(StyleConfig(source=place.source, target=place.target, encoder=str(start)), path)
    return path


def main() -> None:
    """Draw the figure of the docs."""
    place = find_pair("body")
    ends = [UnlabeledDomain(open_pack(name, SIDE)) for name in (place.source, place.target)]
    names = {"colour": "colour", "Fourier": "fourier", "AdaIN": str(adain("body", 0))}
    styles = {name: build_style(given) for name, given in names.items()}
    save_picture(FIGURE, pairs(styles, ends, SIDE, "cpu"))


if __name__ == "__main__":
    main()
