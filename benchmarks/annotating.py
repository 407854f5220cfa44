"""One row of annotation: what the poses of a prior teach, measured on held-out target images.

Beside ``error`` a regressor's row has ``posed``: its error on puppets that stand as the target's
poses do but look as the source. There nothing but poses counts, so the two together say whether a
transfer's poses are poor, or good poses are lost on pictures that look otherwise.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from benchmarks.adapted import (
    PRIOR_CODE,
    QUICK,
    adapted_prior,
    fitted_prior,
    place_of,
    puppets_of,
)
from benchmarks.common import code_hash, kept_run, key_of
from benchmarks.methods_compared import ARMS
from benchmarks.pairs import Pair
from benchmarks.prior import modules_of
from benchmarks.prior_settings import CHOSEN
from poseshift.config import load_config
from poseshift.data.baked import SIDE, open_pack
from poseshift.data.pack import Pack
from poseshift.demo import RATE, VIEW
from poseshift.predict import predict_crops
from poseshift.prior.annotate.scores import scores_of_pack

SHOWN = 20
STEPS, PUPPETS = 400, 2000  # of the regressor
UPDATES = 1000  # of the unpaired arm
CLIPS, SMALL = 600, 64  # of the unpaired arm: individuals, a few frames of each, and pixels
BUDGET = f"{STEPS} steps, {PUPPETS} puppets; {UPDATES} updates, {CLIPS} clips, {SMALL} px"
POSED, UNSEEN = 1000, 99  # puppets in the target's poses, and their seed: no draw's
UNPAIRED: dict[str, dict[str, float]] = {  # ways of the unpaired arm
    "puppets and frames": {},
    "puppets alone": {"alone": 1.0},
    "frames alone": {"pairs": 0.0},
    "nothing rebuilt": {"rebuilt": 0.0},
    "no likeness to the prior": {"prior": 0.0},
    "neither, frames but seen": {"prior": 0.0, "rebuilt": 0.0},  # by the normalisation's means
    "puppets and frames, 6000 updates": {"steps": 6000},  # as many as the default's
    "puppets alone, 6000 updates": {"alone": 1.0, "steps": 6000},
}
LEARNING: dict[str, dict[str, Any]] = {  # ways of the regressor
    "plain": {},
    "strong": {"method": "source_strong"},  # borrowed colours, blur, noise
    "strong, four times": {"method": "source_strong", "times": 4},  # steps and puppets
}
ANNOTATE = ("poseshift.prior.annotate.puppets", "poseshift.prior.annotate.unpaired",
            "poseshift.prior.annotate.scores")  # fmt: skip


class Case(NamedTuple):
    """A row to be: what a transfer made of one draw of target poses is worth."""

    pair: str
    arm: str
    draw: int
    shown: int = SHOWN
    variant: str = ""

    @property
    def label(self) -> str:
        """Its name in tables."""
        if self.variant in LEARNING:
            return f"{self.arm}, {self.variant}"
        return self.variant or self.arm

    @property
    def settings(self) -> dict[str, Any]:
        """Of its variant."""
        return UNPAIRED.get(self.variant, {}) | LEARNING.get(self.variant, {})

    @property
    def what(self) -> dict[str, Any]:
        """What tells the row from others."""
        told = {"pair": self.pair, "arm": self.label, "seed": self.draw, "shown": self.shown}
        settings = CHOSEN.get(self.arm, {}) | self.settings
        trained = key_of(RATE, VIEW, ARMS[self.method].sets, POSED, UNSEEN)
        return {**told, "budget": BUDGET, "settings": settings, "trained": trained}

    @property
    def method(self) -> str:
        """That trains the regressor."""
        return str(self.settings.get("method", "source_only"))

    @property
    def code(self) -> str:
        """Hash of the code behind it."""
        entries = ("poseshift.engine", *PRIOR_CODE, *ANNOTATE, *modules_of(self.arm))
        return code_hash(self.method, place_of(self.pair).figure, entries)


def regressor(case: Case, quick: bool) -> dict[str, Any]:
    """Train on puppets in the prior's poses alone, and annotate held-out target images."""
    pair, settings = place(case.pair, quick), case.settings
    steps = 10 if quick else STEPS * settings.get("times", 1)
    train = {"steps": steps, "seed": case.draw, "lr": RATE, "checkpoint_every": steps}
    source, arm = str(puppets(case, quick)), ARMS[case.method]
    method = {"name": case.method, **arm.settings}
    config = load_config((), arm.sets, source=source, method=method, view=VIEW, train=train)
    run, seconds = kept_run(config, pair.figure)
    network = run.network(run.last())
    pack, rows = held_out(pair, SIDE)
    found = predict_crops(network, pack.crops, SIDE).keypoints_NK2
    alike = open_pack(posed(case.pair, quick), SIDE)
    at_home = scores_of_pack(predict_crops(network, alike.crops, SIDE).keypoints_NK2, alike)
    told = {**scores_of_pack(found, pack, rows), "posed": at_home["error"]}
    return {**told, "seconds": round(seconds, 1)}


