"""Readers of other people's files, one file a family; ``prepare`` turns what they find into a Pack.

A reader is a class with ``describe``, ``matches(path)`` and ``read(path, options)`` (see
:class:`~poseshift.data.formats.base.Format`), registered by name in :data:`FORMATS`; one in another
package joins through the entry-point group ``poseshift.formats``.
"""

from __future__ import annotations

from pathlib import Path

from poseshift.data.formats.base import (
    FORMATS,
    Annotation,
    AnnotationSet,
    Format,
    ReadOptions,
    Skipped,
)
from poseshift.data.formats.files import load_json
from poseshift.errors import BadInput, command

__all__ = [
    "FORMATS",
    "Annotation",
    "AnnotationSet",
    "Format",
    "ReadOptions",
    "Skipped",
    "detect",
]

_LAST = "folder"  # anything with images in it, so every other reader is asked first


def detect(path: Path) -> str:
    """Name the format a path is in.

    Raises:
        BadInput: Nothing reads it, or more than one reader would.
    """
    if not path.exists():
        raise BadInput("no such file or folder", where=path, fix="check the path")
    found = [name for name in FORMATS if name != _LAST and FORMATS[name]().matches(path)]
    if not found and FORMATS[_LAST]().matches(path):
        return _LAST
    if len(found) == 1:
        return found[0]
    if found:
        raise BadInput(
            f"could be {' or '.join(found)}",
            where=path,
            fix=f"say which: {command('prepare', path, '--format', found[0])}",
        )
    if path.is_file() and _is_empty(path):
        raise BadInput("is empty", where=path, fix="write the file again, or name another")
    known = "\n".join(f"    {name:15} {FORMATS[name]().describe}" for name in FORMATS)
    raise BadInput(
        "is in no format poseshift reads",
        where=path,
        fix="convert it to one of these; poseshift prepare can be told which it is, with --format "
        f"NAME:\n{known}",
    )


def _is_empty(path: Path) -> bool:
    return not path.stat().st_size or (path.suffix.lower() == ".json" and not load_json(path))
