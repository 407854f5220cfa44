"""Reading YAML as plain data; writing so that a reader sees the old file or the new one, whole."""

from __future__ import annotations

import errno
import json
import os
import shlex
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from poseshift.errors import BadInput, UserError


def make_folder(path: Path) -> Path:
    """Make a folder and its parents, or say why not."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            f"cannot be made ({error.strerror or error})", where=path, fix="choose another folder"
        ) from error
    return path


def ensure_free(path: Path, fix: str = "choose another --out") -> None:
    """Refuse, before any work, a folder that holds anything or a place where none can be made."""
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise UserError("is not empty", where=path, fix=fix)
    ensure_makeable(path)


def ensure_makeable(path: Path) -> None:
    """Refuse, before any work, a place where nothing can be made."""
    above = Path(os.path.abspath(path)).parent  # noqa: PTH100 - links stay links
    while not above.exists():
        above = above.parent
    try:
        Path(tempfile.mkdtemp(prefix=".poseshift-", dir=above)).rmdir()
    except OSError as error:
        raise UserError(
            f"cannot be made ({error.strerror or error})", where=path, fix="choose another --out"
        ) from error


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """A hidden neighbour of ``path`` to fill; it takes that name once all is done, or vanishes."""
    path = Path(os.path.abspath(path))  # noqa: PTH100 - links stay links
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise UserError("is not empty", where=path, fix="choose another --out")
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    make_folder(path.parent)
    try:
        partial.mkdir(exist_ok=True)
        yield partial
        if path.exists():
            path.rmdir()
        partial.rename(path)
    except OSError as error:
        raise _unwritten(path, error) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def write_atomic(path: Path, write: Callable[[Path], object]) -> None:
    """Let ``write`` fill a temporary neighbour of ``path``, then rename it into place."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        write(partial)
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        raise _unwritten(path, error) from error
    finally:
        partial.unlink(missing_ok=True)


def _unwritten(path: Path, error: OSError) -> UserError:
    fix = "choose another folder"
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):  # a full disk, or a quota
        fix = "free some space or choose another folder"
    elif error.errno == errno.ENOENT and not path.parent.exists():
        fix = f"make the folder first: mkdir -p {shlex.quote(str(path.parent))}"
    return UserError(f"could not be written ({error.strerror or error})", where=path, fix=fix)


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically."""
    write_atomic(path, lambda partial: partial.write_text(text, encoding="utf-8"))


def write_json(path: Path, data: Any) -> None:
    """Write a JSON file atomically."""
    write_text(path, json.dumps(data, indent=2) + "\n")


def load_yaml(path: Path) -> object:
    """Read a YAML file as plain data, or say which line cannot be read."""
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadInput("no such file", where=path, fix="check the path") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(
            f"cannot be read as text: {error}", where=path, fix="give a YAML file in UTF-8"
        ) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        raise BadInput(
            f"is not valid YAML: {getattr(error, 'problem', None) or type(error).__name__}",
            where=f"{path}, line {mark.line + 1}" if mark else path,
            fix="check indentation, brackets and quotes there",
        ) from None
