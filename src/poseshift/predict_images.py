"""Images in, a COCO keypoints file and overlays out: what an adapted model is for.

Images are decoded and cut on threads, posed in batches, and drawn on threads again; a few of them
are in memory at any time, however many there are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from poseshift import __version__
from poseshift.data.boxes import read_boxes
from poseshift.data.coco_writer import CocoWriter, pose_entry
from poseshift.data.crops import Doubles, transform
from poseshift.data.photos import Opener, Photo, Photos, find_photos
from poseshift.errors import BadInput, UserError
from poseshift.files import make_folder, new_folder
from poseshift.pictures import draw_pose, save_picture
from poseshift.predict import Predictor
from poseshift.run import Run
from poseshift.selection import read_selection
from poseshift.skeleton import Skeleton
from poseshift.threads import map_ahead, thread_count

OVERLAY_SIDE = 1280  # pixels at most: dots drawn on more would be too small to see
FILE, OVERLAYS = "predictions.json", "overlays"


@dataclass(frozen=True, slots=True)
class PredictReport:
    """What :func:`predict_images` did.

    Attributes:
        out: The folder it wrote.
        step: Of the checkpoint that was used.
        images: How many it holds.
        poses: How many were found in them.
        skipped: Images that could not be used and why, one line each; the file lists them too.
        notes: What was decided without being asked.
    """

    out: Path
    step: int
    images: int
    poses: int
    skipped: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def predict_images(
    run: Run,
    inputs: Sequence[str | Path],
    out: str | Path,
    *,
    boxes: str | Path | None = None,
    margin: float = 1.25,
    step: int | None = None,
    threshold: float = 0.3,
    overlays: bool = True,
    skip_bad: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> PredictReport:
    """Find the pose in images; nothing appears at ``out`` unless all of it went well.

    Args:
        run: The run whose network is used.
        inputs: Images and folders of images.
        out: New folder for ``predictions.json`` and ``overlays/``.
        boxes: COCO JSON or CSV of boxes; the whole image is one crop if not given.
        margin: Crop side over box side, as the run's Packs were prepared.
        step: Checkpoint; the run's choice if not given.
        threshold: Joints of less confidence count as not seen.
        overlays: Draw the poses too.
        skip_bad: List images that cannot be used instead of stopping at the first.
        progress: Called with (done, total).

    Raises:
        UserError: Something the user can mend; nothing is written.
    """
    _check(run, step, margin)
    step = run.chosen() if step is None else step
    photos = find_photos(inputs)
    told = None if boxes is None else read_boxes(Path(boxes)).named(photos.names)
    predictor = Predictor(run.network(step), run.config.side, precision=run.config.train.precision)
    boxes_of = None if told is None else told.of_image
    size = OVERLAY_SIDE if overlays else 0
    opener = Opener(photos.root, run.config.side, boxes_of, margin, picture_side=size)
    ids = numbered(photos.names, {} if told is None else told.ids)
    pages = overlay_names(photos.names)
    skipped: list[str] = []
    info = _info(run, step, photos, threshold) | {"skipped": skipped}
    with new_folder(Path(out)) as folder:
        artist = _Artist(folder / OVERLAYS, pages, run.skeleton, threshold)
        opened = map_ahead(opener, photos.names, thread_count())
        good = _usable(opened, skipped, len(photos.names), skip_bad, progress)
        posed = map_ahead(artist, _posed(good, predictor), thread_count())
        with closing(posed), CocoWriter(folder / FILE, run.skeleton, info) as file:
            for photo, poses in posed:
                file.add(ids[photo.name], photo.name, photo.size_wh, poses)
    notes = []
    selection = read_selection(run)
    if selection is not None and selection.kept_start and selection.step == step:
        notes.append(selection.said)
    if boxes_of and (bare := sum(not boxes_of.get(name) for name in photos.names)):
        notes.append(f"{bare} images have no box in {boxes}, so no pose was looked for")
    return PredictReport(Path(out), step, len(file.images), file.poses, skipped, notes)


def _check(run: Run, step: int | None, margin: float) -> None:
    if not 1 <= margin <= 10:
        raise UserError(f"--margin {margin} is not between 1 and 10", fix="1.25 is usual")
    kept = run.checkpoints()
    if step is not None and step not in kept:
        raise UserError(
            f"has no checkpoint of step {step}",
            where=run.path,
            fix=f"kept are {', '.join(map(str, kept))}",
        )


def _info(run: Run, step: int, photos: Photos, threshold: float) -> dict[str, Any]:
    return {
        "description": f"poses found by poseshift {__version__}",
        "run": str(run.path),
        "method": run.config.method.name,
        "step": step,
        "threshold": threshold,
        "images": str(photos.root),
    }


def numbered(names: Sequence[str], given: Mapping[str, int]) -> dict[str, int]:
    """A number for each image: the one it was given, else the next that is free.

    Example:
        >>> numbered(["a", "b", "c"], {"b": 1})
        {'a': 2, 'b': 1, 'c': 3}
    """
    taken = set(given.values())
    free = (number for number in count(1) if number not in taken)
    return {name: given[name] if name in given else next(free) for name in names}


def overlay_names(names: Sequence[str]) -> dict[str, str]:
    """A ``.jpg`` for each image; it keeps the image's suffix too where names would fall together.

    Example:
        >>> overlay_names(["a/1.png", "a/2.jpg"])
        {'a/1.png': 'a/1.jpg', 'a/2.jpg': 'a/2.jpg'}
        >>> overlay_names(["1.png", "1.jpg"])
        {'1.png': '1.png.jpg', '1.jpg': '1.jpg.jpg'}
    """
    stems = {name: PurePosixPath(name).with_suffix("").as_posix() for name in names}
    alone = max(Counter(stems.values()).values(), default=1) == 1
    return {name: f"{stem if alone else name}.jpg" for name, stem in stems.items()}


# --- the way of an image --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Posed:
    """A photo with its poses in pixels of the original image."""

    photo: Photo
    keypoints_NK2: Doubles
    score_NK: Doubles


def _usable(
    opened: Iterable[Photo | BadInput],
    skipped: list[str],
    total: int,
    skip_bad: bool,
    progress: Callable[[int, int], None] | None,
) -> Iterator[Photo]:
    """Pass on what could be opened; list the rest, or stop at the first."""
    for done, item in enumerate(opened, 1):
        if isinstance(item, Photo):
            yield item
        elif skip_bad:
            skipped.append(str(item).partition("\n")[0])
        else:
            fix = f"{item.fix or 'correct it'}; or leave such images out with --skip-bad"
            raise BadInput(item.problem, where=item.where, fix=fix) from item
        if progress:
            progress(done, total)
    if len(skipped) == total:
        raise BadInput(f"none of the {total} images could be used; first: {skipped[0]}")


def _posed(photos: Iterable[Photo], predictor: Predictor) -> Iterator[_Posed]:
    """Poses of photos, as many crops at a time as the predictor likes."""
    waiting: list[Photo] = []
    for photo in photos:
        waiting.append(photo)
        if max(len(waiting), sum(len(p.boxes) for p in waiting)) >= predictor.batch:
            yield from _pose(waiting, predictor)
            waiting = []
    yield from _pose(waiting, predictor)


def _pose(photos: Sequence[Photo], predictor: Predictor) -> Iterator[_Posed]:
    crops = [photo.crop_NHWC for photo in photos if photo.boxes]
    found = predictor(np.concatenate(crops)) if crops else None
    first = 0
    for photo in photos:
        last = first + len(photo.boxes)
        if found is None or last == first:
            yield _Posed(photo, np.empty((0, 0, 2)), np.empty((0, 0)))
            continue
        in_crop_NK2 = found.keypoints_NK2[first:last].double().numpy()
        places = [transform(m, k) for m, k in zip(photo.matrices, in_crop_NK2, strict=True)]
        score_NK = found.confidence_NK[first:last].double().numpy()
        yield _Posed(photo, np.stack(places), score_NK)
        first = last


@dataclass(frozen=True, slots=True)
class _Artist:
    """Turns poses into what the file says, and draws just that; safe to call from threads."""

    folder: Path
    pages: Mapping[str, str]
    skeleton: Skeleton
    threshold: float

    def __call__(self, posed: _Posed) -> tuple[Photo, list[dict[str, Any]]]:
        photo = posed.photo
        poses = [
            pose_entry(keypoints_K2, score_K, box, self.threshold)
            for keypoints_K2, score_K, box in zip(
                posed.keypoints_NK2, posed.score_NK, photo.boxes, strict=True
            )
        ]
        if photo.picture_HWC is not None:
            for pose in poses:
                triple_K3 = np.array(pose["keypoints"]).reshape(-1, 3)
                spots_K2 = (triple_K3[:, :2] + 0.5) * photo.zoom - 0.5
                draw_pose(
                    photo.picture_HWC,
                    spots_K2.astype(np.float32),
                    self.skeleton,
                    triple_K3[:, 2].astype(np.uint8),
                )
            path = self.folder / self.pages[photo.name]
            make_folder(path.parent)
            save_picture(path, photo.picture_HWC)
        return photo, poses
