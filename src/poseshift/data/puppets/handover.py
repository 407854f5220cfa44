"""Pictures from a drawing process to the one that asked, through shared memory.

A pipe takes 64 kB at a time and the receiver has to help with every piece; a file in memory is
written once and read once. Where there is no such place, or no room in it, pictures travel with
the rest of their samples.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from poseshift.data.types import Sample

_MEMORY = Path("/dev/shm")
_ELSEWHERE = np.zeros((0, 0, 3), np.uint8)


class Parcel(NamedTuple):
    """Samples on their way; their pictures are in the file, if there is one."""

    samples: Sequence[Sample]
    file: Path | None


@contextmanager
def shared_folder() -> Iterator[Path | None]:
    """A folder in memory for as long as drawing goes on."""
    if not (_MEMORY.is_dir() and os.access(_MEMORY, os.W_OK)):
        yield None
        return
    with tempfile.TemporaryDirectory(
        prefix="poseshift-", dir=_MEMORY, ignore_cleanup_errors=True
    ) as folder:
        yield Path(folder)


def send(samples: Sequence[Sample], folder: Path | None) -> Parcel:
    """Put the pictures where the receiver finds them."""
    if folder is None:
        return Parcel(samples, None)
    try:
        handle, name = tempfile.mkstemp(dir=folder)
        with os.fdopen(handle, "wb", buffering=0) as file:
            for sample in samples:
                file.write(np.ascontiguousarray(sample.image).data)
    except OSError:  # full, or the receiver has gone
        return Parcel(samples, None)
    return Parcel([replace(sample, image=_ELSEWHERE) for sample in samples], Path(name))


def receive(parcel: Parcel, side: int) -> Sequence[Sample]:
    """Samples with their pictures; the file is gone afterwards."""
    if parcel.file is None:
        return parcel.samples
    images = np.fromfile(parcel.file, np.uint8).reshape(-1, side, side, 3)
    parcel.file.unlink()
    pairs = zip(parcel.samples, images, strict=True)
    return [replace(sample, image=image) for sample, image in pairs]
