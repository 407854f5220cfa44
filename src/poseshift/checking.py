"""``check``: what a careful person would find by looking at a Pack for an hour.

Every finding names the samples it is about. Left/right swaps and outliers are judged against the
Pack itself, so they are suspicions: the contact sheet is there to settle them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from poseshift.data.pack import Pack
from poseshift.data.types import UNLABELED
from poseshift.errors import UserError
from poseshift.pictures import contact_sheet, save_picture
from poseshift.pose_checks import outliers, swapped

SMALL, ON_SHEET = 50, 24
Level = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing worth knowing.

    Attributes:
        level: ``error`` spoils training or evaluation, ``warning`` probably does, ``note`` informs.
        kind: A word for programs, such as ``wrong_flip``.
        message: The same for people, with what to do about it.
        samples: Ids of the samples it is about.
    """

    level: Level
    kind: str
    message: str
    samples: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What ``check`` found in a Pack, worst first."""

    pack: str
    count: int
    labeled: bool
    crop_from: str
    skeleton: str
    skipped: int
    findings: list[Finding]

    def kinds(self) -> list[str]:
        """The kinds of the findings, worst first."""
        return [finding.kind for finding in self.findings]


def check(pack: Pack | str | Path) -> CheckReport:
    """Look through a Pack, labelled or not.

    Raises:
        UserError: It is not a Pack, or its files are damaged.
    """
    pack = pack if isinstance(pack, Pack) else Pack(pack)
    findings = [*_about_pack(pack), *_duplicates(pack)]
    if pack.info.labeled:
        findings += [*_about_joints(pack), *_about_samples(pack)]
    levels = ("error", "warning", "note")
    return CheckReport(
        pack=str(pack.path),
        count=len(pack),
        labeled=pack.info.labeled,
        crop_from=pack.info.crop_from,
        skeleton=pack.skeleton.name,
        skipped=len(pack.info.skipped),
        findings=sorted(findings, key=lambda finding: levels.index(finding.level)),
    )


def draw_sheet(pack: Pack, report: CheckReport, path: Path, count: int = ON_SHEET) -> None:
    """Write a contact sheet (PNG): suspects first, framed in red, then samples evenly spread."""
    if path.suffix.lower() != ".png":
        raise UserError("a contact sheet is a .png", where=path, fix=f"--sheet {path.stem}.png")
    place = {name: i for i, name in enumerate(pack.poses.id_N)}
    suspects = [
        place[name]
        for f in report.findings
        if f.level != "note"
        for name in f.samples[: count // 6]
    ]
    framed = list(dict.fromkeys(suspects))[: count // 2]
    spread = np.linspace(0, len(pack) - 1, min(count, len(pack))).astype(int).tolist()
    shown = [*framed, *(i for i in spread if i not in framed)][:count]
    save_picture(path, contact_sheet(pack, shown, framed=framed))


def _about_pack(pack: Pack) -> Iterator[Finding]:
    if pack.info.crop_from == "keypoints":
        yield Finding(
            "warning",
            "crop_leak",
            "crops were made from keypoints: used as a target, the crop itself tells where the "
            "joints are. Prepare it with your own boxes or --box image",
        )
    if len(pack) < SMALL:
        yield Finding("warning", "tiny", f"only {len(pack)} samples: numbers on it will be noisy")
    if pack.info.skipped:
        first = pack.info.skipped[0]
        yield Finding(
            "note", "skipped", f"prepare left out {len(pack.info.skipped)}, first: {first}"
        )


def _duplicates(pack: Pack) -> Iterator[Finding]:
    poses = pack.poses
    if pack.info.has_images:
        crops = [blake2b(pack.crops.encoded(i), digest_size=16).digest() for i in range(len(pack))]
        same = _repeated(pack, crops)
        if same:
            yield Finding(
                "warning",
                "duplicate_images",
                f"{len(same)} samples have a crop that occurs more than once: they may sit in "
                "train and test at the same time",
                same,
            )
    labeled_N = (poses.visibility_NK > UNLABELED).sum(axis=1) >= 3
    shapes = [
        np.round(xy, 3).tobytes() if told else None
        for xy, told in zip(poses.keypoints_NK2, labeled_N, strict=True)
    ]
    same = _repeated(pack, shapes)
    if same:
        yield Finding(
            "warning", "duplicate_poses", f"{len(same)} samples share their pose with another", same
        )


def _repeated(pack: Pack, keys: Sequence[bytes | None]) -> list[str]:
    times = Counter(keys)
    times[None] = 0
    return [name for name, key in zip(pack.poses.id_N, keys, strict=True) if times[key] > 1]


def _about_joints(pack: Pack) -> Iterator[Finding]:
    poses, names = pack.poses, pack.skeleton.keypoints
    labeled_NK = poses.visibility_NK > UNLABELED
    never = [names[k] for k in np.flatnonzero(~labeled_NK.any(axis=0))]
    if never:
        yield Finding("warning", "joint_never", f"never labelled: {', '.join(never)}")
    constant = [
        name
        for k, name in enumerate(names)
        if labeled_NK[:, k].sum() >= 10
        and np.ptp(poses.keypoints_NK2[labeled_NK[:, k], k], axis=0).max() < 1e-3
    ]
    if constant:
        yield Finding(
            "error",
            "joint_constant",
            f"always at the same place of the crop: {', '.join(constant)}",
        )


def _about_samples(pack: Pack) -> Iterator[Finding]:
    poses = pack.poses
    labeled_NK = poses.visibility_NK > UNLABELED
    with np.errstate(invalid="ignore"):
        apart_NK2 = (poses.keypoints_NK2 < -0.5) | (poses.keypoints_NK2 >= pack.info.side - 0.5)
    outside_NK = apart_NK2.any(axis=2) & labeled_NK
    inside_NK = labeled_NK & ~outside_NK
    yield from _listed(
        pack,
        ~inside_NK.any(axis=1) & labeled_NK.any(axis=1),
        ("error", "all_zero_target"),
        "have labels but none inside the crop: their heatmap targets are all zero",
    )
    yield from _listed(
        pack,
        ~labeled_NK.any(axis=1),
        ("note", "unlabelled"),
        "have no label at all among labelled ones",
    )
    share = outside_NK.sum() / max(labeled_NK.sum(), 1)
    yield from _listed(
        pack,
        outside_NK.any(axis=1),
        ("warning" if share > 0.05 else "note", "joints_outside"),
        f"have labelled joints outside their crop ({share:.1%} of all labels)",
    )
    if pack.info.crop_from != "world":  # a world's labels are computed; it may well turn around
        yield from _listed(
            pack,
            swapped(poses.keypoints_NK2, labeled_NK, pack.skeleton.flip),
            ("warning", "wrong_flip"),
            "seem to have left and right swapped, against the habit of the others",
        )
    yield from _listed(
        pack,
        outliers(poses.keypoints_NK2, labeled_NK),
        ("warning", "outlier"),
        "have a joint far from where it is in the others",
    )


def _listed(
    pack: Pack, which_N: ArrayLike, kind: tuple[Level, str], message: str
) -> Iterator[Finding]:
    """A finding about the marked samples, if there are any."""
    ids = [pack.poses.id_N[i] for i in np.flatnonzero(which_N)]
    if ids:
        yield Finding(*kind, f"{len(ids)} samples {message}", ids)


def to_dict(report: CheckReport) -> dict[str, Any]:
    """The report in plain lists and words, for ``--json``."""
    from dataclasses import asdict

    return asdict(report)
