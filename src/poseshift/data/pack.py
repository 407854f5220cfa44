"""A Pack: a prepared dataset on disk, memory-mapped, readable by anything that reads Arrow.

::

    my_pack/
      pack.json          what it is; written last, so a folder without it is not a Pack
      poses.arrow        one row a sample: keypoints, visibility, matrix, where it came from
      images-00000.arrow encoded crops, 4096 a shard, in small record batches for random access

Poses live apart from images so that work on poses alone touches no image. A Pack is written into a
hidden sibling folder and renamed when complete: a killed ``prepare`` leaves nothing that looks
whole.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import cv2
import numpy as np
import pyarrow as pa

from poseshift import __version__
from poseshift.data.types import UNLABELED, Bytes, Floats, Sample
from poseshift.errors import BadInput, UserError
from poseshift.skeleton import Skeleton

FORMAT = 1
SHARD_ROWS = 4096
BATCH_ROWS = 64
JPEG_QUALITY = 95

CropFrom = Literal["user", "image", "detector", "motion", "keypoints", "world"]


@dataclass(frozen=True, slots=True)
class PackInfo:
    """What ``pack.json`` says.

    Attributes:
        name: A word for tables and messages.
        side: Pixels a side of every crop.
        count: Number of samples.
        labeled: Whether any keypoint is labelled.
        has_images: Whether crops are stored (poses alone are a Pack too).
        crop_from: What the crops were made from. ``keypoints`` on a target leaks its labels.
        skeleton: The joint set, whole, so that a Pack needs no other file.
        fingerprint: Hash of every row, the data's identity in manifests.
        skipped: What ``prepare`` left out and why, one line each.
        made_by: The command or call that wrote it, and the version.
        extra: Lengths of further float columns by name.
    """

    name: str
    side: int
    count: int
    labeled: bool
    has_images: bool
    crop_from: str
    skeleton: dict[str, Any]
    fingerprint: str
    skipped: list[str] = field(default_factory=list)
    made_by: dict[str, str] = field(default_factory=dict)
    extra: dict[str, int] = field(default_factory=dict)
    format: int = FORMAT


@dataclass(frozen=True, slots=True)
class PoseTable:
    """Everything of a Pack but the images, as arrays."""

    id_N: list[str]
    keypoints_NK2: Floats
    visibility_NK: Bytes
    matrix_N33: Floats
    source_N: list[str]
    category_N: list[str]
    track_N: list[str]
    frame_N: np.ndarray[Any, np.dtype[np.int64]]
    scale_N: Floats
    extra: Mapping[str, Floats]

    def __len__(self) -> int:
        return len(self.id_N)


def encode_image(image_HWC: Bytes) -> bytes:
    """Encode an RGB crop as JPEG, the same quality for every domain: compression is a gap too."""
    bgr = np.ascontiguousarray(image_HWC[..., ::-1])
    ok, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if not ok:
        raise RuntimeError(f"could not encode an image of shape {image_HWC.shape}")
    return bytes(data)


class PackWriter:
    """Write a Pack sample by sample; nothing appears at ``path`` until all of it is there.

    Args:
        path: Folder to create; an existing Pack is replaced only with ``overwrite``.
        skeleton: Joint set of the keypoints.
        side: Pixels a side of every crop.
        name: Defaults to the folder's name.
        crop_from: See :class:`PackInfo`.
        made_by: Recorded with the version.
        overwrite: Replace a Pack that is already there.
    """

    def __init__(
        self,
        path: str | Path,
        skeleton: Skeleton,
        side: int,
        *,
        name: str = "",
        crop_from: CropFrom = "user",
        made_by: str = "",
        overwrite: bool = False,
    ) -> None:
        self.path = Path(path)
        if self.path.exists() and not overwrite:
            raise UserError(
                "already exists", where=self.path, fix="choose another path or --overwrite"
            )
        if self.path.exists() and not (self.path / "pack.json").is_file():
            raise UserError("is there and is not a Pack, so it is left alone", where=self.path)
        self.skeleton, self.side, self.crop_from = skeleton, side, crop_from
        self.name = name or self.path.name
        self.made_by = {"by": made_by, "version": __version__}
        self._where = made_by or self.name  # the command names the user's file
        self.skipped: list[str] = []
        # One folder a process: two prepares to one place must not write into each other.
        self._partial = self.path.parent / f".{self.path.name}.{os.getpid()}.partial"
        self._rows: list[Sample] = []
        self._images: list[bytes] = []
        self._first: Sample | None = None
        self._count = 0
        self._labeled = False
        self._stored = 0
        self._poses: Any = None
        self._shard: Any = None
        self._seen: set[str] = set()
        self._hash = hashlib.sha256()

    def __enter__(self) -> Self:
        shutil.rmtree(self._partial, ignore_errors=True)
        with self._disk():
            self._partial.mkdir(parents=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                with self._disk():
                    self._finish()
        finally:
            for sink in (self._shard, self._poses):
                if sink is not None:
                    with suppress(OSError):  # a full disk cannot take the footer either
                        sink.close()
            shutil.rmtree(self._partial, ignore_errors=True)

    @contextmanager
    def _disk(self) -> Iterator[None]:
        """Turn what goes wrong with the disk into what the user can do about it."""
        try:
            yield
        except OSError as cause:
            raise UserError(
                f"could not write the Pack ({cause.strerror or cause}); nothing was left behind",
                where=self.path,
                fix="free some space or choose another folder",
            ) from cause

    def add(self, sample: Sample) -> None:
        """Append one sample; its id must be new and its arrays as the skeleton says."""
        self._check(sample)
        self._first = self._first or sample
        if (sample.image is None) != (self._first.image is None):
            raise BadInput(
                "some samples have an image and some have none",
                where=f"{self._where}: sample {sample.id!r}",
                fix="prepare them as two Packs",
            )
        if sample.image is not None:
            data = sample.image if isinstance(sample.image, bytes) else encode_image(sample.image)
            self._images.append(data)
            self._hash.update(hashlib.sha256(data).digest())
            if len(self._images) == BATCH_ROWS:
                with self._disk():
                    self._flush_images()
        self._hash.update(sample.id.encode() + b"\0")
        self._hash.update(np.ascontiguousarray(sample.keypoints_K2, dtype="<f4").tobytes())
        self._hash.update(np.ascontiguousarray(sample.visibility_K, dtype="u1").tobytes())
        self._labeled |= bool(sample.visibility_K.any())
        self._rows.append(replace(sample, image=None))
        self._count += 1
        if len(self._rows) == SHARD_ROWS:
            with self._disk():
                self._flush_poses()

    def skip(self, line: str) -> None:
        """Record one thing that was left out, and why."""
        self.skipped.append(line)

    def _check(self, sample: Sample) -> None:
        where = f"{self._where}: sample {sample.id!r}"
        if sample.id in self._seen:
            raise BadInput("this id occurs twice", where=where, fix="give every sample its own id")
        for text in (sample.id, sample.source, sample.category, sample.track):
            if not text.isascii() and text != text.encode(errors="replace").decode():
                raise BadInput(f"{text!r} is not Unicode text", where=where, fix="rename it")
        joints = len(self.skeleton)
        if sample.keypoints_K2.shape != (joints, 2) or sample.visibility_K.shape != (joints,):
            raise BadInput(
                f"{len(sample.keypoints_K2)} keypoints, skeleton {self.skeleton.name} has {joints}",
                where=where,
                fix="name the right skeleton with --skeleton, or map joints with --alias",
            )
        labeled = sample.visibility_K > UNLABELED
        bad = labeled & ~np.isfinite(sample.keypoints_K2).all(axis=1)
        if bad.any():
            joint = self.skeleton.keypoints[int(np.argmax(bad))]
            raise BadInput("labelled but not a finite number", where=f"{where}, joint {joint}")
        self._seen.add(sample.id)

    def _flush_images(self) -> None:
        if not self._images:
            return
        if self._shard is None:
            shard = self._stored // SHARD_ROWS
            schema = pa.schema([("image", pa.large_binary())])
            self._shard = pa.ipc.new_file(self._partial / _shard_name(shard), schema)
        column = pa.array(self._images, type=pa.large_binary())
        self._shard.write_batch(pa.record_batch([column], names=["image"]))
        self._stored += len(self._images)
        self._images.clear()
        if self._stored % SHARD_ROWS == 0:
            self._shard.close()
            self._shard = None

    def _flush_poses(self) -> None:
        table = _pose_arrow(self._rows)
        if self._poses is None:
            self._poses = pa.ipc.new_file(self._partial / "poses.arrow", table.schema)
        self._poses.write_table(table)
        self._rows.clear()

    def _finish(self) -> None:
        if self._first is None:
            skips = (
                f"; {len(self.skipped)} skipped, first: {self.skipped[0]}" if self.skipped else ""
            )
            raise BadInput(
                f"no usable sample was found{skips}",
                where=self._where,
                fix="check the files, or the rows that were asked for",
            )
        self._flush_images()
        if self._rows:
            self._flush_poses()
        for sink in (self._shard, self._poses):
            if sink is not None:
                sink.close()
        self._shard = self._poses = None
        info = PackInfo(
            name=self.name,
            side=self.side,
            count=self._count,
            labeled=self._labeled,
            has_images=self._first.image is not None,
            crop_from=self.crop_from,
            skeleton=self.skeleton.to_dict(),
            fingerprint=self._hash.hexdigest()[:16],
            skipped=self.skipped,
            made_by=self.made_by,
            extra={key: len(value) for key, value in self._first.extra.items()},
        )
        (self._partial / "pack.json").write_text(json.dumps(asdict(info), indent=2))
        self._swap_in()

    def _swap_in(self) -> None:
        """Rename the finished folder into place; an old Pack goes once the new one is there."""
        old = self._partial.with_suffix(".old")
        shutil.rmtree(old, ignore_errors=True)
        if self.path.exists():
            self.path.rename(old)
        self._partial.rename(self.path)
        shutil.rmtree(old, ignore_errors=True)


class Crops:
    """The images of a Pack and nothing else: random access by index, decoded from a memory map."""

    def __init__(self, path: Path, side: int, count: int) -> None:
        self.path, self.side, self.count = path, side, count
        self._readers: dict[int, Any] = {}

    def __len__(self) -> int:
        return self.count

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_readers": {}}

    def encoded(self, index: int) -> memoryview:
        """The encoded crop of one sample, without copying it."""
        if not 0 <= index < self.count:
            raise IndexError(f"{self.path}: sample {index} of {self.count}")
        shard, row = divmod(index, SHARD_ROWS)
        batch, offset = divmod(row, BATCH_ROWS)
        if shard not in self._readers:
            self._readers[shard] = _open_arrow(self.path / _shard_name(shard))
        column = self._readers[shard].get_batch(batch).column(0)
        return memoryview(column[offset].as_buffer())

    def image(self, index: int) -> Bytes:
        """The decoded RGB crop of one sample, (side, side, 3)."""
        data = np.frombuffer(self.encoded(index), dtype=np.uint8)
        image = cv2.imdecode(data, cv2.IMREAD_COLOR_RGB)
        if image is None or image.shape != (self.side, self.side, 3):
            raise BadInput(
                "its stored image is damaged",
                where=f"{self.path}: sample {index}",
                fix="run prepare again from the original files",
            )
        return image.astype(np.uint8, copy=False)


class Pack:
    """A prepared dataset, opened for reading; cheap to open and to send to another process.

    Args:
        path: A folder that ``prepare`` (or :class:`PackWriter`) made.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.info = _read_info(self.path)
        self.skeleton = Skeleton.from_dict(self.info.skeleton, where=str(self.path / "pack.json"))

    def __len__(self) -> int:
        return self.info.count

    def __repr__(self) -> str:
        what = "labelled" if self.info.labeled else "unlabelled"
        return (
            f"Pack({self.info.name}: {len(self)} {what} {self.skeleton.name}, {self.info.side} px)"
        )

    @cached_property
    def poses(self) -> PoseTable:
        """The pose table; read once, kept."""
        table = _open_arrow(self.path / "poses.arrow").read_all()
        if table.num_rows != len(self):
            raise BadInput(
                f"{table.num_rows} rows, pack.json says {len(self)}",
                where=self.path / "poses.arrow",
                fix="run prepare again",
            )
        return _pose_table(table, len(self.skeleton), self.info.extra)

    def pose_chunks(self, wanted: Iterable[int] | None = None) -> Iterator[tuple[Floats, Bytes]]:
        """Keypoints (n, K, 2) and visibility (n, K), some thousands of rows at a time.

        Args:
            wanted: Numbers of chunks; all, one after another, if not given.
        """
        file, joints = _open_arrow(self.path / "poses.arrow"), len(self.skeleton)
        for number in range(file.num_record_batches) if wanted is None else wanted:
            batch = file.get_batch(number)
            keypoints, visibility = (
                batch.column(name).flatten().to_numpy() for name in ("keypoints", "visibility")
            )
            yield keypoints.reshape(-1, joints, 2), visibility.reshape(-1, joints)

    @cached_property
    def crops(self) -> Crops:
        """The images, in an object from which no pose can be reached."""
        if not self.info.has_images:
            raise UserError("holds poses without images", where=self.path)
        return Crops(self.path, self.info.side, len(self))


