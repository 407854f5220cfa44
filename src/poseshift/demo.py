"""The demo: see a domain gap with your own eyes in a few minutes, offline.

One start is trained on the studio. From it ``source_only`` goes on without the street and
``supervised`` with the street's labels; the room between the two is what adaptation is for.
``lodestar`` goes on with the street's pictures alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from poseshift.config import RunConfig, load_config
from poseshift.data.baked import open_pack
from poseshift.data.pack import Pack
from poseshift.data.types import Bytes
from poseshift.engine import fit
from poseshift.errors import UserError
from poseshift.evaluation import Evaluation, evaluate
from poseshift.pictures import grid, picture, save_picture
from poseshift.run import Run

PAIR = ("studio", "street")
METHODS = ("source_only", "lodestar", "supervised")
COUNT = 3000  # training images of each world
# What suits short runs of the tiny network on the built-in worlds, found on a lottery pair.
RATE = 8e-3
VIEW = {"rotation": 15.0, "scale": (0.9, 1.1), "shift": 0.03}
SHOWN = 6  # street images in the picture


@dataclass(frozen=True, slots=True)
class Demo:
    """What the demo leaves behind."""

    rows: list[Evaluation]
    picture: Path


def plan(method: str, steps: int, seed: int, init: str | None = None) -> RunConfig:
    """Settings of one of the demo's runs."""
    source, target = (f"world:{name}?count={COUNT}" for name in PAIR)
    return load_config(
        source=source, target=target, method=method, init=init, view=VIEW,
        train={"steps": steps, "seed": seed, "lr": RATE, "checkpoint_every": steps},
    )  # fmt: skip


def run_demo(out: Path, steps: int = 400, seed: int = 0) -> Demo:
    """Train the demo's runs (finished ones are kept), measure them, draw the picture.

    Args:
        out: Folder for runs and picture.
        steps: Of the start, and again of each method.
        seed: Of everything.
    """
    start = _finished(out / "start", plan("source_only", steps, seed))
    runs = {
        name: _finished(out / name, plan(name, steps, seed, str(start.path))) for name in METHODS
    }
    rows: list[Evaluation] = []
    for world in PAIR:
        pack = open_pack(f"world:{world}/test", start.config.side)
        rows += [evaluate(run, pack)[0] for run in runs.values()]
    street = {e.metrics["method"]: e for e in rows if e.metrics["pack"] == pack.info.name}
    path = out / "predictions.png"
    save_picture(path, _side_by_side(pack, street))
    return Demo(rows, path)


def _finished(path: Path, config: RunConfig) -> Run:
    """Train a run, or take up the one that is there."""
    if not (path / "config.yaml").is_file():
        return fit(config, path)
    run = Run.open(path)
    if run.config.model_copy(update={"init": config.init}) != config:
        raise UserError("holds a run of other settings", where=path, fix="choose another --out")
    return run if config.train.steps in run.checkpoints() else fit(run.config, path, resume=True)


def _side_by_side(pack: Pack, found: dict[str, Evaluation]) -> Bytes:
    """Street images, each as the truth and as every run sees it; two images a row."""
    tables = {"truth": pack.poses.keypoints_NK2}
    for name, evaluation in found.items():
        with pa.ipc.open_file(str(evaluation.folder / "predictions.arrow")) as file:
            column = file.read_all()["keypoints"].combine_chunks().flatten().to_numpy()
        title = f"{name} {100 * evaluation.metrics['pck']:.0f} %"
        tables[title] = column.reshape(len(pack), -1, 2)
    tiles = [
        [picture(pack.crops.image(i), points[i], pack.skeleton) for points in tables.values()]
        for i in range(SHOWN)
    ]
    rows = [tiles[i] + tiles[i + 1] for i in range(0, SHOWN, 2)]
    return grid(rows, [*tables, *tables])
