"""Poses of any file, without images.

Read is whatever ``prepare`` reads (COCO keypoints, CSV, BVH clips, DeepLabCut ...), Packs and
built-in worlds.

Half-pixel rule: none; where a pose stands and how large it is does not count.
Missing: as in each format; a joint some tool was less sure of than 0.5 is missing too.

Legend: N poses, K keypoints.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from poseshift.data.baked import PREFIX, SIDE, open_pack
from poseshift.data.formats import FORMATS, Annotation, ReadOptions, detect
from poseshift.data.formats.base import LEVEL, Camera, Doubles
from poseshift.data.frame_files import read_frames
from poseshift.data.types import UNLABELED
from poseshift.errors import BadInput
from poseshift.prior.poses import FARTHEST, PoseSet
from poseshift.skeleton import JointMap, Skeleton, joint_map, skeleton

SURE = 0.5  # joints that a tool is less sure of are not labelled
FAR, MANY = 100, 5  # times as far out as half of the joints is odd, where so many are labelled


@dataclass(frozen=True, slots=True)
class Found:
    """Poses of a file, as it writes them.

    Attributes:
        skeleton: Joints of the file.
        keypoints_NK2: NaN where not labelled.
        category_N: Class or action of each pose.
        notes: What was decided for the user, to be said aloud.
    """

    skeleton: Skeleton
    keypoints_NK2: Doubles
    category_N: list[str]
    notes: list[str] = field(default_factory=list)


def read_poses(
    path: str | Path,
    wanted: Skeleton | None = None,
    *,
    aliases: Mapping[str, str] | str | Path | None = None,
    categories: Collection[str] = (),
    camera: Camera = LEVEL,
) -> tuple[PoseSet, list[str]]:
    """Read poses and say what was decided.

    Args:
        path: File, folder, Pack, or a world as ``world:NAME[/test][?count=N]``.
        wanted: Joints to give; the file's own if not said. They are mapped by name, and all of
            them must be found.
        aliases: Further names for joints, see :func:`poseshift.skeleton.joint_map`.
        categories: Keep the poses of these alone; all if empty.
        camera: From where 3D clips are seen.

    Returns:
        The poses, and notes to say aloud: joints renamed, poses left out.
    """
    found = _find(path, wanted, camera)
    keypoints_NK2, notes = found.keypoints_NK2, list(found.notes)
    if categories:
        keypoints_NK2 = keypoints_NK2[_chosen(found, categories, path)]
    joints = wanted or found.skeleton
    if joints != found.skeleton or aliases:
        mapping = _mapped(found.skeleton, joints, aliases, path)
        if mapping.missing:
            raise BadInput(
                f"its skeleton {found.skeleton.name} has no {', '.join(mapping.missing)}, "
                f"which {joints.name} needs",
                where=path,
                fix="map joints of other names with --alias map.yaml, or fit the prior with "
                "--skeleton on the joints that all files have",
            )
        keypoints_NK2 = mapping.apply(keypoints_NK2, _seen(keypoints_NK2))[0]
        notes.append(mapping.describe())
    notes += _far_out(keypoints_NK2, joints, path)
    usable_N = _usable(keypoints_NK2)
    if left := int((~usable_N).sum()):
        notes.append(f"{left} poses left out: fewer than two labelled joints, or all in one place")
    if not usable_N.any():
        raise BadInput("holds no pose that can be used", where=path, fix="label some joints")
    return PoseSet.of(keypoints_NK2[usable_N], joints, str(path)), notes


def drawn(poses: PoseSet, count: int, seed: int) -> PoseSet:
    """Some poses of a set, drawn without replacement.

    Example:
        >>> hands = PoseSet.of(np.random.rand(9, 21, 2), skeleton("hand21"))
        >>> len(drawn(hands, 5, seed=0))
        5
    """
    if count > len(poses):
        raise BadInput(
            f"{count} poses were asked for, it holds {len(poses)} with all joints",
            where=poses.name,
            fix="ask for fewer",
        )
    rows = np.random.default_rng(seed).choice(len(poses), count, replace=False)
    return poses.take(np.sort(rows).tolist())


def shortcomings(poses: PoseSet) -> list[str]:
    """What keeps a handful of poses from teaching all it could, in words.

    Example:
        >>> twice = np.random.rand(1, 21, 2).repeat(3, 0)
        >>> twice[0, 4] = np.nan
        >>> shortcomings(PoseSet.of(twice, skeleton("hand21")))
        ['1 of 3 poses left out, they lack thumb_tip', '1 of 2 poses repeat another']
    """
    whole_N, notes = poses.labeled_NK.all(1), []
    if left := int((~whole_N).sum()):
        lacking = (~poses.labeled_NK).any(0).tolist()
        names = [n for n, lacks in zip(poses.skeleton.keypoints, lacking, strict=True) if lacks]
        more = f" and {len(names) - 4} more" if len(names) > 4 else ""
        notes.append(
            f"{left} of {len(poses)} poses left out, they lack {', '.join(names[:4])}{more}"
        )
    whole_NK2 = poses.points_NK2[whole_N].numpy().round(3)
    if copies := len(whole_NK2) - len(np.unique(whole_NK2, axis=0)):
        notes.append(f"{copies} of {len(whole_NK2)} poses repeat another")
    return notes


def _find(path: str | Path, wanted: Skeleton | None, camera: Camera) -> Found:
    packed = str(path).startswith(PREFIX) or (Path(path) / "pack.json").is_file()
    format_ = "pack" if packed else detect(Path(path))
    if packed:
        found = _of_pack(path)
    elif format_ in ("coco", "dlc") and Path(path).is_file():
        found = _of_frames(Path(path), wanted)  # they are read with their images otherwise
    else:
        options = ReadOptions(skeleton=wanted, camera=camera)
        found = _of_annotations(Path(path), format_, options)
    if camera != LEVEL and format_ != "bvh":
        found.notes.append("the camera is not used: it sees 3D clips (BVH) alone")
    return found


def _of_pack(path: str | Path) -> Found:
    pack = open_pack(path, SIDE)
    seen_NK1 = (pack.poses.visibility_NK > UNLABELED)[..., None]
    keypoints_NK2 = np.where(seen_NK1, pack.poses.keypoints_NK2, np.nan)
    return Found(pack.skeleton, keypoints_NK2.astype(np.float64), pack.poses.category_N)


def _of_frames(path: Path, wanted: Skeleton | None) -> Found:
    file = read_frames(path, wanted or skeleton("coco17"))
    notes, sure_NK = list(file.notes), np.stack([pose.confidence_K >= SURE for pose in file.poses])
    if not sure_NK.all():
        notes.append(f"{int((~sure_NK).sum())} joints of less confidence than {SURE} left out")
    keypoints_NK2 = np.stack([pose.keypoints_K2 for pose in file.poses])
    keypoints_NK2[~sure_NK] = np.nan
    return Found(file.skeleton, keypoints_NK2, [""] * len(file.poses), notes)


def _of_annotations(path: Path, format_: str, options: ReadOptions) -> Found:
    annotations = FORMATS[format_]().read(path, options)
    if not annotations.labeled:
        raise BadInput("holds images without poses", where=path, fix="name a file of labels")
    poses, skipped = list[Annotation](), 0
    for item in annotations.items:
        if isinstance(item, BadInput):
            raise item
        if isinstance(item, Annotation):
            poses.append(item)
        else:
            skipped += 1
    if not poses:
        raise BadInput("holds no pose", where=path, fix="use another file")
    notes = list(annotations.notes)
    if skipped:
        notes.append(f"{skipped} entries left out by the rules of the format '{format_}'")
    keypoints_NK2 = np.stack([pose.keypoints_K2 for pose in poses])
    return Found(annotations.skeleton, keypoints_NK2, [pose.category for pose in poses], notes)


def _chosen(found: Found, categories: Collection[str], path: str | Path) -> list[int]:
    rows = [row for row, name in enumerate(found.category_N) if name in categories]
    if absent := set(categories) - set(found.category_N):
        known = ", ".join(sorted({name for name in found.category_N if name})[:20])
        raise BadInput(
            f"has no pose of category {', '.join(map(repr, sorted(absent)))}",
            where=path,
            fix=f"known: {known or 'none'}",
        )
    return rows


def _mapped(
    own: Skeleton,
    wanted: Skeleton,
    aliases: Mapping[str, str] | str | Path | None,
    path: str | Path,
) -> JointMap:
    try:
        return joint_map(own, wanted, aliases)
    except BadInput as error:  # it knows the skeletons and not the file
        raise BadInput(error.problem, where=error.where or path, fix=error.fix) from error


def _seen(keypoints_NK2: Doubles) -> NDArray[np.bool]:
    return np.asarray(np.isfinite(keypoints_NK2).all(-1))


def _far_out(keypoints_NK2: Doubles, joints: Skeleton, path: str | Path) -> list[str]:
    """Refuse coordinates no picture has; a joint far from all others is told, with its place."""
    count = len(keypoints_NK2)
    for row, joint in np.argwhere((np.abs(keypoints_NK2) > FARTHEST).any(-1))[:1]:
        x, y = keypoints_NK2[row, joint]
        raise BadInput(
            f"{joints.keypoints[joint]} lies at ({x:g}, {y:g}), beyond {FARTHEST:.0e}",
            where=f"{path}: pose {row + 1} of {count}",
            fix="mend it, or leave it blank",
        )
    some_N = _seen(keypoints_NK2).sum(1) >= MANY
    some_NK2 = keypoints_NK2[some_N]
    out_NK = np.abs(some_NK2 - np.nanmedian(some_NK2, axis=1, keepdims=True)).max(-1)
    usual_N, farthest_N = np.nanmedian(out_NK, axis=1), np.nan_to_num(out_NK).argmax(1)
    times_N = np.nanmax(out_NK, axis=1) / np.where(usual_N > 0, usual_N, np.inf)
    return [
        f"pose {row + 1} of {count}: {joints.keypoints[farthest_N[at]]} lies {times_N[at]:.0f} "
        "times as far out as half of its joints; mend it, or leave it blank"
        for at, row in enumerate(np.flatnonzero(some_N))
        if times_N[at] > FAR
    ][:MANY]


def _usable(keypoints_NK2: Doubles) -> NDArray[np.bool]:
    seen_NK = _seen(keypoints_NK2)
    first_N2 = keypoints_NK2[np.arange(len(seen_NK)), seen_NK.argmax(1)]
    apart_NK2 = np.nan_to_num(np.abs(keypoints_NK2 - first_N2[:, None]))
    return np.asarray((seen_NK.sum(1) >= 2) & (apart_NK2.max(axis=(1, 2)) > 0))
