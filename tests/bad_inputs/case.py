"""One thing a user can get wrong, and how the command must answer it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Case:
    """A bad input.

    Attributes:
        name: Reader or verb, a slash, and the kind of failure.
        argv: Builds the files in an empty folder and says what is typed after ``poseshift``.
        exit_code: 2 for the user's mistakes.
        words: What the message must hold: the file, the place, the fix.
    """

    name: str
    argv: Callable[[Path], list[str]]
    words: tuple[str, ...]
    exit_code: int = 2
