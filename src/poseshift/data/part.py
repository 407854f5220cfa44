"""Some samples of a Pack, in the order asked for, wherever a whole Pack can stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields, replace
from functools import cached_property
from typing import Any

from poseshift.data.domain import Indices
from poseshift.data.pack import Crops, Pack, PoseTable
from poseshift.data.types import Bytes, Floats


class CropsPart(Crops):
    """The images of some samples.

    Args:
        whole: All images.
        index_N: Which of them.
    """

    def __init__(self, whole: Crops, index_N: Indices) -> None:
        super().__init__(whole.path, whole.side, len(index_N))
        self.whole, self.index_N = whole, index_N

    def encoded(self, index: int) -> memoryview:
        """The encoded crop of one sample."""
        return self.whole.encoded(int(self.index_N[index]))

    def image(self, index: int) -> Bytes:
        """The decoded crop of one sample."""
        return self.whole.image(int(self.index_N[index]))


class PackPart(Pack):
    """A Pack of some samples of another; it keeps that one's name and fingerprint.

    Args:
        whole: The Pack.
        index_N: Which of its samples.
    """

    def __init__(self, whole: Pack, index_N: Indices) -> None:
        self.path, self.skeleton = whole.path, whole.skeleton
        self.info = replace(whole.info, count=len(index_N))
        self.whole, self.index_N = whole, index_N

    @cached_property
    def poses(self) -> PoseTable:
        """The rows of the pose table."""
        return take(self.whole.poses, self.index_N)

    def pose_chunks(self, wanted: Iterable[int] | None = None) -> Iterator[tuple[Floats, Bytes]]:
        """The rows of the pose table, in one chunk."""
        yield self.poses.keypoints_NK2, self.poses.visibility_NK

    @cached_property
    def crops(self) -> Crops:
        """The images, in an object from which no pose can be reached."""
        return CropsPart(self.whole.crops, self.index_N)


def left_out(pack: Pack) -> int:
    """How many samples of the Pack it is a part of it lacks."""
    return len(pack.whole) - len(pack) if isinstance(pack, PackPart) else 0


def take(table: PoseTable, index_N: Indices) -> PoseTable:
    """Some rows of a pose table."""

    def rows(column: Any) -> Any:
        return [column[i] for i in index_N] if isinstance(column, list) else column[index_N]

    columns = {f.name: rows(getattr(table, f.name)) for f in fields(table) if f.name != "extra"}
    return PoseTable(**columns, extra={name: rows(column) for name, column in table.extra.items()})
