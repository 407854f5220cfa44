"""What is adapted to what: named worlds, lottery worlds, and real photos where they are at hand."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.common import bench_folder
from poseshift.data.baked import SIDE
from poseshift.data.prepare import prepare
from poseshift.files import make_folder
from poseshift.skeleton import skeleton

WORLDS = {
    "body": ("studio", "street"),
    "hand": ("desk", "kitchen"),
    "animal": ("barn", "savanna"),
}
FIGURES = {"hand": "hand21", "animal": "animal18"}
LSPET = {"train": "0:1200", "val": "1200:1500", "test": "1500:2000"}
MOUSE = {"train": "0:60", "val": "60:70", "test": "70:90"}  # by time, the same in both views
PAWS = ("paw1LH", "paw2LF", "paw3RF", "paw4RH", "tailBase", "tailMid", "nose")


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
    """A pair by its name: ``body``, ``lottery-1000``, ``lottery-0-hand``, ``lspet`` ...

    Args:
        name: Its name; ``lspet`` and ``mouse`` are real.
        count: ``?count=N`` for fewer samples of a world.
        tested: Held-out images of a world that score.
        peeked: And that a choice with labels may look at.
    """
    if name == "lspet":
        train, val, test = (lspet_pack(split) for split in LSPET)
        held_out = ((test, 0, 500), (val, 0, 300))
        return Pair("world:studio", train, held_out, sets=("skeleton=lsp14",))
    if name == "mouse":
        train, val, test = (mouse_pack("bot", split) for split in MOUSE)
        return Pair(mouse_pack("top", "train"), train, ((test, 0, 20), (val, 0, 10)))
    source, target = worlds(name)
    test = f"world:{target}/test?count={tested + peeked}"
    return Pair(
        f"world:{source}{count}",
        f"world:{target}{count}",
        ((test, 0, tested), (test, tested, tested + peeked)),
        next((figure for kind, figure in FIGURES.items() if kind in name.split("-")), "body16"),
    )


def worlds(pair: str) -> tuple[str, str]:
    """Source and target world of a kind of figure, or of a lottery pair."""
    if pair.startswith("lottery-"):
        _, seed, *kind = pair.split("-")
        source, target = ("-".join(["lottery", seed, end, *kind]) for end in ("source", "target"))
        return source, target
    return WORLDS[pair]


def real_data() -> Path | None:
    """The folder of real data, where there is one."""
    place = os.environ.get("POSESHIFT_DATA")
    return Path(place) if place else None


def lspet_pack(split: str) -> str:
    """A split of the first 2,000 photos of LSP extended, prepared once."""
    return _prepared("lspet", "body/lspet", split, rows=LSPET[split])


def mouse_pack(view: str, split: str) -> str:
    """A split of one view of a mouse that a mirror shows twice, in ``top`` and in ``bot``."""
    joints = Path(__file__).with_name("mouse7.yaml")
    alias = make_folder(bench_folder() / "packs") / f"mouse-{view}.yaml"
    names = zip(skeleton(joints).keypoints, PAWS, strict=True)
    alias.write_text("".join(f"{joint}: {paw}_{view}\n" for joint, paw in names))
    return _prepared(
        f"mouse7-{view}", "animal/mirror_mouse", split,
        rows=MOUSE[split], skeleton=joints, alias=alias, box="keypoints",
    )  # fmt: skip


def _prepared(name: str, place: str, split: str, **settings: Any) -> str:
    """A Pack of real data, prepared once."""
    folder = real_data()
    if folder is None:
        raise SystemExit(f"{name} needs POSESHIFT_DATA: the folder that has {place}")
    out = bench_folder() / "packs" / f"{name}-{split}-{SIDE}"
    if not out.exists():
        make_folder(out.parent)
        prepare(folder / place, out, side=SIDE, skip_bad=True, **settings)
    return str(out)