def unpaired(case: Case, quick: bool) -> dict[str, Any]:
    """Train on unlabelled frames of the target too, and annotate held-out images."""
    from poseshift.prior.annotate.footage import Footage
    from poseshift.prior.annotate.pictures import Pictures
    from poseshift.prior.annotate.placing import Placing
    from poseshift.prior.annotate.unpaired import UnpairedConfig, train_unpaired
    from poseshift.prior.folder import open_prior

    pair = place(case.pair, quick)
    prior = open_prior(adapted_prior(case.pair, case.arm, case.shown, case.draw, quick))
    brief = {"steps": 4, "batch": 2} if quick else {"steps": UPDATES}
    config = UnpairedConfig.model_validate({**brief, **case.settings})
    began = time.perf_counter()
    annotator = train_unpaired(
        Footage.of(frames(case.pair, quick), SMALL), prior.sampler, prior.skeleton,
        Placing.of(open_pack(pair.source, SIDE), prior.skeleton), config, case.draw,
        pictures=Pictures.of(open_pack(puppets(case, quick), SIDE), prior.skeleton, SMALL),
    )  # fmt: skip
    seconds = time.perf_counter() - began
    pack, rows = held_out(pair, SIDE)
    found, _ = annotator(pack.crops)
    return {**scores_of_pack(found, pack, rows), "seconds": round(seconds, 1)}


def mean_pose(name: str, quick: bool) -> dict[str, Any]:
    """What it is worth to annotate every image with the mean pose of the source's crops."""
    pair = place(name, quick)
    source, (pack, rows) = open_pack(pair.source, SIDE), held_out(pair, SIDE)
    mean_K2 = torch.from_numpy(np.nanmean(source.poses.keypoints_NK2, 0))
    return dict(scores_of_pack(mean_K2.expand(len(pack), -1, -1), pack, rows))


def share(cases: list[Case], measure: Callable[[Case, bool], Any], quick: bool) -> None:
    """Make what several rows need, while there is one process."""
    for pair in sorted({case.pair for case in cases}):
        fitted_prior(pair, quick)
        if measure is unpaired:
            fitted_prior(pair, quick, oracle=True)
            frames(pair, quick)
        else:
            posed(pair, quick)
    for case in cases:
        if case.variant:
            puppets(case, quick)


def puppets(case: Case, quick: bool) -> Path:
    """Puppets in a row's poses, drawn in the source's appearance."""
    prior = adapted_prior(case.pair, case.arm, case.shown, case.draw, quick)
    count = 32 if quick else PUPPETS * case.settings.get("times", 1)
    return puppets_of(prior, place(case.pair, quick).source, count, case.draw)


def frames(pair: str, quick: bool) -> Pack:
    """Unlabelled frames of the target, a few of each individual."""
    from poseshift.prior.annotate.footage import FILMED, open_frames

    world, _, _ = place(pair, quick).target.partition("?")
    return open_frames(f"{world}?count={FILMED * (4 if quick else CLIPS)}")


def posed(pair: str, quick: bool) -> Path:
    """Puppets in poses like all the target's, drawn in the source's appearance."""
    prior = fitted_prior(pair, quick, oracle=True)
    return puppets_of(prior, place(pair, quick).source, 32 if quick else POSED, UNSEEN)


def place(name: str, quick: bool) -> Pair:
    """A pair, or a small one."""
    return place_of(name, QUICK, tested=32, peeked=16) if quick else place_of(name)


def held_out(pair: Pair, side: int) -> tuple[Pack, slice]:
    """Target images that score."""
    spec, first, stop = pair.held_out[0]
    return open_pack(spec, side), slice(first, stop)
