"""The one error a user meets: what was expected, what was found, where, and how to mend it."""

from __future__ import annotations

import difflib
import shlex
from collections.abc import Iterable
from pathlib import Path


class UserError(Exception):
    """Something the user can mend: shown without a traceback, exit code 2.

    Args:
        problem: What was expected and what was found, in one sentence.
        where: File, row, joint or option the problem sits in.
        fix: The next thing to type or change.

    Example:
        >>> print(UserError("image 17 has 12 keypoints, skeleton hand21 has 21",
        ...                 where="annotations.json", fix="map them with --alias map.yaml"))
        annotations.json: image 17 has 12 keypoints, skeleton hand21 has 21
          fix: map them with --alias map.yaml
    """

    def __init__(
        self, problem: str, *, where: str | Path | None = None, fix: str | None = None
    ) -> None:
        self.problem, self.where, self.fix = problem, where, fix
        super().__init__(problem)

    def __str__(self) -> str:
        head = f"{self.where}: {self.problem}" if self.where else self.problem
        return f"{head}\n  fix: {self.fix}" if self.fix else head


class BadInput(UserError):
    """A file or value of the user's that cannot be read as what it should be."""


def command(*words: object) -> str:
    """A line of poseshift that can be pasted into a shell, whatever its paths are called.

    Example:
        >>> command("check", "packs/my clips")
        "poseshift check 'packs/my clips'"
    """
    return shlex.join(["poseshift", *map(str, words)])


def nearest(word: str, known: Iterable[str]) -> str:
    """Say what a misspelt word was probably meant to be, or list what exists.

    Example:
        >>> nearest("body17", ["body16", "hand21"])
        "did you mean 'body16'? known: body16, hand21"
        >>> nearest("x", ["body16", "hand21"])
        'known: body16, hand21'
    """
    names = sorted(known)
    close = difflib.get_close_matches(word, names, n=1)
    hint = f"did you mean '{close[0]}'? " if close else ""
    return f"{hint}known: {', '.join(names) or 'none'}"
