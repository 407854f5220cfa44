"""Microsoft FaceSynthetics: ``000000.jpg`` or ``.png`` with ``000000_ldmks.txt`` beside it.

Half-pixel rule: pixel centres at integers, taken as they are; the dark of the pupils lies within
0.2 px of its landmarks sideways. Missing: never; a landmark behind the head is placed too.
The file holds the 68 iBUG points and two pupils; the pupils are dropped aloud.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from poseshift.data.formats.base import FORMATS, Annotation, AnnotationSet, Item, ReadOptions
from poseshift.data.formats.files import cell_number, frame_number, read_text
from poseshift.data.types import VISIBLE
from poseshift.errors import BadInput
from poseshift.skeleton import skeleton

FACE, WITH_PUPILS = 68, 70
_SUFFIX = "_ldmks.txt"


@FORMATS.register("facesynthetics")
class FaceSynthetics:
    """Rendered faces with dense labels, of which the landmarks are read."""

    describe = "FaceSynthetics (folder of *_ldmks.txt and images)"

    def matches(self, path: Path) -> bool:
        """A folder with landmark files."""
        return path.is_dir() and next(path.glob(f"*{_SUFFIX}"), None) is not None

    def read(self, path: Path, options: ReadOptions) -> AnnotationSet:
        """List the landmark files."""
        files = sorted(path.glob(f"*{_SUFFIX}"))
        if not files:
            raise BadInput(f"holds no *{_SUFFIX}", where=path, fix="name the folder that does")
        return AnnotationSet(
            name=path.resolve().name,
            skeleton=skeleton("face68"),
            items=_items(files, options.images or path),
            crop_from="image",
            count=len(files),
            notes=["the two pupils are dropped: face68 has no such points"],
        )


def _items(files: list[Path], folder: Path) -> Iterator[Item]:
    for file in files:
        try:
            yield _item(file, folder)
        except BadInput as error:
            yield error


def _item(file: Path, folder: Path) -> Annotation:
    rows = [line.split() for line in read_text(file).splitlines() if line.strip()]
    if len(rows) != WITH_PUPILS or any(len(row) != 2 for row in rows):
        raise BadInput(
            f"expected {WITH_PUPILS} lines of x y, found {len(rows)} lines",
            where=file,
            fix="get the file again",
        )
    values = [
        [cell_number(cell, f"{file}: line {i}") for cell in row] for i, row in enumerate(rows, 1)
    ]
    name = file.name.removesuffix(_SUFFIX)
    image = next((p for s in (".png", ".jpg") if (p := folder / f"{name}{s}").is_file()), None)
    if image is None:
        raise BadInput(f"its image {name}.png or .jpg is not in {folder}", where=file)
    return Annotation(
        id=name,
        image=image,
        keypoints_K2=np.array(values[:FACE]),
        visibility_K=np.full(FACE, VISIBLE, dtype=np.uint8),
        source=image.name,
        frame=frame_number(name),
    )
