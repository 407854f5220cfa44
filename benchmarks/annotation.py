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
The row ``target`` has all the target's poses for a prior: what the best transfer could do.
"""

from __future__ import annotations

import os
import statistics
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from benchmarks.adapted import ORACLE
from benchmarks.annotating import LEARNING, UNPAIRED, Case, mean_pose, regressor, share, unpaired
from benchmarks.common import Bench, Row, arguments, key_of, lanes
from benchmarks.prior_settings import RIVALS

PAPERS = (*RIVALS, "flexpose")
TRANSFERS = (*PAPERS, "chorus", ORACLE)
OTHERS = ("finetune", "hinge_map", "tilt", "resample", "kde", "coral", "echo")
DRAWS, FEWER = 6, 3
BODIES = {"regressor": DRAWS, "unpaired": FEWER}  # parts
DEVELOPMENT = ("lottery-0", "lottery-3")

Measure = Callable[[Case, bool], Mapping[str, Any]]


def table(bench: Bench, cases: Sequence[Case], measure: Measure, quick: bool) -> list[Row]:
    """Rows of some cases; those that are missing are measured side by side."""
    missing = [case for case in cases if bench.key(case.what, case.code) not in bench.kept]
    print(f"[{bench.name}] {bench.part}: {len(cases)} rows, {len(missing)} to measure", flush=True)
    share(missing, measure, quick)
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
    if not quick:
        cases += [Case(pair, arm, draw) for draw in range(min(draws, FEWER)) for arm in OTHERS]
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
    """The unpaired arm without its parts, and for longer, all the target's poses at hand."""
    variants = tuple(UNPAIRED)[:1] if quick else tuple(UNPAIRED)
    cases = [Case(DEVELOPMENT[0], ORACLE, 0, variant=variant) for variant in variants]
    table(bench, cases, unpaired, quick)
    constant = {"pair": DEVELOPMENT[0], "arm": "the mean pose", "seed": 0}
    bench.row(constant, partial(mean_pose, DEVELOPMENT[0], quick), code=cases[0].code)


def learning(bench: Bench, quick: bool) -> None:
    """The regressor with the source's poses and with all the target's, taught in other ways."""
    cases = [
        Case(pair, arm, 0, variant=variant)
        for pair in DEVELOPMENT[: 1 if quick else None]
        for variant in (tuple(LEARNING)[-1:] if quick else LEARNING)
        for arm in ("source", ORACLE)
    ]
    table(bench, cases, regressor, quick)


def best(bench: Bench, quick: bool) -> None:
    """Whether flexpose leads the paper's five on bodies, in both arms."""
    leads = []
    for part, draws in BODIES.items():
        cases = [Case("body", arm, draw) for arm in PAPERS for draw in range(draws)]
        keys = [key_of(part, case.what, case.code) for case in cases]
        if quick or not set(keys) <= set(bench.kept):
            print(f"[annotation] best: run the parts {' and '.join(BODIES)} first")
            return
        rows = [bench.kept[key] for key in keys]
        rivals = min(statistics.fmean(errors(rows, arm)) for arm in RIVALS)
        leads.append(rivals - statistics.fmean(errors(rows, "flexpose")))
    bench.check("annotation_flexpose_best", min(leads), ">=", 0.0)


PARTS = {
    "develop": develop,
    "learning": learning,
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
