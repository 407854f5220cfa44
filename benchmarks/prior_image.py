"""FlexPose as published: a generator of skeleton images, adapted with twenty target poses.

    python -m benchmarks.prior_image            everything, resumable
    python -m benchmarks.prior_image --quick    a smoke run

Sized for two cores: 32 pixels, and fewer updates than the defaults, all transfers alike. What the
pictures cost stands beside what they are worth: the error of the read-out, the share of pictures
thrown away, seconds.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Mapping, Sequence
from functools import cache, partial
from typing import Any, NamedTuple

import torch

from benchmarks.common import Bench, Row, arguments, bench_folder, code_hash, key_of, lanes
from benchmarks.pose_pairs import pose_pair
from benchmarks.prior import METRICS
from benchmarks.prior_settings import RIVALS
from poseshift.files import make_folder, new_folder
from poseshift.prior.folder import Prior, open_generator
from poseshift.prior.image.generator import ImageConfig, ImageGenerator
from poseshift.prior.image.stylegan import ImageNetConfig
from poseshift.prior.image.transfers import IMAGE_TRANSFERS
from poseshift.prior.pose_files import drawn
from poseshift.prior.yardstick import HeldOut

SHOWN, DRAWS = 20, 3
CONFIG = ImageConfig(net=ImageNetConfig(side=32), steps=4000, reader_steps=3000)
BRIEF = ImageConfig(net=ImageNetConfig(side=16), steps=2, batch=4, reader_steps=2)
SETTINGS = key_of(CONFIG.model_dump(mode="json"))
STEPS = 600  # of every transfer that has any
MIXED = {"mixup": 0.5}  # as much as flexpose has
ARMS: dict[str, tuple[str, dict[str, Any]]] = {
    **{name: (name, {}) for name in ("source", "finetune", "freezed", "adagan", "lora")},
    **{f"{name} + mixup": (name, MIXED) for name in ("freezed", "adagan", "lora")},
    "flexpose": ("flexpose", {}),
    "flexpose, no mixup": ("flexpose", {"mixup": 0.0}),
}
CODE = ("poseshift.prior.image.generator", "poseshift.prior.image.transfers",
        "poseshift.prior.yardstick")  # fmt: skip


class Case(NamedTuple):
    """A row to be: a transfer on one draw of target poses."""

    pair: str
    arm: str
    seed: int
    n: int = SHOWN

    @property
    def what(self) -> dict[str, Any]:
        """What tells the row from others."""
        return {**self._asdict(), "steps": STEPS, "settings": SETTINGS}


def code() -> str:
    """Hash of the code behind every row."""
    return code_hash("source_only", "body16", CODE)


@cache
def trained(pair: str, quick: bool) -> ImageGenerator:
    """The generator of a pair's source poses, trained once and kept."""
    name = f"{pair}-image-{code_hash('source_only', 'body16', CODE[:1])}-{SETTINGS}"
    path = bench_folder() / "pose-priors" / name
    if not path.exists():
        source = pose_pair(pair, "?count=150" if quick else "").source
        began = time.perf_counter()
        made = ImageGenerator.fit(source, BRIEF if quick else CONFIG, seed=0)
        about = {"made_by": "fit", "seconds": time.perf_counter() - began}
        make_folder(path.parent)
        with new_folder(path) as partial_path:
            Prior(made).save(partial_path, about)
    found = open_generator(path)
    assert isinstance(found, ImageGenerator)
    return found


def bounds(pair: str, quick: bool) -> dict[str, Any]:
    """The floor, the generator as it is, and what its pictures cost."""
    sets, generator = pose_pair(pair, "?count=150" if quick else ""), trained(pair, quick)
    judge = HeldOut(sets.held_out)
    began = time.perf_counter()
    values = judge.measure(generator.sample(judge.count, 0))
    seconds = time.perf_counter() - began
    return {
        "floor": judge.floor,
        "unadapted": values,
        "readout_error": generator.readout_error(sets.held_out.points_NK2),
        "readout_error_source": generator.readout_error(sets.source.points_NK2[:2000]),
        "rejected": generator.rejection_rate(64 if quick else 1024),
        "poses_per_s": judge.count / seconds,
    }


