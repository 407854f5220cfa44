"""Annotation: images of the target annotated from an adapted prior, without one image-pose pair.

    python -m benchmarks.annotation            everything, resumable
    python -m benchmarks.annotation --quick    a smoke run
    python -m benchmarks.annotation --only regressor

A generator of the source's poses is adapted to a few target poses by each transfer. Its samples are
then all that is known of poses, in two ways:

* ``regressor``: puppets in those poses, drawn in the source's appearance, are all it learns from;
* ``unpaired``: the same puppets and unlabelled frames of the target, whose predicted skeletons must
  look like the prior's (KeypointGAN-like, 64 px).

Both are scored on held-out target images: ``error`` is a mean distance in hundredths of the crop.
The row ``target`` has all the target's poses for a prior: the best there could be.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from benchmarks.adapted import (
    ORACLE,
    PRIOR_CODE,
    QUICK,
    adapted_prior,
    fitted_prior,
    place_of,
    puppets_of,
)
from benchmarks.common import Bench, Row, arguments, code_hash, kept_run, lanes
from benchmarks.pairs import Pair
from benchmarks.prior import modules_of
from benchmarks.prior_settings import CHOSEN, RIVALS
from poseshift.config import load_config
from poseshift.data.baked import SIDE, open_pack
from poseshift.demo import RATE, VIEW
from poseshift.predict import predict_crops
from poseshift.prior.annotate.scores import scores_of_pack

PAPERS = (*RIVALS, "flexpose")
TRANSFERS = (*PAPERS, "chorus", ORACLE)  # what both ways compare
OTHERS = ("finetune", "hinge_map", "tilt", "resample", "kde", "coral", "echo")
BODIES = ("regressor", "unpaired")  # parts
SHOWN, DRAWS, FEWER = 20, 6, 3
STEPS, PUPPETS = 400, 2000  # of the regressor
UPDATES = 1000  # of the unpaired arm
CLIPS, SMALL = 600, 64  # of the unpaired arm: individuals, a few frames of each, and pixels
BUDGET = f"{STEPS} steps, {PUPPETS} puppets; {UPDATES} updates, {CLIPS} clips, {SMALL} px"
DEVELOPMENT = "lottery-0"
VARIANTS: dict[str, dict[str, float]] = {  # of the unpaired arm
    "puppets and frames": {},
    "puppets alone": {"alone": 1.0},
    "frames alone": {"pairs": 0.0},
    "nothing rebuilt": {"rebuilt": 0.0},
    "no likeness to the prior": {"prior": 0.0},
    "neither, frames but seen": {"prior": 0.0, "rebuilt": 0.0},  # by the normalisation's means
}
ANNOTATE = ("poseshift.prior.annotate.puppets", "poseshift.prior.annotate.unpaired",
            "poseshift.prior.annotate.scores")  # fmt: skip

Measure = Callable[["Case", bool], Mapping[str, Any]]


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
        return self.variant or self.arm

    @property
    def what(self) -> dict[str, Any]:
        """What tells the row from others."""
        told = {"pair": self.pair, "arm": self.label, "seed": self.draw, "shown": self.shown}
        told["budget"] = BUDGET
        return {**told, "settings": CHOSEN.get(self.arm, {}) | VARIANTS.get(self.variant, {})}

    @property
    def code(self) -> str:
        """Hash of the code behind it."""
        entries = ("poseshift.engine", *PRIOR_CODE, *ANNOTATE, *modules_of(self.arm))
        return code_hash("source_only", place_of(self.pair).figure, entries)


def regressor(case: Case, quick: bool) -> dict[str, Any]:
    """Train on puppets in the prior's poses alone, and annotate held-out target images."""
    pair, steps = _pair(case.pair, quick), 10 if quick else STEPS
    source = _puppets(case, quick)
    train = {"steps": steps, "seed": case.draw, "lr": RATE, "checkpoint_every": steps}
    run, seconds = kept_run(
        load_config(source=str(source), method="source_only", view=VIEW, train=train), pair.figure
    )
    pack, rows = _held_out(pair, SIDE)
    found = predict_crops(run.network(run.last()), pack.crops, SIDE).keypoints_NK2
    return {**scores_of_pack(found, pack, rows), "seconds": round(seconds, 1)}


