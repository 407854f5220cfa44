"""Frames in, poses out: an adapted prior is all that is known of the target's poses."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from torch import Tensor

from poseshift import __version__
from poseshift.data.baked import SIDE, open_pack
from poseshift.data.pack import Pack
from poseshift.errors import UserError, command
from poseshift.files import ensure_free, new_folder, write_json
from poseshift.prior.annotate.annotated import SURE, write_annotated
from poseshift.prior.annotate.footage import Footage, open_frames
from poseshift.prior.annotate.pictures import Pictures
from poseshift.prior.annotate.placing import Placing, ensure_joints
from poseshift.prior.annotate.scores import Found, scores_of_pack
from poseshift.prior.annotate.unpaired import Report, UnpairedConfig, train_unpaired
from poseshift.prior.folder import open_prior
from poseshift.skeleton import Skeleton

TOLD = "annotated.json"
SHRUNK = 0.25  # of the usual size: smaller is no pose but a dot


@dataclass(frozen=True, slots=True)
class AnnotateReport:
    """What :func:`annotate_frames` did.

    Attributes:
        out: The folder it wrote.
        frames: How many were annotated.
        learned_from: How many of them it learned from: those with another of their track.
        tracks: Individuals among these.
        sure: Share of all the frames' joints that it is sure of.
        seconds: Of training.
        scores: On the test Pack, if there is one.
        notes: What a person should know.
    """

    out: str
    frames: int
    learned_from: int
    tracks: int
    sure: float
    seconds: float
    scores: Found | None
    notes: list[str]


def annotate_frames(
    prior: str | Path,
    target: str | Path,
    source: str | Path,
    out: str | Path,
    *,
    test: str | Path | None = None,
    config: UnpairedConfig | None = None,
    seed: int = 0,
    report: Report | None = None,
    note: Callable[[str], None] | None = None,
) -> AnnotateReport:
    """Annotate frames that nobody labelled; nothing appears at ``out`` unless all went well.

    Args:
        prior: Folder of a fitted or adapted prior.
        target: Pack of unlabelled frames in tracks, or a world.
        source: Labelled Pack or world: how poses lie in crops and, unless ``pairs`` is 0, pictures
            whose joints are known; best of puppets drawn in the prior's poses.
        out: New folder.
        test: Labelled Pack of the target, to score on.
        config: Of training.
        seed: Of all random numbers.
        report: Called with the step and the losses, now and then.
        note: Called with what a person should know, before the training.
    """
    ensure_free(Path(out))
    config, opened = config or UnpairedConfig(), open_prior(Path(prior))
    shown = open_pack(source, SIDE)
    placing = Placing.of(shown, opened.skeleton)
    held_out = None if test is None else _labelled(open_pack(test, SIDE), opened.skeleton)
    frames = open_frames(target)
    footage = Footage.of(frames, config.side)
    known = None
    if config.pairs and shown.info.has_images:
        known = Pictures.of(shown, opened.skeleton, config.side)
    notes = _notes(shown, *([frames] if held_out is None else [frames, held_out]))
    if config.pairs and known is None:
        notes.append(f"{shown.path} has no images: learns from the frames and the prior alone")
    if note is not None:
        for text in notes:
            note(text)
    began = time.perf_counter()
    annotator = train_unpaired(
        footage, opened.sampler, opened.skeleton, placing, config, seed, report, pictures=known
    )
    seconds = round(time.perf_counter() - began, 1)
    scores = None if held_out is None else scores_of_pack(annotator(held_out.crops)[0], held_out)
    found_NK2, sure_NK = annotator(frames.crops)
    ensure_poses(found_NK2 * (2 / frames.info.side), placing)
    sure = round(float((sure_NK >= SURE).float().mean()), 4)
    told = AnnotateReport(
        str(out), len(frames), len(footage), footage.tracks, sure, seconds, scores, notes
    )
    packs = {"source": shown, "target": frames, "test": held_out}
    about = {"version": __version__, "prior": str(prior), "seed": seed, **asdict(told),
             "packs": {k: [str(p.path), p.info.fingerprint] for k, p in packs.items() if p},
             "settings": config.model_dump()}  # fmt: skip
    with new_folder(Path(out)) as folder:
        made_by = command("prior", "annotate", prior, target)
        write_annotated(folder, frames, opened.skeleton, found_NK2, sure_NK, made_by)
        write_json(folder / TOLD, about)
    return told


def _labelled(pack: Pack, joints: Skeleton) -> Pack:
    """A Pack that can be scored on: found out before hours of training, not after them."""
    ensure_joints(pack, joints)
    if not (pack.info.labeled and pack.info.has_images):
        missing = "labels" if pack.info.has_images else "images"
        raise UserError(f"has no {missing} to score on", where=pack.path, fix="leave out --test")
    return pack


def ensure_poses(canvas_NK2: Tensor, placing: Placing) -> None:
    """Refuse annotations that are no poses: training has hardly begun, or has collapsed.

    Args:
        canvas_NK2: What was found, in units of half a crop.
        placing: How large poses are.
    """
    reach_N = (canvas_NK2.amax(1) - canvas_NK2.amin(1)).amax(1) / 2
    found, usual = float(reach_N.median()), float(placing.reach_N.median())
    if found < SHRUNK * usual:
        raise UserError(
            f"what was found are dots, not poses: {found / usual:.0%} as large as the source's",
            fix="more --steps, another --seed, or a lower rate (--set lr=0.0003)",
        )


def _notes(source: Pack, *others: Pack) -> list[str]:
    """Where crops were not cut by one rule, poses are looked for at the wrong size."""
    return [
        f"crops of {other.path} were cut by {other.info.crop_from}, those of {source.path} by "
        f"{source.info.crop_from}: the prior's poses are placed as the source's are"
        for other in others
        if other.info.crop_from != source.info.crop_from
    ]
