"""Frames of the target in tracks: what the annotator learns from, at the side it works at.

A track is one individual before one background, so its frames lend each other their looks. Packs
know tracks from subfolders of images and from DeepLabCut's videos; worlds are filmed.

Legend: N frames, B of a batch, H W rows and columns, C channels.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import torch
from torch import Tensor

from poseshift.data.baked import PREFIX, SIDE, WorldSpec, cache_folder
from poseshift.data.pack import Crops, Pack, PackWriter
from poseshift.data.types import Bytes
from poseshift.data.views import IMAGENET_MEAN, IMAGENET_STD, plain_view
from poseshift.errors import BadInput
from poseshift.files import make_folder
from poseshift.skeleton import skeleton
from poseshift.threads import map_ahead, thread_count

FILMED, APART = 4, 3  # frames of a world's individual, and how many moments lie between two


@dataclass(frozen=True, slots=True)
class Footage:
    """Frames, track after track.

    Attributes:
        frame_NHWC: RGB bytes.
        first_N: Where the track of each frame begins.
        length_N: How many frames that track has, two at least.
    """

    frame_NHWC: Tensor
    first_N: Tensor
    length_N: Tensor

    @classmethod
    def of(cls, pack: Pack, side: int) -> Self:
        """The frames of a Pack whose tracks have others; its labels are not looked at."""
        crops = pack.crops  # without images there is nothing to look at
        rows_of: dict[str, list[int]] = {}
        for row, track in enumerate(pack.poses.track_N):
            rows_of.setdefault(track, []).append(row)
        rows_of.pop("", None)  # of nobody knows which individual
        tracks = [rows for rows in rows_of.values() if len(rows) > 1]
        if not tracks:
            raise BadInput(
                f"has no two frames of one individual among {len(pack)}",
                where=pack.path,
                fix="name the world itself, which is then filmed"
                if pack.info.crop_from == "world"
                else "prepare a folder of images that has a subfolder for each individual or clip",
            )
        rows = [row for track in tracks for row in track]
        return cls.cut(small_frames(crops, rows, side), [len(track) for track in tracks])

    @classmethod
    def cut(cls, frame_NHWC: Bytes, lengths: Sequence[int]) -> Self:
        """Frames of tracks one after another, so many of each.

        Example:
            >>> Footage.cut(np.zeros((5, 4, 4, 3), np.uint8), [2, 3]).first_N.tolist()
            [0, 0, 2, 2, 2]
        """
        if min(lengths, default=0) < 2 or sum(lengths) != len(frame_NHWC):
            raise BadInput(
                f"{len(frame_NHWC)} frames in tracks of {list(lengths)}: a frame needs another of "
                "its track",
                fix="leave out tracks of one frame",
            )
        length = torch.tensor(lengths)
        first_N = torch.repeat_interleave(length.cumsum(0) - length, length)
        return cls(torch.from_numpy(frame_NHWC), first_N, torch.repeat_interleave(length, length))

    def __len__(self) -> int:
        return len(self.first_N)

    @property
    def tracks(self) -> int:
        """How many individuals there are."""
        return int((self.first_N == torch.arange(len(self))).sum())

    def others(self, row_B: Tensor, rng: torch.Generator) -> Tensor:
        """For each frame another one of its track."""
        first_B, length_B = self.first_N[row_B], self.length_N[row_B]
        share_B = torch.rand(len(row_B), generator=rng)
        apart_B = 1 + (share_B * (length_B - 1)).long().clamp(max=length_B - 2)
        return first_B + (row_B - first_B + apart_B) % length_B


def small_frames(crops: Crops, rows: Sequence[int], side: int) -> Bytes:
    """Crops (N, H, W, C) of some rows at the side wanted, resampled as views are."""
    frame_NHWC = np.empty((len(rows), side, side, 3), np.uint8)
    for place, frame_HWC in enumerate(map_ahead(_Small(crops, side), rows, thread_count())):
        frame_NHWC[place] = frame_HWC
    return frame_NHWC


@dataclass(frozen=True, slots=True)
class _Small:
    """Reads a crop at the side wanted; safe to call from threads."""

    crops: Crops
    side: int

    def __call__(self, row: int) -> Bytes:
        crop_1HWC = torch.from_numpy(self.crops.image(row))[None]
        view_HWC = plain_view(crop_1HWC, self.side).image_BCHW[0].permute(1, 2, 0)
        image_HWC = view_HWC * torch.tensor(IMAGENET_STD) + torch.tensor(IMAGENET_MEAN)
        return (255 * image_HWC).round().clamp(0, 255).byte().numpy()


def open_frames(spec: str | Path) -> Pack:
    """A Pack by path, or individuals of a world filmed for a few frames each, and kept.

    They are filmed at the side of every other image of a world: what is resampled less is sharper,
    and frames must look like the images that are annotated later.

    Args:
        spec: Path, or ``world:NAME[/test][?count=N]``: so many frames, up to a whole individual.
    """
    if not str(spec).startswith(PREFIX):
        return Pack(spec)
    wanted = WorldSpec.parse(str(spec))
    slug = re.sub(r"[^\w.-]+", "_", wanted.world.name)
    seed, told = wanted.world.config.seed(), f"{wanted.split}-{wanted.count}-{FILMED}x{APART}"
    file = f"{slug}-{seed:016x}-{told}-{SIDE}px-filmed"
    path = cache_folder() / file
    if not (path / "pack.json").is_file():
        make_folder(path.parent)
        # Several processes may film at once: each into its own folder, the first to finish is kept.
        scratch = Path(tempfile.mkdtemp(dir=path.parent, prefix=".film-"))
        try:
            _film(scratch / "pack", wanted)
            try:
                (scratch / "pack").rename(path)
            except OSError:
                if not (path / "pack.json").is_file():
                    raise
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    return Pack(path)


def _film(path: Path, wanted: WorldSpec) -> None:
    home = wanted.world
    figure, name = skeleton(home.skeleton), f"{home.name}/{wanted.split}, filmed"
    # Whoever is filmed for the test is nobody who is filmed for the training.
    first = 0 if wanted.split == "train" else 1_000_000
    about = f"{PREFIX}{home.name}"
    with PackWriter(path, figure, SIDE, name=name, crop_from="world", made_by=about) as writer:
        for number in range(-(-wanted.count // FILMED)):
            for sample in home.clip(first + number, FILMED * APART, SIDE)[::APART]:
                writer.add(sample)