def unpaired(case: Case, quick: bool) -> dict[str, Any]:
    """Train on unlabelled frames of the target too, and annotate held-out images."""
    from poseshift.prior.annotate.footage import FILMED, Footage, open_frames
    from poseshift.prior.annotate.pictures import Pictures
    from poseshift.prior.annotate.placing import Placing
    from poseshift.prior.annotate.unpaired import UnpairedConfig, train_unpaired
    from poseshift.prior.folder import open_prior

    pair = _pair(case.pair, quick)
    prior = open_prior(_adapted(case, quick))
    puppets = _puppets(case, quick)
    world, _, _ = pair.target.partition("?")
    frames = open_frames(f"{world}?count={FILMED * (4 if quick else CLIPS)}")
    brief = {"steps": 4, "batch": 2} if quick else {"steps": UPDATES}
    config = UnpairedConfig.model_validate({**brief, **VARIANTS.get(case.variant, {})})
    began = time.perf_counter()
    annotator = train_unpaired(
        Footage.of(frames, SMALL), prior.sampler, prior.skeleton,
        Placing.of(open_pack(pair.source, SIDE), prior.skeleton), config, case.draw,
        pictures=Pictures.of(open_pack(puppets, SIDE), prior.skeleton, SMALL),
    )  # fmt: skip
    seconds = time.perf_counter() - began
    pack, rows = _held_out(pair, SIDE)
    found, _ = annotator(pack.crops)
    return {**scores_of_pack(found, pack, rows), "seconds": round(seconds, 1)}


def _adapted(case: Case, quick: bool) -> Path:
    return adapted_prior(case.pair, case.arm, case.shown, case.draw, quick)


def _puppets(case: Case, quick: bool) -> Path:
    """Puppets in a row's poses, drawn in the source's appearance."""
    source = _pair(case.pair, quick).source
    return puppets_of(_adapted(case, quick), source, 32 if quick else PUPPETS, case.draw)


def _pair(name: str, quick: bool) -> Pair:
    return place_of(name, QUICK, tested=32, peeked=16) if quick else place_of(name)


def _held_out(pair: Pair, side: int) -> tuple[Any, Any]:
    spec, first, stop = pair.held_out[0]
    return open_pack(spec, side), slice(first, stop)


def table(bench: Bench, cases: Sequence[Case], measure: Measure, quick: bool) -> list[Row]:
    """Rows of some cases; those that are missing are measured side by side."""
    missing = [case for case in cases if bench.key(case.what, case.code) not in bench.kept]
    print(f"[{bench.name}] {bench.part}: {len(cases)} rows, {len(missing)} to measure", flush=True)
    for pair in sorted({case.pair for case in missing}):
        # Shared by all, so made before there are several processes.
        fitted_prior(pair, quick)
        if any(case.arm == ORACLE for case in missing):
            fitted_prior(pair, quick, oracle=True)
    for case in {(case.pair, case.draw): case for case in missing if case.variant}.values():
        _puppets(case, quick)  # variants share them too
    with lanes(os.cpu_count() or 1) as pool:
        waiting = {case: pool.submit(measure, case, quick) for case in missing}
        return [
            bench.row(case.what, partial(_result, waiting, case), code=case.code) for case in cases
        ]


def _result(waiting: Mapping[Case, Any], case: Case) -> Mapping[str, Any]:
    found: Mapping[str, Any] = waiting[case].result()
    return found


