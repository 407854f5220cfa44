"""Built-in worlds as Packs: ``world:street`` anywhere a Pack is named, baked once and kept.

``world:NAME`` is the training split, ``world:NAME/test`` the held-out one; ``?count=2000`` sets the
number of samples. Sample i of a world is the same however it is reached, so a larger bake only
adds.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from pathlib import Path

from poseshift.data.pack import Pack, PackWriter
from poseshift.errors import UserError
from poseshift.skeleton import skeleton

COUNTS = {"train": 4000, "test": 1000}
_SPEC = re.compile(
    r"world:(?P<name>[^?/]+(?:/[^?]+?)??)(?:/(?P<split>train|test))?(?:\?count=(?P<count>\d+))?"
)


def open_pack(spec: str | Path, side: int) -> Pack:
    """Open a Pack by path, or a built-in world by ``world:NAME``, baking it if need be.

    Args:
        spec: Path or ``world:NAME[/test][?count=N]``.
        side: Crop side to bake a world at; a Pack on disk has its own.
    """
    text = str(spec)
    if not text.startswith("world:"):
        return Pack(spec)
    match = _SPEC.fullmatch(text)
    if match is None:
        raise UserError(
            "is not a world's name",
            where=text,
            fix="world:NAME, world:NAME/test or world:NAME?count=N",
        )
    split = match["split"] or "train"
    count = int(match["count"] or COUNTS[split])
    return bake(match["name"], split, count, side)


def cache_folder() -> Path:
    """Where baked worlds are kept: ``POSESHIFT_CACHE``, else the user's cache folder."""
    base = os.environ.get("POSESHIFT_CACHE") or Path.home() / ".cache" / "poseshift"
    return Path(base) / "worlds"


def bake(name: str, split: str, count: int, side: int) -> Pack:
    """Draw a world's samples into a Pack in the cache, or open the one that is there."""
    from poseshift.data.puppets.catalog import world

    place = world(name)
    slug = re.sub(r"[^\w.-]+", "_", name)
    path = cache_folder() / f"{slug}-v{place.version}-{split}-{count}-{side}px"
    if (path / "pack.json").is_file():
        return Pack(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # Several processes may bake at once: each into its own folder, the first to finish is kept.
    scratch = Path(tempfile.mkdtemp(dir=path.parent, prefix=".bake-"))
    try:
        writer = PackWriter(
            scratch / "pack", skeleton(place.skeleton), side,
            name=f"{name}/{split}", crop_from="world", made_by=f"world:{name}/{split}",
        )  # fmt: skip
        with writer:
            for sample in place.samples(range(count), side, split):
                writer.add(sample)
        if not path.exists():
            (scratch / "pack").rename(path)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return Pack(path)
