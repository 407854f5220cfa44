"""``poseshift evaluate``: honest numbers of a run on a labelled Pack."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from poseshift.cli.options import Json

if TYPE_CHECKING:
    from poseshift.run import Run


def evaluate(
    run: Annotated[Path, typer.Argument(help="Run folder.")],
    packs: Annotated[list[str], typer.Argument(help="Labelled Packs, or world:NAME/test.")],
    peek: Annotated[
        bool,
        typer.Option("--peek", help="Add the best checkpoint by these labels, marked as such."),
    ] = False,
    step: Annotated[int | None, typer.Option("--step", help="This checkpoint alone.")] = None,
    json_output: Json = False,
) -> None:
    """Measure a run: clean and published PCK, pixel errors, per joint and group.

    Told are the last checkpoint, the one that was selected without target labels, and with --peek
    the best by these labels.

    Examples:

        poseshift evaluate runs/source world:street/test

        poseshift evaluate runs/source my_test_pack --json

    Every evaluation leaves predictions.arrow and metrics.json in the run folder.
    """
    from poseshift.cli.show import print_evaluations
    from poseshift.data.baked import open_pack
    from poseshift.evaluation import evaluate as measure
    from poseshift.run import Run

    opened = Run.open(run)
    if step is None and (said := _choose(opened)):
        typer.echo(said, err=True)
    found = [
        result
        for name in packs
        for result in measure(opened, open_pack(name, opened.config.side), peek=peek, step=step)
    ]
    print_evaluations(opened, found, json_output=json_output)


def _choose(run: Run) -> str | None:
    """Let a run choose its checkpoint that has not: it was made in Python, or stopped too soon."""
    from poseshift.errors import UserError
    from poseshift.methods.base import METHODS
    from poseshift.selection import choose, read_selection

    if METHODS[run.config.method.name].target != "unlabeled" or read_selection(run):
        return None
    try:
        choose(run)
    except UserError as error:  # its data may be on another machine
        return f"! no checkpoint was selected without labels: {error}"
    return None
