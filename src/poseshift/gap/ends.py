"""The two ends of a comparison: their Packs, which samples are looked at, and what poses are known.

Legend: N samples.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from poseshift.data.baked import SIDE, open_pack
from poseshift.data.domain import Indices
from poseshift.data.draws import mix
from poseshift.data.pack import Pack
from poseshift.data.types import Bytes
from poseshift.errors import UserError
from poseshift.gap.appearance import CROPS, Looks, look, random_backbone
from poseshift.gap.distance import FEWEST
from poseshift.gap.poses import CropPoses, from_file, labelled, predicted, unusual, without
from poseshift.run import Run
from poseshift.skeleton import Skeleton, joint_map

POSES = 4000  # of either domain at most
SHOWN = 8  # crops of either domain for figures
JOINTS = 3  # the least that make a pose


@dataclass(frozen=True, slots=True)
class Ends:
    """Source and target, and in which order their samples are taken.

    Attributes:
        source: The source.
        target: The target.
        skeleton: Joints that are compared: the run's, or the source's own.
        run: Whose eyes and predictions are borrowed.
        learn_N: Source samples that show what is usual; the others are compared.
        source_N: Source samples to compare.
        target_N: Target samples to compare.
    """

    source: Pack
    target: Pack
    skeleton: Skeleton
    run: Run | None
    learn_N: Indices
    source_N: Indices
    target_N: Indices

    @property
    def has_images(self) -> bool:
        """Whether there is anything to look at."""
        return self.source.info.has_images and self.target.info.has_images

    @property
    def side(self) -> int:
        """Pixels a side at which crops are looked at."""
        return SIDE if self.run is None else self.run.config.side


def open_ends(source: str, target: str, run: Run | None) -> Ends:
    """Open both, or say why they cannot be compared."""
    side = SIDE if run is None else run.config.side
    one, other = open_pack(source, side), open_pack(target, side)
    skeleton = one.skeleton if run is None else run.skeleton
    for name, pack, least in ((source, one, 4 * FEWEST), (target, other, FEWEST)):
        if len(pack) < least:
            raise UserError(
                f"{len(pack)} samples are too few to compare, at least {least} are needed",
                where=name,
                fix="prepare more of them",
            )
        if pack.skeleton != skeleton:
            joint_map(pack.skeleton, skeleton)  # a hand is not compared with a body
    learn_N, source_N = np.split(_order(len(one)), [len(one) // 2])
    return Ends(one, other, skeleton, run, learn_N, source_N, _order(len(other)))


def _order(count: int) -> Indices:
    return np.random.default_rng(mix(count)).permutation(count)


def looks(ends: Ends) -> tuple[Looks, Looks] | None:
    """What crops look like, ``None`` where one of the two has no images."""
    if not ends.has_images:
        return None
    run = ends.run
    eyes = random_backbone() if run is None else run.network(run.chosen()).backbone
    return (
        look(ends.source.crops, ends.source_N[:CROPS], ends.side, eyes),
        look(ends.target.crops, ends.target_N[:CROPS], ends.side, eyes),
    )


def shown(ends: Ends) -> tuple[Bytes, Bytes] | None:
    """A few crops of both, as large as they are stored."""
    if not ends.has_images:
        return None
    both = (ends.source.crops, ends.source_N), (ends.target.crops, ends.target_N)
    first, second = (np.stack([crops.image(int(i)) for i in n[:SHOWN]]) for crops, n in both)
    return first, second


@dataclass(frozen=True, slots=True)
class Bodies:
    """Poses to compare, without the joints that one of the domains lacks.

    Attributes:
        learned: Labelled poses of the source that show what is usual.
        source: Others of its poses, known in the way the target's are.
        target: Poses of the target.
        joints: That are compared.
        labels: Whether the target's are its labels.
        said: Where they come from.
    """

    learned: CropPoses
    source: CropPoses
    target: CropPoses
    joints: Indices
    labels: bool
    said: str


def bodies(ends: Ends, predictions: Path | None, use_labels: bool) -> Bodies | None:
    """The poses there are: the target's labels if asked for, a file's, a run's, or none.

    A run is asked for its eyes too: where it is sure of too little, there are no poses. Poses that
    were asked for and are not there are an error.
    """
    if not (use_labels or predictions or ends.run):
        return None
    source, target, said = _both(ends, predictions, use_labels)
    if len(target) < FEWEST:
        raise UserError(
            f"at least {FEWEST} poses of the target are needed, found {len(target)}",
            where=predictions,
            fix="predict more of its images",
        )
    gone = unusual(source, target)
    kept = np.setdiff1d(np.arange(len(ends.skeleton)), gone)
    if len(kept) < JOINTS:
        if not (use_labels or predictions):
            return None
        raise UserError(
            f"{len(kept)} joints are known in both domains, at least {JOINTS} are needed",
            where=predictions or ends.target.path,
            fix="give other poses of the target",
        )
    learned = labelled(ends.source, ends.skeleton, ends.learn_N)
    if gone:
        names = ", ".join(ends.skeleton.keypoints[k] for k in gone)
        said += f"; not compared, for one side lacks it: {names}"
    learned, source, target = (without(poses, gone) for poses in (learned, source, target))
    return Bodies(learned, source, target, kept, use_labels, said)


def _both(
    ends: Ends, predictions: Path | None, use_labels: bool
) -> tuple[CropPoses, CropPoses, str]:
    """Poses of source and target, and where they come from."""
    known = labelled(ends.source, ends.skeleton, ends.source_N[:POSES])
    if use_labels:
        target = labelled(ends.target, ends.skeleton, ends.target_N[:POSES])
        return known, target, "labels of both; the target's are read for this comparison alone"
    if predictions is not None:
        return known, *from_file(predictions, ends.target, ends.skeleton)
    run = ends.run
    assert run is not None
    # Both are predicted, so that what the run always gets wrong is on both sides.
    known = predicted(run, ends.source.crops, ends.source_N[:CROPS])
    found = predicted(run, ends.target.crops, ends.target_N[:CROPS])
    return known, found, f"what {run.path} sees in both; its mistakes count as gap"
