"""What is adapted to what: named worlds, lottery worlds, and real photos where they are at hand."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from benchmarks.common import bench_folder
from poseshift.data.baked import SIDE
from poseshift.data.prepare import prepare
from poseshift.files import make_folder

WORLDS = {
    "body": ("studio", "street"),
    "hand": ("desk", "kitchen"),
    "animal": ("barn", "savanna"),
}
LSPET = {"train": "0:1200", "val": "1200:1500", "test": "1500:2000"}


@dataclass(frozen=True)
class Pair:
    """Where a run learns, what it is adapted to, and where it is measured.

    Attributes:
        source: Labelled Pack or world.
        target: Pack or world it is adapted to, labels unread.
        held_out: Of the target: Packs or worlds that score, and that a peek may look at, each with
            its first and last image; ``None`` is all there are.
        figure: Whose worlds these are.
        sets: Settings of every run on it.
    """

    source: str
    target: str
    held_out: tuple[tuple[str, int, int], tuple[str, int, int]]
    figure: str = "body16"
    sets: tuple[str, ...] = ()


def find_pair(name: str, count: str = "", tested: int = 1000, peeked: int = 300) -> Pair:
    """A pair by its name in the tables: ``body``, ``lottery-1000``, ``lspet`` ...

    Args:
        name: Its name.
        count: ``?count=N`` for fewer samples of a world.
        tested: Held-out images of a world that score.
        peeked: And that a choice with labels may look at.
    """
    if name == "lspet":
        train, val, test = (lspet_pack(split) for split in LSPET)
        held_out = ((test, 0, 500), (val, 0, 300))
        return Pair("world:studio", train, held_out, sets=("skeleton=lsp14",))
    source, target = worlds(name)
    test = f"world:{target}/test?count={tested + peeked}"
    return Pair(
        f"world:{source}{count}",
        f"world:{target}{count}",
        ((test, 0, tested), (test, tested, tested + peeked)),
        {"hand": "hand21", "animal": "animal18"}.get(name, "body16"),
    )


def worlds(pair: str) -> tuple[str, str]:
    """Source and target world of a kind of figure, or of a lottery pair."""
    if pair.startswith("lottery-"):
        return f"{pair}-source", f"{pair}-target"
    return WORLDS[pair]


def real_data() -> Path | None:
    """The folder of real data, where there is one."""
    place = os.environ.get("POSESHIFT_DATA")
    return Path(place) if place else None


def lspet_pack(split: str) -> str:
    """A split of the first 2,000 photos of LSP extended, prepared once."""
    folder = real_data()
    if folder is None:
        raise SystemExit("LSPET needs POSESHIFT_DATA: the folder that has body/lspet")
    out = bench_folder() / "packs" / f"lspet-{split}-{SIDE}"
    if not out.exists():
        prepare(
            folder / "body" / "lspet", make_folder(out.parent) / out.name,
            rows=LSPET[split], side=SIDE, skip_bad=True,
        )  # fmt: skip
    return str(out)