def errors(rows: Sequence[Row], arm: str) -> list[float]:
    """Errors of one arm, by draw.

    Example:
        >>> made = [("a", 1, 2.0), ("a", 0, 3.0), ("b", 0, 9.0)]
        >>> errors([{"arm": arm, "seed": seed, "error": e} for arm, seed, e in made], "a")
        [3.0, 2.0]
    """
    mine = sorted((row for row in rows if row["arm"] == arm), key=lambda row: row["seed"])
    return [float(row["error"]) for row in mine]


def compare(
    bench: Bench, pair: str, measure: Measure, quick: bool, *, draws: int, claimed: bool = False
) -> None:
    """Rows of transfers on a pair and, on bodies, what is claimed of them."""
    arms = ("source", "flexpose") if quick else TRANSFERS
    cases = [Case(pair, arm, draw) for draw in range(1 if quick else draws) for arm in arms]
    if measure is regressor and claimed and not quick:
        cases += [Case(pair, arm, draw) for draw in range(FEWER) for arm in OTHERS]
    rows = table(bench, cases, measure, quick)
    for arm in dict.fromkeys(case.arm for case in cases):
        print(f"[annotation] {bench.part}, {arm}: error {statistics.fmean(errors(rows, arm)):.2f}")
    if quick or not claimed:
        return
    for arm in RIVALS:
        pairs = zip(errors(rows, arm), errors(rows, "flexpose"), strict=True)
        ahead = [rival - own for rival, own in pairs]
        bench.claim(f"flexpose annotates better than {arm}, {bench.part}", ahead)


def develop(bench: Bench, quick: bool) -> None:
    """The unpaired arm without each of its parts, with all the target's poses for a prior."""
    variants = tuple(VARIANTS)[:1] if quick else tuple(VARIANTS)
    cases = [Case(DEVELOPMENT, ORACLE, 0, variant=variant) for variant in variants]
    table(bench, cases, unpaired, quick)
    constant = {"pair": DEVELOPMENT, "arm": "the mean pose", "seed": 0}
    bench.row(constant, partial(mean_pose, quick), code=cases[0].code)


def mean_pose(quick: bool) -> dict[str, Any]:
    """What it is worth to annotate every image with the mean pose of the source's crops."""
    pair = _pair(DEVELOPMENT, quick)
    source, (pack, rows) = open_pack(pair.source, SIDE), _held_out(pair, SIDE)
    mean_K2 = torch.from_numpy(np.nanmean(source.poses.keypoints_NK2, 0))
    return dict(scores_of_pack(mean_K2.expand(len(pack), -1, -1), pack, rows))


def best(bench: Bench, quick: bool) -> None:
    """Whether flexpose leads the paper's five on bodies, in both arms."""
    kept = {part: [r for r in bench.kept.values() if r["part"] == part] for part in BODIES}
    if quick or not all(kept.values()):
        print(f"[annotation] best: run the parts {' and '.join(BODIES)} first")
        return
    leads = [
        min(statistics.fmean(errors(rows, arm)) for arm in RIVALS)
        - statistics.fmean(errors(rows, "flexpose"))
        for rows in kept.values()
    ]
    bench.check("annotation_flexpose_best", min(leads), ">=", 0.0)


PARTS = {
    "develop": develop,
    "regressor": partial(compare, pair="body", measure=regressor, draws=DRAWS, claimed=True),
    "unpaired": partial(compare, pair="body", measure=unpaired, draws=FEWER, claimed=True),
    "best": best,
    "faces": partial(compare, pair="face", measure=regressor, draws=FEWER),
    "faces_unpaired": partial(compare, pair="face", measure=unpaired, draws=1),
}


def main() -> None:
    """Run the parts asked for."""
    options = arguments(__doc__, PARTS)
    bench = Bench("annotation", "python -m benchmarks.annotation", quick=options.quick)
    bench.run({name: partial(_part, part) for name, part in PARTS.items()}, options.only)


def _part(part: Callable[..., None], bench: Bench, quick: bool) -> None:
    part(bench, quick=quick)


if __name__ == "__main__":
    main()