def measure(case: Case, quick: bool) -> dict[str, Any]:
    """Adapt to one draw of target poses and measure what is then drawn."""
    torch.set_num_threads(1)
    pair, generator = pose_pair(case.pair, "?count=150" if quick else ""), trained(case.pair, quick)
    transfer, settings = ARMS[case.arm]
    kind: Any = IMAGE_TRANSFERS[transfer]
    poses = drawn(pair.pool, case.n, case.seed)
    steps = {"steps": 2 if quick else STEPS} if "steps" in kind.Config.model_fields else {}
    began = time.perf_counter()
    config = kind.Config(**settings, **steps)
    fit = kind(generator, poses, config, case.seed)
    seconds = time.perf_counter() - began
    judge = HeldOut(pair.held_out)
    values = judge.measure(fit.sample(judge.count, 10_000 + case.seed), poses)
    rejected = fit.rejection_rate(64 if quick else 1024)
    told = {name: [values[name]] for name in METRICS if values.get(name) is not None}
    return {**told, "rejected": rejected, "seconds_a_fit": round(seconds, 1)}


def table(bench: Bench, pair: str, arms: Sequence[str], draws: int, quick: bool) -> list[Row]:
    """Rows of some transfers; those that are missing are measured side by side."""
    cases = [Case(pair, arm, draw) for draw in range(draws) for arm in arms]
    missing = [case for case in cases if bench.key(case.what, code()) not in bench.kept]
    print(f"[prior_image] {pair}: {len(cases)} rows, {len(missing)} to measure", flush=True)
    trained(pair, quick)  # shared by all, so made before there are several processes
    told = {"pair": pair, "arm": "bounds", "settings": SETTINGS}
    row = bench.row(told, partial(bounds, pair, quick), code=code())
    bench.check("readout_error", row["readout_error"], "<=", 0.015)
    with lanes(os.cpu_count() or 1) as pool:
        waiting = {case: pool.submit(measure, case, quick) for case in missing}
        return [
            bench.row(case.what, partial(_result, waiting, case), code=code()) for case in cases
        ]


def _result(waiting: Mapping[Case, Any], case: Case) -> Mapping[str, Any]:
    found: Mapping[str, Any] = waiting[case].result()
    return found


def twenty(bench: Bench, quick: bool) -> None:
    """All transfers that draw, and whether flexpose is below the paper's rivals on average.

    Three draws say no more than that: nothing is claimed.
    """
    arms, draws = (("source", "flexpose"), 1) if quick else (tuple(ARMS), DRAWS)
    rows = table(bench, "body", arms, draws, quick)
    if quick:
        return
    by = {arm: _together([row for row in rows if row["arm"] == arm]) for arm in arms}
    lower = [
        statistics.fmean(by[rival][metric]) > statistics.fmean(by["flexpose"][metric])
        for metric in ("mmd2", "fd")
        for rival in RIVALS
    ]
    bench.check("flexpose_drawn_beats_baselines", sum(lower) / len(lower), "==", 1)


def _together(rows: Sequence[Row]) -> Row:
    """Rows of several draws as one, in the order of the draws."""
    ordered = sorted(rows, key=lambda row: row["seed"])
    lists = {name: [row[name][0] for row in ordered] for name in METRICS if name in ordered[0]}
    return {**lists, "draws": len(ordered)}


PARTS = {"twenty": twenty}


def main() -> None:
    """Run the parts asked for."""
    options = arguments(__doc__, PARTS)
    bench = Bench("prior_image", "python -m benchmarks.prior_image", quick=options.quick)
    bench.run(PARTS, options.only)


if __name__ == "__main__":
    main()
