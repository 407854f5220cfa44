"""``prepare``: any dataset a reader knows, or a built-in world, made a Pack of square crops."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Literal

from poseshift.data.baked import PREFIX, WorldSpec
from poseshift.data.cutter import Cutter
from poseshift.data.formats import FORMATS, AnnotationSet, ReadOptions, Skipped, detect
from poseshift.data.pack import CropFrom, PackWriter
from poseshift.data.types import Sample
from poseshift.errors import BadInput, UserError
from poseshift.skeleton import JointMap, builtin_skeletons, joint_map, skeleton
from poseshift.threads import map_ahead, thread_count

BoxMode = Literal["auto", "image", "keypoints"]
Progress = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True)
class Report:
    """What ``prepare`` did.

    Attributes:
        pack: The Pack it wrote.
        count: Samples in it.
        crop_from: What the crops were made from.
        skeleton: Joint set of the Pack.
        skipped: What was left out and why, one line each; the Pack remembers it too.
        notes: What was decided without being asked.
    """

    pack: Path
    count: int
    crop_from: str
    skeleton: str
    skipped: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def prepare(
    path: str | Path,
    out: str | Path,
    *,
    format: str | None = None,  # noqa: A002 - the word users type
    skeleton: str | Path | None = None,
    images: str | Path | None = None,
    side: int = 256,
    box: BoxMode = "auto",
    margin: float = 1.25,
    alias: str | Path | None = None,
    rows: str | None = None,
    skip_bad: bool = False,
    overwrite: bool = False,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Report:
    """Bake a dataset into a Pack; nothing appears at ``out`` unless all of it went well.

    Args:
        path: Label file, folder, or a built-in world as ``world:NAME[/test][?count=N]``.
        out: Pack to write.
        format: Name of the reader; found out by itself if not given.
        skeleton: Joints wanted in the Pack, by built-in name or YAML file; the file's own if not
            given. Joints are mapped by name and what is dropped is noted.
        images: Folder that image names are relative to.
        side: Pixels a side of the crops.
        box: What to crop: ``auto`` leaves it to the format, ``image`` the whole image padded to a
            square, ``keypoints`` the box of the labelled joints that are kept.
        margin: Crop side over box side.
        alias: YAML of ``wanted joint: joint of the file``, before names are compared.
        rows: ``start:stop`` of the samples in the order of the files.
        skip_bad: List samples that cannot be used instead of stopping at the first.
        overwrite: Replace a Pack that is there.
        workers: Threads that decode and crop; a world is drawn by as many processes.
        progress: Called with (done, total or None).

    Raises:
        UserError: Something the user can mend; the Pack is not written.
    """
    _check_numbers(side, margin)
    if str(path).startswith(PREFIX):
        if format or skeleton or images or alias or rows or box != "auto":
            raise UserError(
                "a world has its own joints and crops; only --side and --overwrite apply",
                where=str(path),
                fix="leave the other options out",
            )
        return _prepare_world(
            str(path), Path(out), side, overwrite, workers or thread_count(), progress
        )
    annotations = _open(Path(path), format, skeleton, images)
    mapping = _mapping(annotations, skeleton, alias)
    crop_from = _crop_from(annotations, box, Path(path))
    cutter = Cutter(Path(path), annotations, mapping, side, crop_from, margin)
    first, last = _rows(rows)
    items = islice(annotations.items, first, last)
    total = annotations.count and len(range(annotations.count)[first:last])
    writer = PackWriter(
        out,
        mapping.target,
        side,
        name=annotations.name,
        crop_from=crop_from,
        made_by=f"prepare {path}",
        overwrite=overwrite,
    )
    count = 0
    with writer:
        outcomes = map_ahead(cutter, items, workers or thread_count())
        for done, outcome in enumerate(outcomes, 1):
            count += _write(writer, outcome, skip_bad=skip_bad)
            if progress:
                progress(done, total)
    return Report(
        pack=writer.path,
        count=count,
        crop_from=crop_from,
        skeleton=mapping.target.name,
        skipped=writer.skipped,
        notes=[*annotations.notes, *_notes(mapping)],
    )


def _write(writer: PackWriter, outcome: Sample | Skipped | BadInput, *, skip_bad: bool) -> bool:
    """Add a sample, or list why there is none; whether one was added."""
    if isinstance(outcome, Skipped):
        writer.skip(str(outcome))
        return False
    try:
        if isinstance(outcome, BadInput):
            raise outcome
        writer.add(outcome)
    except BadInput as problem:
        if not skip_bad:
            raise _mention_skipping(problem) from problem
        writer.skip(str(problem).partition("\n")[0])
        return False
    return True


def _check_numbers(side: int, margin: float) -> None:
    if not 16 <= side <= 2048:
        raise UserError(f"--side {side} is not between 16 and 2048", fix="common are 128 and 256")
    if not 1 <= margin <= 10:
        raise UserError(f"--margin {margin} is not between 1 and 10", fix="1.25 is usual")


def _open(
    path: Path, name: str | None, joints: str | Path | None, images: str | Path | None
) -> AnnotationSet:
    name = name or detect(path)
    if not path.exists():
        raise BadInput("no such file or folder", where=path, fix="check the path")
    if images is not None and not Path(images).is_dir():
        raise BadInput("no such folder", where=images, fix="--images is the folder of the images")
    options = ReadOptions(
        images=None if images is None else Path(images),
        skeleton=None if joints is None else skeleton(joints),
    )
    return FORMATS[name]().read(path, options)


def _mapping(
    annotations: AnnotationSet, wanted: str | Path | None, alias: str | Path | None
) -> JointMap:
    own = annotations.skeleton
    return joint_map(own, own if wanted is None else skeleton(wanted), alias)


def _crop_from(annotations: AnnotationSet, box: BoxMode, path: Path) -> CropFrom:
    if box == "keypoints" and not annotations.labeled:
        raise UserError(
            "images without labels have no keypoints to crop by", where=path, fix="use --box image"
        )
    return annotations.crop_from if box == "auto" else box


def _rows(text: str | None) -> tuple[int, int | None]:
    match = re.fullmatch(r"(\d{0,12}):(\d{0,12})", text or ":")
    if match is None:
        raise UserError(f"--rows '{text}' is not start:stop", fix="for instance --rows 0:1000")
    first, last = int(match[1] or 0), int(match[2]) if match[2] else None
    if last is not None and last <= first:
        raise UserError(f"--rows '{text}' holds no row", fix="stop must be larger than start")
    return first, last


def _notes(mapping: JointMap) -> list[str]:
    """Say how joints were mapped, or what a skeleton made from names alone looks like."""
    own = mapping.source
    if mapping.target != own:
        return [mapping.describe()]
    if own.name in builtin_skeletons():
        return []
    names = own.keypoints
    pairs = [f"{names[a]}/{names[b]}" for a, b in enumerate(own.flip) if a < b]
    flips = f"left/right pairs {', '.join(pairs)}" if pairs else "no left/right pairs"
    return [f"joints of the file: {', '.join(names)}; {flips}"]


def _mention_skipping(problem: BadInput) -> BadInput:
    fix = f"{problem.fix or 'correct it'}; or leave such samples out with --skip-bad"
    return BadInput(problem.problem, where=problem.where, fix=fix)


# --- worlds ---------------------------------------------------------------------------------------


def _prepare_world(
    spec: str, out: Path, side: int, overwrite: bool, workers: int, progress: Progress | None
) -> Report:
    wanted = WorldSpec.parse(spec)
    writing = wanted.write(out, side, f"prepare {spec}", overwrite=overwrite, workers=workers)
    for done in writing:
        if progress:
            progress(done, wanted.count)
    return Report(pack=out, count=wanted.count, crop_from="world", skeleton=wanted.world.skeleton)