def _shard_name(shard: int) -> str:
    return f"images-{shard:05d}.arrow"


def _open_arrow(path: Path) -> Any:
    try:
        return pa.ipc.open_file(pa.memory_map(str(path)))
    except FileNotFoundError as error:
        raise BadInput("is missing from the Pack", where=path, fix="run prepare again") from error
    except (pa.ArrowInvalid, OSError) as error:
        raise BadInput(f"is damaged ({error})", where=path, fix="run prepare again") from error


def _read_info(path: Path) -> PackInfo:
    file = path / "pack.json"
    if not path.exists():
        raise BadInput("no such Pack", where=path, fix="make one with: poseshift prepare FILES OUT")
    if not file.is_file():
        raise BadInput(
            "is not a Pack: it has no pack.json",
            where=path,
            fix="make one with: poseshift prepare FILES OUT (an interrupted prepare leaves none)",
        )
    try:
        data = json.loads(file.read_text())
        info = PackInfo(**data)
    except (ValueError, TypeError, UnicodeDecodeError) as error:
        raise BadInput(
            f"is not a pack.json ({error})", where=file, fix="run prepare again"
        ) from error
    if info.format != FORMAT:
        raise BadInput(
            f"format {info.format}, this version reads {FORMAT}",
            where=file,
            fix="run prepare again",
        )
    return info


