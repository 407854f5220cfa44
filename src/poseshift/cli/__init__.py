"""The command ``poseshift``: one small file a verb, this one only holds them together.

Exit codes: 0 done, 2 a mistake the user can mend, 1 a mistake of ours, 130 interrupted.
Nothing heavy is imported here or at the top of a verb's file, so ``--help`` answers at once.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from functools import wraps
from typing import Any

import typer

from poseshift.cli import (
    adapt,
    bench,
    bins,
    check,
    demo,
    doctor,
    evaluate,
    gap,
    predict,
    prepare,
    prior,
    style,
)
from poseshift.errors import UserError

app = typer.Typer(
    name="poseshift",
    help="Labelled poses here + unlabelled images there -> a pose estimator that works there.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _heard(verb: Callable[..., None]) -> Callable[..., None]:
    """The verb, saying how to go on when it is interrupted; typer by itself would be silent."""

    @wraps(verb)
    def run(*args: Any, **options: Any) -> None:
        try:
            verb(*args, **options)
        except KeyboardInterrupt as stop:
            typer.secho(str(stop) or "interrupted", fg="yellow", err=True)
            raise typer.Exit(130) from stop

    return run


for verb in (
    demo.demo,
    prepare.prepare,
    check.check,
    bins.bins,
    gap.gap,
    adapt.adapt,
    evaluate.evaluate,
    predict.predict,
    style.style,
    bench.bench,
    doctor.doctor,
):
    app.command()(_heard(verb))

priors = typer.Typer(help=prior.HELP, no_args_is_help=True, rich_markup_mode="markdown")
for prior_verb in prior.VERBS:
    priors.command()(_heard(prior_verb))
app.add_typer(priors, name="prior")


def _version(show: bool) -> None:
    if show:
        from poseshift import __version__

        typer.echo(f"poseshift {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version and leave."
    ),
) -> None:
    """Labelled poses here + unlabelled images there -> a pose estimator that works there."""


def main() -> None:
    """Run the command line and turn what goes wrong into an exit code and a clear message."""
    try:
        app()
    except UserError as error:
        typer.secho(f"error: {error}", fg="red", err=True)
        sys.exit(2)
    except Exception:
        traceback.print_exc()
        typer.secho(
            "\nThis is a mistake of ours, not yours. Please report the lines above.",
            fg="red",
            err=True,
        )
        sys.exit(1)
