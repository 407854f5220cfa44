"""Samples told apart by the name of the image they were cut from, in whatever folder it lies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from poseshift.data.pack import Pack
from poseshift.data.part import PackPart
from poseshift.errors import BadInput, UserError

CELLS, ALIKE = 8, 4.0  # a side of a glance; grey levels that writing an image again may change


def sample_names(pack: Pack) -> list[str]:
    """The original image of each sample; a world's samples have no file, so their ids."""
    return [_name(pack, index) for index in range(len(pack))]


def _name(pack: Pack, index: int) -> str:
    known = pack.poses.id_N[index]
    return known if pack.info.crop_from == "world" else plain(pack.poses.source_N[index]) or known


def plain(name: str) -> str:
    r"""One way of writing a path.

    Example:
        >>> plain(".\\clips\\a//img1.png")
        'clips/a/img1.png'
    """
    return "/".join(part for part in name.replace("\\", "/").split("/") if part not in ("", "."))


def tails(name: str) -> list[str]:
    """The name seen from each of its folders.

    Example:
        >>> tails("clips/a/img1.png")
        ['clips/a/img1.png', 'a/img1.png', 'img1.png']
    """
    parts = name.split("/")
    return ["/".join(parts[i:]) for i in range(len(parts))]


class Names:
    """Finds the one name meant by another that may start from another folder.

    Args:
        names: All there are.

    Example:
        >>> names = Names(["a/1.png", "b/1.png", "b/2.png"])
        >>> names.find("project/a/1.png", "row 1"), names.find("2.png", "row 2")
        ('a/1.png', 'b/2.png')
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._by_tail: dict[str, list[str]] = defaultdict(list)
        for name in dict.fromkeys(names):
            for tail in tails(name):
                self._by_tail[tail].append(name)

    def find(self, image: str, where: str) -> str | None:
        """The name that agrees with ``image`` from its end over most folders.

        Raises:
            BadInput: Several do.
        """
        wanted = plain(image)
        for tail in tails(wanted):
            found = self._by_tail.get(tail, [])
            if wanted in found:
                return wanted
            if len(found) > 1:
                raise BadInput(
                    f"'{image}' could be {' or '.join(found[:3])}",
                    where=where,
                    fix="write the image's path as the Pack has it",
                )
            if found:
                return found[0]
        return None


@dataclass(frozen=True, slots=True)
class Shown:
    """An image by its name, and by what can tell it from another one of that name.

    Attributes:
        name: As the Pack it was in has it.
        matrix: Of its crop, nine numbers; none where they are not known.
        glance: Grey levels of its crop, reduced to a few cells.
    """

    name: str
    matrix: tuple[float, ...] = ()
    glance: tuple[int, ...] = ()

    def is_surely_not(self, other: Shown) -> bool:
        """Whether both show the same part of an image, and something else there."""
        if (
            not self.matrix
            or not other.matrix
            or not np.allclose(self.matrix, other.matrix, rtol=1e-3, atol=0.01)
        ):
            return False
        return bool(np.abs(np.subtract(self.glance, other.glance)).mean() > ALIKE)


def shown(pack: Pack, index: int) -> Shown:
    """A sample as :func:`without` knows it again."""
    name = _name(pack, index)
    if not pack.info.has_images:
        return Shown(name)
    grey_HW = cv2.cvtColor(pack.crops.image(index), cv2.COLOR_RGB2GRAY)
    glance = cv2.resize(grey_HW, (CELLS, CELLS), interpolation=cv2.INTER_AREA)
    matrix = pack.poses.matrix_N33[index].astype(np.float64).round(4)
    return Shown(name, tuple(matrix.ravel().tolist()), tuple(map(int, glance.ravel())))


def without(pack: Pack, images: Sequence[Shown]) -> Pack:
    """The Pack but for the samples of some images, found also when named from another folder.

    Folders of clips often number their frames alike, so an image of the same name that shows
    something else stays.
    """
    if not images:
        return pack
    by_tail: dict[str, set[Shown]] = defaultdict(set)
    for image in images:
        for tail in tails(image.name):
            by_tail[tail].add(image)
    by_name = {image.name: image for image in images}

    def is_one(index: int, name: str) -> bool:
        named = by_tail.get(name, set()) | {by_name[t] for t in tails(name) if t in by_name}
        return bool(named) and not all(shown(pack, index).is_surely_not(one) for one in named)

    kept = [i for i, name in enumerate(sample_names(pack)) if not is_one(i, name)]
    if not kept:
        raise UserError(
            f"all {len(pack)} samples are frames this run was given labels of",
            where=pack.path,
            fix="evaluate on frames that are not in --target-labels",
        )
    return pack if len(kept) == len(pack) else PackPart(pack, np.array(kept))
