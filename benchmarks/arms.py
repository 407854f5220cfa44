"""What the training tables compare: pairs, the shared start, and every arm's settings.

Per seed one start (the source alone) is shared by all that is compared; every arm goes on from it
for the same number of further steps with the same augmentation, rate and schedule. Settings that
are not the methods' defaults were chosen on one or two of the lottery pairs 0 to 9, one seed each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.common import bench_folder, kept_run
from benchmarks.pairs import find_pair
from poseshift.config import RunConfig, load_config
from poseshift.data.baked import SIDE, open_pack
from poseshift.data.frames import write_frames
from poseshift.demo import RATE, VIEW
from poseshift.files import make_folder

START, FURTHER = 600, 400  # steps
MANY = 10  # checkpoints, where one of them is chosen


@dataclass(frozen=True)
class Arm:
    """One row of a table.

    Attributes:
        method: Its name.
        settings: Of the method.
        sets: Further settings of the run.
        steps: Further steps.
        checkpoints: How many are kept, evenly spaced, the start aside.
        begun: Settings of the source-only start; ``None`` for none, the arm's own pre-training.
        few: Labelled target frames it is given.
    """

    method: str
    settings: dict[str, Any] = field(default_factory=dict)
    sets: tuple[str, ...] = ()
    steps: int = FURTHER
    checkpoints: int = 4
    begun: Mapping[str, Any] | None = field(default_factory=dict)
    few: int = 0


class Begun(NamedTuple):
    """A start: its run, if there is one, and the seconds it took."""

    path: Path | None
    seconds: float


def plan(
    pair: str,
    arm: Arm,
    seed: int,
    init: Path | None = None,
    *,
    count: str = "",
    **given: Any,
) -> RunConfig:
    """Settings of one run."""
    place = find_pair(pair, count)
    every = max(1, arm.steps // arm.checkpoints)
    return load_config(
        (), (*place.sets, *arm.sets), source=place.source, target=place.target,
        view=VIEW, init=str(init) if init else None,
        method={"name": arm.method, **arm.settings}, target_labels=labels(pair, arm, seed),
        train={"steps": arm.steps, "seed": seed, "lr": RATE, "checkpoint_every": every}, **given,
    )  # fmt: skip


def begin(pair: str, arm: Arm, seed: int, *, steps: int = START, count: str = "") -> Begun:
    """The start that all arms of a pair and seed share, and the seconds it took."""
    if arm.begun is None:
        return Begun(None, 0.0)
    first = Arm("source_only", dict(arm.begun), steps=steps, checkpoints=1)
    run, seconds = kept_run(plan(pair, first, seed, count=count), find_pair(pair).figure)
    return Begun(run.path, seconds)


def labels(pair: str, arm: Arm, seed: int) -> str | None:
    """A file with the labels of the arm's few target frames, the same for every arm of a seed."""
    if not arm.few:
        return None
    path = bench_folder() / "frames" / f"{pair}-{seed}-{arm.few}.json"
    if not path.exists():
        pack = open_pack(find_pair(pair).target, SIDE)
        drawn = np.random.default_rng([seed, 5]).permutation(len(pack))[: arm.few]
        write_frames(pack, drawn.tolist(), make_folder(path.parent) / path.name)
    return str(path)