def _pose_arrow(rows: Sequence[Sample]) -> Any:
    def vectors(arrays: list[Any], kind: Any) -> Any:
        flat = np.concatenate([np.asarray(a).reshape(-1) for a in arrays])
        width = len(flat) // len(arrays)
        return pa.FixedSizeListArray.from_arrays(pa.array(flat, type=kind), width)

    columns: dict[str, Any] = {
        "id": pa.array([r.id for r in rows]),
        "keypoints": vectors([r.keypoints_K2.astype(np.float32) for r in rows], pa.float32()),
        "visibility": vectors([r.visibility_K.astype(np.uint8) for r in rows], pa.uint8()),
        "matrix": vectors([r.matrix_33.astype(np.float32) for r in rows], pa.float32()),
        "source": pa.array([r.source for r in rows]),
        "category": pa.array([r.category for r in rows]),
        "track": pa.array([r.track for r in rows]),
        "frame": pa.array([r.frame for r in rows], type=pa.int64()),
        "scale": pa.array([r.scale for r in rows], type=pa.float32()),
    }
    for key in rows[0].extra:
        columns[key] = vectors([r.extra[key].astype(np.float32) for r in rows], pa.float32())
    return pa.table(columns)


def _pose_table(table: Any, joints: int, extra: Mapping[str, int]) -> PoseTable:
    def array(name: str, *shape: int) -> Any:
        column = table[name].combine_chunks()
        flat = column.flatten() if shape else column
        return (
            np.asarray(flat.to_numpy(zero_copy_only=False)).reshape(-1, *shape)
            if shape
            else (np.asarray(flat.to_numpy(zero_copy_only=False)))
        )

    return PoseTable(
        id_N=table["id"].to_pylist(),
        keypoints_NK2=array("keypoints", joints, 2),
        visibility_NK=array("visibility", joints),
        matrix_N33=array("matrix", 3, 3),
        source_N=table["source"].to_pylist(),
        category_N=table["category"].to_pylist(),
        track_N=table["track"].to_pylist(),
        frame_N=array("frame"),
        scale_N=array("scale"),
        extra={key: array(key, width) for key, width in extra.items()},
    )
