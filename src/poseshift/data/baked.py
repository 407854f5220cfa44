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
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from poseshift.data.pack import Pack, PackWriter
from poseshift.data.puppets import pair, world, world_pair
from poseshift.data.puppets.worlds import World
from poseshift.errors import UserError
from poseshift.files import make_folder
from poseshift.skeleton import skeleton

PREFIX = "world:"
COUNTS = {"train": 4000, "test": 1000}
SIDE = 96  # pixels, where nothing else says
_SPEC = re.compile(r"(?P<name>.+?)(?:/(?P<split>train|test))?(?:\?count=(?P<count>\d{1,9}))?")


@dataclass(frozen=True, slots=True)
class WorldSpec:
    """What ``world:NAME[/test][?count=N]`` asks for.

    Example:
        >>> spec = WorldSpec.parse("world:street/test?count=20")
        >>> spec.world.name, spec.split, spec.count
        ('street', 'test', 20)
    """

    world: World
    split: str
    count: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a spec; an unknown world or an empty one is a user's error."""
        match = _SPEC.fullmatch(text.removeprefix(PREFIX))
        if match is None:
            raise UserError("is not a world", where=text, fix="world:NAME[/test][?count=N]")
        split = match["split"] or "train"
        count = int(match["count"] or COUNTS[split])
        if count < 1:
            raise UserError("has no samples", where=text, fix="ask for ?count=1 or more")
        return cls(_find(match["name"]), split, count)

    def write(
        self, path: Path, side: int, made_by: str, *, overwrite: bool = False, workers: int = 2
    ) -> Iterator[int]:
        """Draw the samples into a Pack, telling after each how many there are."""
        writer = PackWriter(
            path,
            skeleton(self.world.skeleton),
            side,
            name=f"{self.world.name}/{self.split}",
            crop_from="world",
            made_by=made_by,
            overwrite=overwrite,
        )
        with writer:
            drawn = self.world.samples(range(self.count), side, self.split, workers)
            for done, sample in enumerate(drawn, 1):
                writer.add(sample)
                yield done


def _find(name: str) -> World:
    """A named world, the target of a pair (``studio->street/pose``), or one end of a lottery pair.

    Lottery worlds are called ``lottery-SEED-source`` and ``lottery-SEED-target``, with a kind of
    figure at the end if not a body: ``lottery-7-target-hand``.
    """
    drawn = re.fullmatch(r"lottery-(\d{1,9})-(source|target)(?:-(\w+))?", name)
    if drawn:
        both = world_pair(int(drawn[1]), kind=drawn[3] or "body")
        return both.source if drawn[2] == "source" else both.target
    return pair(name).target if "->" in name else world(name)


def open_pack(spec: str | Path, side: int) -> Pack:
    """Open a Pack by path, or a built-in world by name, drawing it into the cache if need be.

    Args:
        spec: Path or ``world:NAME[/test][?count=N]``.
        side: Crop side to draw a world at; a Pack on disk has its own.
    """
    if not str(spec).startswith(PREFIX):
        return Pack(spec)
    wanted = WorldSpec.parse(str(spec))
    home = wanted.world
    slug = re.sub(r"[^\w.-]+", "_", home.name)
    # The config's own hash is in the name: a world that changes is never read from an old bake.
    file = f"{slug}-{home.config.seed():016x}-{wanted.split}-{wanted.count}-{side}px"
    path = cache_folder() / file
    if not (path / "pack.json").is_file():
        _bake(wanted, path, side)
    return Pack(path)


def cache_folder() -> Path:
    """Where baked worlds are kept: ``POSESHIFT_CACHE``, else the user's cache folder."""
    base = os.environ.get("POSESHIFT_CACHE") or Path.home() / ".cache" / "poseshift"
    return Path(base) / "worlds"


def _bake(wanted: WorldSpec, path: Path, side: int) -> None:
    make_folder(path.parent)
    # Several processes may bake at once: each into its own folder, the first to finish is kept.
    scratch = Path(tempfile.mkdtemp(dir=path.parent, prefix=".bake-"))
    try:
        for _ in wanted.write(scratch / "pack", side, made_by=f"{PREFIX}{wanted.world.name}"):
            pass
        try:
            (scratch / "pack").rename(path)
        except OSError:
            if not (path / "pack.json").is_file():
                raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
