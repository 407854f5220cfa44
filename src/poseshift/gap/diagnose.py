"""``diagnose``: appearance, crop and pose of two domains compared, before anything is trained."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from poseshift.data.types import Bytes
from poseshift.errors import UserError
from poseshift.gap import appearance, crop, pose
from poseshift.gap.advice import Advice, Found, advise
from poseshift.gap.appearance import Looks
from poseshift.gap.distance import Array, Distance, Split, compare, splits
from poseshift.gap.ends import Bodies, Ends, bodies, looks, open_ends, shown
from poseshift.gap.pose import Judge, PoseFacts, Support
from poseshift.gap.poses import CropPoses
from poseshift.run import Run
from poseshift.skeleton import Skeleton, joint_map

COMPARED = 1000  # samples a part at most
REACH = 0.9  # share of the target's poses that a range of views should hold

Both = tuple[PoseFacts, PoseFacts]


@dataclass(frozen=True, slots=True)
class Section:
    """Distances of one kind, and what they rest on."""

    name: str
    said: str
    distances: list[Distance]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What figures show, of the source and of the target; ``None`` where it is not known."""

    crops: tuple[Bytes, Bytes] | None
    looks: tuple[Looks, Looks] | None
    facts: Both | None


@dataclass(frozen=True, slots=True)
class Gap:
    """A diagnosis.

    Attributes:
        source: As it was named.
        target: As it was named.
        skeleton: Whose joints and angles are compared.
        sections: Appearance, crop and pose, as far as each is known.
        angles: The distance of every angle, the largest first.
        support: Where the target's poses lie in the source, if they are known.
        notes: What a reader should know.
        advice: What to try.
        evidence: For figures.
    """

    source: str
    target: str
    skeleton: Skeleton
    sections: list[Section]
    angles: list[Distance]
    support: Support | None
    notes: list[str]
    advice: Advice
    evidence: Evidence


def diagnose(
    source: str,
    target: str,
    *,
    run: str | Path | None = None,
    predictions: str | Path | None = None,
    use_labels: bool = False,
    tell: Callable[[str], object] = lambda doing: None,
) -> Gap:
    """Say how far a target is from a source, in what, and what to try.

    The target's labels are read with ``use_labels`` alone.

    Args:
        source: Labelled Pack, or ``world:NAME``.
        target: Pack, or ``world:NAME``.
        run: A run whose backbone looks at the crops, and whose predictions stand for poses.
        predictions: A file of predicted poses of the target instead.
        use_labels: Take the target's own labels for its poses, for analysis.
        tell: Called with what is being done.

    Raises:
        UserError: Something the user can mend.
    """
    if use_labels and predictions is not None:
        raise UserError("--predictions and --labelled both give poses", fix="give one of them")
    ends = open_ends(source, target, None if run is None else Run.open(run))
    tell("finding poses")
    known = bodies(ends, None if predictions is None else Path(predictions), use_labels)
    tell("looking at crops")
    seen = looks(ends)
    tell("comparing poses")
    facts = None if known is None else _facts(ends, known)
    sections, angles, support = [_crop(ends, known)], list[Distance](), None
    if seen is not None:
        sections.insert(0, _appearance(ends, seen))
    if known is not None and facts is not None:
        rows = _splits(known)
        sections.append(Section("pose", known.said, pose.distances(*facts, rows)))
        angles = pose.per_angle(*facts, rows, ends.skeleton)
        support = pose.support(*facts)
    distances = {d.name: d for section in sections for d in section.distances}
    found = Found(distances, support, _reach(known, facts))
    return Gap(
        source, target, ends.skeleton, sections, angles, support,
        notes=_notes(ends, known),
        advice=advise(source, target, found, None if run is None else str(run)),
        evidence=Evidence(shown(ends), seen, facts),
    )  # fmt: skip


def _appearance(ends: Ends, seen: tuple[Looks, Looks]) -> Section:
    eyes = "a random 'tiny' backbone, which was taught nothing; --run RUN takes a run's"
    if ends.run is not None:
        eyes = f"the backbone of {ends.run.path}, checkpoint {ends.run.chosen()}"
    rows = splits(len(seen[0]), len(seen[1]), COMPARED)
    said = f"{len(rows[0].one_n)} crops a part at {ends.side} px; features of {eyes}"
    return Section("appearance", said, appearance.distances(*seen, rows))


def _crop(ends: Ends, known: Bodies | None) -> Section:
    """How bodies sit in crops; of a target without poses only how coarse its crops are."""
    source_N, target_N = (
        crop.resolution(pack.poses.matrix_N33) for pack in (ends.source, ends.target)
    )
    rows = splits(len(source_N), len(target_N), COMPARED)
    coarse = compare("resolution", source_N, target_N, rows, crop.SHARE)
    found = [] if coarse is None else [coarse]
    said = "resolution is pixels of the original image a pixel of the crop"
    if known is not None:
        found += crop.distances(
            _framing(known, known.source), _framing(known, known.target), _splits(known)
        )
        said += "; the rest from poses, see below"
    return Section("crop", said, found)


def _framing(known: Bodies, poses: CropPoses) -> dict[str, Array]:
    """What a prediction cannot tell is left out: it is always inside the crop."""
    found = crop.framing(poses, known.joints)
    return found if known.labels else {k: v for k, v in found.items() if k != "unseen"}


def _facts(ends: Ends, known: Bodies) -> Both:
    judge = Judge(known.learned, ends.skeleton)
    return judge.facts(known.source), judge.facts(known.target)


def _splits(known: Bodies) -> list[Split]:
    return splits(len(known.source), len(known.target), COMPARED)


def _reach(known: Bodies | None, facts: Both | None) -> dict[str, float]:
    """What nine of ten target poses stay below."""
    if known is None or facts is None:
        return {}
    off_N = crop.framing(known.target, known.joints)["off centre"]
    values = {"off centre": off_N, "turned": facts[1].turn_N}
    return {
        name: float(np.nanquantile(value_N, REACH))
        for name, value_N in values.items()
        if np.isfinite(value_N).any()
    }


def _notes(ends: Ends, known: Bodies | None) -> list[str]:
    maps = (
        joint_map(pack.skeleton, ends.skeleton).describe()
        for pack in (ends.source, ends.target)
        if known is not None and pack.skeleton != ends.skeleton
    )
    notes = list(dict.fromkeys(maps))
    if ends.target.info.crop_from == "keypoints":
        notes.append("the target was cropped around its labels: this leaks where joints are")
    if not ends.has_images:
        notes.append("one of the two has no images: appearance is not compared")
    if known is not None and known.labels:
        notes.append("the target's labels were read: adapt to other frames than those that score")
    elif known is not None:
        notes.append("predicted poses: mistakes look like rare poses, and like bodies off centre")
    elif known is None and ends.run is not None:
        notes.append(f"{ends.run.path} is sure of hardly any joint: no poses are compared")
    elif known is None:
        notes.append("no pose of the target is known: --run, --predictions or --labelled give them")
    return notes


def to_dict(gap: Gap) -> dict[str, Any]:
    """All but the evidence in plain lists and words, for ``--json``."""

    def plain(distances: Sequence[Distance]) -> list[dict[str, Any]]:
        return [{**asdict(distance), "level": distance.level} for distance in distances]

    return {
        "source": gap.source,
        "target": gap.target,
        "sections": {
            section.name: {"said": section.said, "distances": plain(section.distances)}
            for section in gap.sections
        },
        "angles": plain(gap.angles),
        "support": None if gap.support is None else asdict(gap.support),
        "notes": gap.notes,
        "advice": asdict(gap.advice),
    }
