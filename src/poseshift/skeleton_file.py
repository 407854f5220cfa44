"""What a skeleton file may say, checked entry by entry."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from poseshift.errors import BadInput, nearest
from poseshift.keypoint_names import mirror

FIELDS = (
    "name",
    "keypoints",
    "edges",
    "flip",
    "groups",
    "scored",
    "triplets",
    "sigmas",
    "torso",
    "aliases",
)


def checked(data: object, where: str | Path) -> dict[str, Any]:
    """Turn what a file says in names into the fields of a Skeleton, or say what is wrong with it.

    Args:
        data: What the YAML file holds; only ``name`` and ``keypoints`` are needed.
        where: The file, for messages.

    Example:
        >>> checked({"name": "face", "keypoints": ["l_eye", "r_eye"]}, "face.yaml")["flip"]
        (1, 0)
    """
    return _Reader(data, where).fields()


class _Reader:
    """Reads one mapping; every complaint names the file, the entry and the fix."""

    def __init__(self, data: object, where: str | Path) -> None:
        self.where = where
        if not isinstance(data, Mapping):
            self.fail(
                None,
                f"a skeleton is a mapping with 'name' and 'keypoints', found {_kind(data)}",
                "start the file with 'name: my_skeleton' and 'keypoints: [nose, ...]'",
            )
        for key in data:
            if key not in FIELDS:
                self.fail(None, f"unknown entry '{key}'", nearest(str(key), FIELDS))
        self.data = data
        self.names: tuple[str, ...] = ()

    def fail(self, entry: str | None, problem: str, fix: str) -> NoReturn:
        where = f"{self.where}, {entry}" if entry else str(self.where)
        raise BadInput(problem, where=where, fix=fix)

    def fields(self) -> dict[str, Any]:
        name = self.data.get("name")
        if not isinstance(name, str) or not name.strip():
            self.fail("name", f"expected a word, found {_kind(name)}", "add 'name: my_skeleton'")
        if "/" in name or "\\" in name:
            self.fail("name", f"'{name}' holds a slash", "use letters, digits, - and _")
        self.names = self.keypoint_names()
        torso = self.data.get("torso")
        return {
            "name": name,
            "keypoints": self.names,
            "edges": self.tuples("edges", 2),
            "flip": self.flip(),
            "groups": {
                str(group): self.joints(f"groups, {group}", joints)
                for group, joints in self.mapping("groups").items()
            },
            "scored": self.joints("scored", self.data.get("scored", list(self.names))),
            "triplets": self.tuples("triplets", 3),
            "sigmas": self.sigmas(),
            "torso": None if torso is None else self.joints("torso", torso, 2),
            "aliases": self.aliases(),
        }

    def keypoint_names(self) -> tuple[str, ...]:
        names = self.data.get("keypoints")
        if not isinstance(names, list) or not names:
            self.fail(
                "keypoints",
                f"expected a list of names, found {_kind(names)}",
                "add 'keypoints:' and one '- name' a line",
            )
        for place, name in enumerate(names):
            if not isinstance(name, str) or not name.strip():
                self.fail(
                    "keypoints",
                    f"name {place + 1} is {_kind(name)}, expected text",
                    f"put it in quotes: '{name}'",
                )
            if name in names[:place]:
                self.fail("keypoints", f"'{name}' is listed twice", "give each joint its own name")
        return tuple(names)

    def joints(self, entry: str, names: object, count: int | None = None) -> tuple[int, ...]:
        wanted = f"a list of {count or 'one or more'} keypoint names"
        if not isinstance(names, list) or not names or (count and len(names) != count):
            self.fail(entry, f"expected {wanted}, found {_kind(names)}", "write [name, name, ...]")
        for place, name in enumerate(names):
            if name not in self.names:
                self.fail(entry, f"unknown keypoint '{name}'", nearest(str(name), self.names))
            if name in names[:place]:
                self.fail(entry, f"'{name}' is named twice", "name each joint once")
        return tuple(self.names.index(name) for name in names)

    def tuples(self, entry: str, count: int) -> tuple[tuple[int, ...], ...]:
        items = self.data.get(entry) or []
        if not isinstance(items, list):
            self.fail(entry, f"expected a list, found {_kind(items)}", "write one '- [...]' a line")
        return tuple(
            self.joints(f"{entry}, item {i}", item, count) for i, item in enumerate(items, start=1)
        )

    def flip(self) -> tuple[int, ...]:
        if self.data.get("flip") is None:
            return mirror(self.names)
        partner = list(range(len(self.names)))
        for left, right in self.tuples("flip", 2):
            for joint in (left, right):
                if partner[joint] != joint:
                    name = self.names[joint]
                    self.fail("flip", f"'{name}' is in two pairs", "pair each joint once")
            partner[left], partner[right] = right, left
        return tuple(partner)

    def sigmas(self) -> tuple[float, ...] | None:
        sigmas = self.data.get("sigmas")
        if sigmas is None:
            return None
        if not isinstance(sigmas, list) or len(sigmas) != len(self.names):
            self.fail(
                "sigmas",
                f"expected {len(self.names)} numbers, one a keypoint, found {_kind(sigmas)}",
                "give one for each keypoint, in their order, or leave sigmas out",
            )
        for name, sigma in zip(self.names, sigmas, strict=True):
            number = isinstance(sigma, int | float) and not isinstance(sigma, bool)
            if not number or not 0 < sigma < float("inf"):
                self.fail(
                    "sigmas", f"'{name}' has {sigma!r}", "sigmas are positive, about 0.03-0.1"
                )
        return tuple(float(sigma) for sigma in sigmas)

    def mapping(self, entry: str) -> Mapping[Any, Any]:
        items = self.data.get(entry) or {}
        if not isinstance(items, Mapping):
            self.fail(entry, f"expected a mapping, found {_kind(items)}", "write 'name: [a, b]'")
        return items

    def aliases(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for name, others in self.mapping("aliases").items():
            entry = f"aliases, {name}"
            self.joints(entry, [name])
            if not isinstance(others, list) or not all(isinstance(other, str) for other in others):
                self.fail(entry, f"expected names, found {_kind(others)}", "write [other, names]")
            found[name] = tuple(others)
        return found


def _kind(thing: object) -> str:
    """Name what was found in words a person would use."""
    if thing is None:
        return "nothing"
    if isinstance(thing, list):
        return f"a list of {len(thing)}"
    if isinstance(thing, Mapping):
        return "a mapping"
    return f"{type(thing).__name__} {thing!r}"
