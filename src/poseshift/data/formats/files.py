"""Reading other people's files with suspicion: every number, name and path is checked, none is run.

Whatever is wrong becomes a :class:`~poseshift.errors.BadInput` that names the place and the fix.
"""

from __future__ import annotations

import csv
import io
import json
import math
import posixpath
import re
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import scipy.io

from poseshift.data.formats.base import Doubles
from poseshift.errors import BadInput

IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp"})


def read_text(path: Path) -> str:
    """The text of a UTF-8 file, with or without a byte-order mark."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(
            f"is not UTF-8 text (byte {error.start})", where=path, fix="save the file as UTF-8"
        ) from error
    except OSError as error:
        raise BadInput(
            f"cannot be read ({error.strerror})",
            where=path,
            fix="is it a file you may read?",
        ) from error


def load_json(path: Path) -> Any:
    """Parse a JSON file; the last one is kept, for a file is sniffed before it is read."""
    status = path.stat()
    return _load_json(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=1)
def _load_json(path: Path, _modified: int, _size: int) -> Any:
    try:
        return json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise BadInput(
            f"is not JSON: {error.msg} in line {error.lineno}",
            where=path,
            fix="write the file again; it may have been cut off",
        ) from error
    except (ValueError, RecursionError) as error:
        raise BadInput(
            f"is not JSON that can be read ({error})", where=path, fix="write the file again"
        ) from error


def load_table(path: Path) -> list[list[str]]:
    """The rows of a CSV file, blank rows left out."""
    text = read_text(path)
    if "\0" in text:
        raise BadInput("is not text: it holds NUL bytes", where=path, fix="export it as CSV")
    try:
        rows = list(csv.reader(io.StringIO(text, newline="")))
    except csv.Error as error:
        raise BadInput(f"is not CSV ({error})", where=path, fix="export it as CSV") from error
    return [row for row in rows if any(cell.strip() for cell in row)]


def load_mat(path: Path, name: str) -> Any:
    """One variable of a MATLAB file up to version 7."""
    try:
        variables = scipy.io.loadmat(path, variable_names=[name])
    except FileNotFoundError as error:
        raise BadInput("no such file", where=path, fix="check the path") from error
    except NotImplementedError as error:
        raise BadInput(
            "is a MATLAB 7.3 file", where=path, fix="in MATLAB: save(file, 'joints', '-v7')"
        ) from error
    except Exception as error:  # scipy lets through whatever its parser stumbled over
        raise BadInput(
            f"is not a MATLAB file, or a damaged one ({error})", where=path, fix="get it again"
        ) from error
    if name not in variables:
        raise BadInput(f"holds no variable '{name}'", where=path, fix="is it the right file?")
    return variables[name]


def number(value: Any, where: str) -> float:
    """A finite number of a JSON file; text, booleans and overflow are refused.

    Example:
        >>> number(3, "row 1")
        3.0
        >>> number("3", "row 1")
        Traceback (most recent call last):
        poseshift.errors.BadInput: row 1: expected a number, found '3'
          fix: write a number
    """
    if type(value) in (int, float):
        try:
            result = float(value)
        except OverflowError:
            result = math.inf
        if math.isfinite(result):
            return result
    shown = repr(value) if len(repr(value)) <= 40 else repr(value)[:37] + "..."
    raise BadInput(f"expected a number, found {shown}", where=where, fix="write a number")


def numbers(values: Any, count: int, where: str) -> Doubles:
    """A list of exactly ``count`` finite numbers."""
    if not isinstance(values, list) or len(values) != count:
        found = f"{len(values)}" if isinstance(values, list) else type(values).__name__
        raise BadInput(
            f"expected {count} numbers, found {found}",
            where=where,
            fix=f"write {count} numbers there",
        )
    return np.array([number(v, where) for v in values])


def cell_number(cell: str, where: str) -> float:
    """A number of a CSV cell, NaN for a blank one.

    Example:
        >>> cell_number(" 1.5 ", "row 1"), cell_number("", "row 1")
        (1.5, nan)
    """
    text = cell.strip()
    if text.lower() in ("", "nan"):
        return math.nan
    try:
        result = float(text)
    except ValueError:
        result = math.inf
    if math.isinf(result) or "_" in text:  # float() takes 1_000, a table never means it
        raise BadInput(
            f"expected a number, found '{text[:40]}'",
            where=where,
            fix="write a number, or leave the cell blank where the joint is missing",
        )
    return result


def image_path(root: Path, name: Any, where: str) -> Path:
    """The file an annotation names, refused when it points out of the images folder.

    Example:
        >>> image_path(Path("images"), "a/../b.jpg", "image 3").as_posix()
        'images/b.jpg'
        >>> image_path(Path("images"), "../../etc/passwd", "image 3")
        Traceback (most recent call last):
        poseshift.errors.BadInput: image 3: '../../etc/passwd' points out of the images folder
          fix: name images relative to their folder
    """
    if not isinstance(name, str) or not name or "\0" in name:
        raise BadInput(f"expected the name of an image, found {name!r}", where=where)
    plain = posixpath.normpath(name.replace("\\", "/"))
    if PurePosixPath(plain).is_absolute() or plain.startswith("..") or re.match("[A-Za-z]:", plain):
        raise BadInput(
            f"'{name}' points out of the images folder",
            where=where,
            fix="name images relative to their folder",
        )
    return root / plain


def find_root(candidates: list[Path], name: str, where: Path) -> Path:
    """The first folder that holds the image; the user hears of all that were tried."""
    for folder in candidates:
        if image_path(folder, name, str(where)).is_file():
            return folder
    tried = ", ".join(dict.fromkeys(str(folder) for folder in candidates))
    raise BadInput(
        f"its first image '{name}' is in none of: {tried}",
        where=where,
        fix="say where the images are: --images FOLDER",
    )


def natural_key(path: Path) -> list[tuple[int, str]]:
    """Sort key under which ``img10`` follows ``img9``.

    Example:
        >>> [p.name for p in sorted(map(Path, ["img10.png", "img9.png"]), key=natural_key)]
        ['img9.png', 'img10.png']
    """
    return [
        (int(part), "") if part.isdecimal() else (-1, part)
        for part in re.split(r"(\d+)", path.as_posix())
        if part
    ]


def frame_number(name: str) -> int:
    """The last number in a file name, -1 if there is none.

    Example:
        >>> frame_number("cam2/img0031.png"), frame_number("cover.png")
        (31, -1)
    """
    digits = re.findall(r"\d+", PurePosixPath(name).stem)
    frame = int(digits[-1][-19:]) if digits else -1
    return frame if frame < 2**63 else -1
