"""Skeletons: named keypoints with edges, flip pairs, metric groups, angles and OKS sigmas.

A skeleton is data: one YAML file each in ``skeletons/``, and a user's own file works wherever a
built-in name does. The least such a file holds is ``name`` and ``keypoints``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from poseshift.errors import BadInput, nearest
from poseshift.files import load_yaml
from poseshift.keypoint_names import meaning
from poseshift.skeleton_file import checked

_FOLDER = Path(__file__).with_name("skeletons")


@dataclass(frozen=True)
class Skeleton:
    """A set of named keypoints and what is known about them; joints are told by their index.

    Attributes:
        name: What it is called in commands, packs and tables.
        keypoints: Names, in the order of every array of keypoints.
        edges: Pairs of joints to draw a line between.
        flip: Permutation that relabels a mirrored image; ``flip[flip[k]] == k``.
        groups: Joints that tables average together, such as both wrists.
        scored: Joints averaged for the overall score.
        triplets: Angles, as (end, corner, end).
        sigmas: Per joint, how far annotators stray (OKS), where published.
        torso: Two joints whose distance measures the size of the body.
        aliases: Further names of a joint, for mapping to other skeletons.

    Example:
        >>> body = skeleton("body16")
        >>> len(body), body.index("left_wrist"), body.keypoints[body.flip[15]]
        (16, 15, 'right_wrist')
    """

    name: str
    keypoints: tuple[str, ...]
    edges: tuple[tuple[int, int], ...]
    flip: tuple[int, ...]
    groups: Mapping[str, tuple[int, ...]] = field(hash=False)
    scored: tuple[int, ...]
    triplets: tuple[tuple[int, int, int], ...]
    sigmas: tuple[float, ...] | None
    torso: tuple[int, int] | None
    aliases: Mapping[str, tuple[str, ...]] = field(hash=False, default_factory=dict)

    def __len__(self) -> int:
        return len(self.keypoints)

    def index(self, name: str) -> int:
        """Give the position of a keypoint."""
        if name not in self.keypoints:
            raise BadInput(
                f"skeleton '{self.name}' has no keypoint '{name}'",
                fix=nearest(name, self.keypoints),
            )
        return self.keypoints.index(name)

    @classmethod
    def from_dict(cls, data: object, where: str | Path) -> Skeleton:
        """Build and check a skeleton from what its YAML file says.

        Args:
            data: A mapping; ``name`` and ``keypoints`` are needed, the rest may be left out:
                ``flip`` is then read off the names, and every keypoint is scored.
            where: The file, for messages.

        Example:
            >>> Skeleton.from_dict({"name": "pair", "keypoints": ["l_eye", "r_eye"]}, "x").flip
            (1, 0)
        """
        return cls(**checked(data, where))

    def to_dict(self) -> dict[str, Any]:
        """Say the same in plain lists and names; ``from_dict`` reads it back unchanged."""

        def names(joints: Sequence[int]) -> list[str]:
            return [self.keypoints[j] for j in joints]

        data: dict[str, Any] = {
            "name": self.name,
            "keypoints": list(self.keypoints),
            "edges": [names(edge) for edge in self.edges],
            "flip": [names((a, b)) for a, b in enumerate(self.flip) if a < b],
            "groups": {group: names(joints) for group, joints in self.groups.items()},
            "scored": names(self.scored),
            "triplets": [names(triplet) for triplet in self.triplets],
            "aliases": {name: list(others) for name, others in self.aliases.items()},
        }
        if self.sigmas is not None:
            data["sigmas"] = list(self.sigmas)
        if self.torso is not None:
            data["torso"] = names(self.torso)
        return data


def skeleton(name_or_path: str | Path) -> Skeleton:
    """Load a built-in skeleton by name, or anybody's from a YAML file.

    Example:
        >>> [skeleton("hand21").keypoints[j] for j in skeleton("hand21").groups["mcp"]][:2]
        ['thumb_cmc', 'index_mcp']
    """
    if isinstance(name_or_path, Path) or Path(name_or_path).suffix in {".yaml", ".yml"}:
        return Skeleton.from_dict(load_yaml(Path(name_or_path)), name_or_path)
    if name_or_path not in builtin_skeletons():
        raise BadInput(
            f"no built-in skeleton is called '{name_or_path}'",
            fix=f"{nearest(name_or_path, builtin_skeletons())}; or give your own .yaml file",
        )
    return _builtin(name_or_path)


@cache
def _builtin(name: str) -> Skeleton:
    path = _FOLDER / f"{name}.yaml"
    return Skeleton.from_dict(load_yaml(path), path)


def builtin_skeletons() -> list[str]:
    """List the skeletons that ship with the package.

    Example:
        >>> "body16" in builtin_skeletons()
        True
    """
    return sorted(path.stem for path in _FOLDER.glob("[!_]*.yaml"))


@dataclass(frozen=True)
class JointMap:
    """Which joint of one skeleton stands for each joint of another.

    Attributes:
        source: The skeleton of the keypoints at hand.
        target: The skeleton they are wanted in.
        indices: For each target joint, the source joint or -1.
    """

    source: Skeleton
    target: Skeleton
    indices: tuple[int, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """Target joints that nothing stands for."""
        pairs = zip(self.target.keypoints, self.indices, strict=True)
        return tuple(name for name, index in pairs if index < 0)

    @property
    def dropped(self) -> tuple[str, ...]:
        """Source joints that are not used."""
        used = set(self.indices)
        return tuple(name for k, name in enumerate(self.source.keypoints) if k not in used)

    def describe(self) -> str:
        """Say aloud what is kept, renamed, missing and dropped.

        Example:
            >>> print(joint_map(skeleton("lsp14"), skeleton("body16")).describe())
            lsp14 -> body16: 14 of 16 keypoints; missing: pelvis, thorax
        """
        found = [
            (self.source.keypoints[index], name)
            for name, index in zip(self.target.keypoints, self.indices, strict=True)
            if index >= 0
        ]
        told = {
            "renamed": [f"{old} as {new}" for old, new in found if old != new],
            "missing": self.missing,
            "dropped": self.dropped,
        }
        head = f"{self.source.name} -> {self.target.name}"
        parts = [f"{head}: {len(found)} of {len(self.target)} keypoints"]
        parts += [f"{label}: {', '.join(names)}" for label, names in told.items() if names]
        return "; ".join(parts)

    def apply(
        self, keypoints_NK2: NDArray[Any], visibility_NK: NDArray[Any]
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        """Reorder keypoints and visibility; what is missing becomes NaN and 0 (not labelled)."""
        count = keypoints_NK2.shape[-2]
        if count != len(self.source) or visibility_NK.shape[-1] != count:
            raise BadInput(
                f"expected {len(self.source)} keypoints of skeleton '{self.source.name}', "
                f"found {count} with {visibility_NK.shape[-1]} visibilities",
                fix="name the skeleton that the keypoints were written in",
            )
        absent_K = np.array(self.indices) < 0
        keypoints, visibility = (
            keypoints_NK2[..., self.indices, :],
            visibility_NK[..., self.indices],
        )
        keypoints[..., absent_K, :] = np.nan
        visibility[..., absent_K] = 0
        return keypoints, visibility


def joint_map(
    source: Skeleton, target: Skeleton, aliases: Mapping[str, str] | str | Path | None = None
) -> JointMap:
    """Map one skeleton to another by the names of their keypoints.

    Args:
        source: The skeleton of the keypoints at hand.
        target: The skeleton they are wanted in.
        aliases: What the user says himself, ``{target joint: source joint}`` or a YAML file of
            such lines. It goes before equal names, and those before built-in aliases.

    Example:
        >>> mapping = joint_map(skeleton("smpl24"), skeleton("body16"))
        >>> skeleton("smpl24").keypoints[mapping.indices[9]]
        'head'
    """
    chosen = _user_aliases(source, target, aliases)
    for name in target.keypoints:
        if name not in chosen and name in source.keypoints:
            chosen[name] = name
    free = {
        name: _meanings(source, name) for name in source.keypoints if name not in chosen.values()
    }
    for name in target.keypoints:
        wanted = _meanings(target, name)
        match = next((other for other, said in free.items() if said & wanted), None)
        if name not in chosen and match:
            chosen[name] = match
            del free[match]
    if not chosen:
        raise BadInput(
            f"skeletons '{source.name}' and '{target.name}' have no keypoint in common",
            fix=f"write an alias file with lines like '{target.keypoints[0]}: "
            f"{source.keypoints[0]}' ({target.name}: {source.name})",
        )
    indices = (source.index(chosen[n]) if n in chosen else -1 for n in target.keypoints)
    return JointMap(source, target, tuple(indices))


def _meanings(skeleton: Skeleton, name: str) -> set[tuple[str, str]]:
    return {meaning(word) for word in (name, *skeleton.aliases.get(name, ()))}


def _user_aliases(
    source: Skeleton, target: Skeleton, aliases: Mapping[str, str] | str | Path | None
) -> dict[str, str]:
    where: str | Path = "aliases"
    said: object = aliases or {}
    if isinstance(aliases, str | Path):
        where, said = aliases, load_yaml(Path(aliases))
    if not isinstance(said, Mapping):
        raise BadInput(
            f"expected one 'target joint: source joint' a line, found {type(said).__name__}",
            where=where,
            fix=f"write '{target.keypoints[0]}: {source.keypoints[0]}'",
        )
    for names, skeleton in ((said.keys(), target), (said.values(), source)):
        for name in names:
            if name not in skeleton.keypoints:
                raise BadInput(
                    f"skeleton '{skeleton.name}' has no keypoint '{name}' "
                    f"(each line is '{target.name} joint: {source.name} joint')",
                    where=where,
                    fix=nearest(str(name), skeleton.keypoints),
                )
    return dict(said)
