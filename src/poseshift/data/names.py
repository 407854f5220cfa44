"""Samples told apart by the name of the image they were cut from, in whatever folder it lies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

import numpy as np

from poseshift.data.pack import Pack
from poseshift.data.part import PackPart
from poseshift.errors import BadInput, UserError


def sample_names(pack: Pack) -> list[str]:
    """The original image of each sample; a world's samples have no file, so their ids."""
    poses = pack.poses
    if pack.info.crop_from == "world":
        return list(poses.id_N)
    return [plain(source) or name for source, name in zip(poses.source_N, poses.id_N, strict=True)]


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


def without(pack: Pack, images: Collection[str]) -> Pack:
    """The Pack but for the samples of some images, found also when named from another folder."""
    if not images:
        return pack
    known, ends = set(images), {tail for image in images for tail in tails(image)}
    kept = [
        i
        for i, name in enumerate(sample_names(pack))
        if name not in ends and known.isdisjoint(tails(name))
    ]
    if not kept:
        raise UserError(
            f"all {len(pack)} samples are frames this run was given labels of",
            where=pack.path,
            fix="evaluate on frames that are not in --target-labels",
        )
    return pack if len(kept) == len(pack) else PackPart(pack, np.array(kept))
