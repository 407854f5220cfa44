"""A plain folder of images, searched with its subfolders: an unlabelled target.

Half-pixel rule: none needed, there are no labels. Missing: every joint.
A subfolder is a track and the last number of a file name its frame. Images are turned upright by
their EXIF orientation, as every viewer shows them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from poseshift.data.formats.base import (
    FORMATS,
    Annotation,
    AnnotationSet,
    ReadOptions,
    unlabeled,
)
from poseshift.data.formats.files import IMAGE_SUFFIXES, frame_number, natural_key
from poseshift.errors import BadInput


@FORMATS.register("folder")
class Folder:
    """Images without labels; the joints to be found come from ``--skeleton``."""

    describe = "a folder of images (unlabelled; needs --skeleton)"

    def matches(self, path: Path) -> bool:
        """A folder with at least one image somewhere in it."""
        return path.is_dir() and next(images_in(path), None) is not None

    def read(self, path: Path, options: ReadOptions) -> AnnotationSet:
        """List the images in the order a person would."""
        if not path.is_dir():
            raise BadInput("is not a folder", where=path, fix="give the folder of the images")
        if options.skeleton is None:
            raise BadInput(
                "images alone do not say which joints are looked for",
                where=path,
                fix="name them, for instance --skeleton body16",
            )
        images = sorted(images_in(path), key=lambda p: natural_key(p.relative_to(path)))
        if not images:
            kinds = " ".join(sorted(IMAGE_SUFFIXES))
            raise BadInput(f"holds no images ({kinds})", where=path, fix="choose another folder")
        keypoints_K2, visibility_K = unlabeled(len(options.skeleton))
        items = [
            Annotation(
                id=name,
                image=path / name,
                keypoints_K2=keypoints_K2,
                visibility_K=visibility_K,
                source=name,
                track=name.rpartition("/")[0],
                frame=frame_number(name),
            )
            for name in (image.relative_to(path).as_posix() for image in images)
        ]
        return AnnotationSet(
            name=path.resolve().name,
            skeleton=options.skeleton,
            items=items,
            crop_from="image",
            count=len(items),
            labeled=False,
            upright=True,
        )


def images_in(folder: Path) -> Iterator[Path]:
    """Image files, those in hidden folders (thumbnails, checkpoints) left out."""
    for path in folder.rglob("*"):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.suffix.lower() in IMAGE_SUFFIXES and not hidden and path.is_file():
            yield path
