"""``poseshift adapt``: train a method on a source and a target."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from poseshift.cli.options import ConfigFiles, Json, Sampler, SetWords


def adapt(
    source: Annotated[
        str | None, typer.Argument(help="Labelled Pack, or world:NAME for a built-in one.")
    ] = None,
    target: Annotated[
        str | None, typer.Argument(help="Target Pack; only --method supervised reads its labels.")
    ] = None,
    method: Annotated[str | None, typer.Option("--method", "-m", help="What to train.")] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="New run folder.")] = None,
    sampler: Sampler = None,
    resume: Annotated[
        Path | None, typer.Option("--resume", help="Run folder to continue, exactly.")
    ] = None,
    init: Annotated[
        str | None,
        typer.Option("--init", help="Start from: run, .safetensors, backbone or ViTPose."),
    ] = None,
    target_labels: Annotated[
        str | None,
        typer.Option("--target-labels", help="Labels of a few target frames: COCO, csv ..."),
    ] = None,
    teacher_predictions: Annotated[
        str | None,
        typer.Option("--teacher-predictions", help="Another tool's predictions on target frames."),
    ] = None,
    steps: Annotated[int | None, typer.Option("--steps", help="Short for train.steps.")] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Short for train.seed.")] = None,
    devices: Annotated[
        int | None, typer.Option("--devices", help="Processes on this machine.")
    ] = None,
    test: Annotated[
        list[str] | None,
        typer.Option("--test", help="Labelled Pack to evaluate on at the end. Repeatable."),
    ] = None,
    config: ConfigFiles = None,
    settings: SetWords = None,
    json_output: Json = False,
) -> None:
    """Train a pose estimator for the target.

    Examples:

        poseshift adapt world:studio world:street --method source_only --out runs/source

        poseshift adapt my_source my_target -m supervised --init runs/source -o runs/upper

        poseshift adapt --resume runs/source

    Several machines: start the same line under torchrun or SLURM, with --devices and
    --set train.nodes saying how many processes and machines there are.
    """
    from poseshift.cli.show import about_data, print_evaluations
    from poseshift.config import load_config
    from poseshift.data.baked import open_pack
    from poseshift.devices import is_chief
    from poseshift.engine import fit
    from poseshift.errors import UserError
    from poseshift.evaluation import evaluate
    from poseshift.methods.base import METHODS
    from poseshift.run import Run
    from poseshift.selection import choose

    if resume is not None:
        given = (
            source, target, method, out, sampler, init, target_labels, teacher_predictions,
            steps, seed, devices, config, settings,
        )  # fmt: skip
        if any(value not in (None, []) for value in given):
            raise UserError(
                "--resume continues a run with its own settings", fix="give --resume RUN alone"
            )
        run = fit(Run.open(resume).config, resume, resume=True)
    else:
        train = {"steps": steps, "seed": seed, "devices": devices}
        told = {key: value for key, value in train.items() if value is not None}
        plan = load_config(
            config or [], settings or [],
            source=source, target=target, method=method, sampler=sampler, init=init,
            target_labels=target_labels, teacher_predictions=teacher_predictions,
            train=told or None,
        )  # fmt: skip
        run = fit(plan, out or free_folder(Path("runs"), plan.method.name))
    if not is_chief():
        return
    for line in about_data(run):
        typer.echo(line, err=True)
    if METHODS[run.config.method.name].target == "unlabeled":
        choose(run)  # what is chosen is told with the evaluations
    packs = [open_pack(name, run.config.side) for name in test or []]
    found = [e for pack in packs for e in evaluate(run, pack)]
    print_evaluations(run, found, json_output=json_output)


def free_folder(base: Path, name: str) -> Path:
    """The first of ``name``, ``name-2``, ``name-3`` ... that is not there yet."""
    path, number = base / name, 2
    while path.exists():
        path, number = base / f"{name}-{number}", number + 1
    return path
