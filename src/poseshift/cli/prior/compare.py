"""``poseshift prior compare``: adapted priors beside each other, on held-out poses."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from poseshift.cli.options import Json
from poseshift.cli.prior.options import Alias, CameraWords, Categories, Seed

if TYPE_CHECKING:
    from rich.table import Table

    from poseshift.prior.compare import Comparison

# Tables that fit a terminal: title, and by metric the heading and whether a share that is left
# says something beside it.
_TABLES: dict[str, dict[str, tuple[str, bool]]] = {
    "Joints: how near samples are": {"mmd2": ("MMD^2", True), "fd": ("Frechet", True)},
    "Bones: how near directions and lengths are": {
        "mmd2_hinge": ("MMD^2", True),
        "fd_hinge": ("Frechet", True),
        "bone_spread_error": ("spread error", False),
    },
    "What kind of poses they are": {
        name: (name, False) for name in ("precision", "recall", "coverage", "spread", "copying")
    },
}


def compare(
    held_out: Annotated[
        str, typer.Argument(help="Target poses nobody adapted to: any labelled file.")
    ],
    priors: Annotated[list[Path], typer.Argument(help="Folders of adapted priors.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="New folder for compare.json, compare.csv and figures."),
    ] = None,
    alias: Alias = None,
    category: Categories = None,
    camera: CameraWords = None,
    seed: Seed = 0,
    json_output: Json = False,
) -> None:
    """Say how near priors come to held-out poses, and how near they could come.

    Examples:

        poseshift prior compare held_out.json priors/gym priors/gym-flexpose

        poseshift prior compare held_out.json priors/gym-* --out compared

    Two values stand beside every number: the floor (two halves of the held-out poses) and the
    unadapted prior. *left* is the share of that way still to go: 0 % is perfect, 100 % no help.
    Below 0 % is chance, above 100 % is worse than unadapted. Poses that some prior was shown are
    left out.
    """
    import json

    from rich.console import Console

    from poseshift.cli.prior.options import read
    from poseshift.files import ensure_free, new_folder
    from poseshift.prior.compare import compare as measure
    from poseshift.prior.folder import open_candidates
    from poseshift.report.page import PAGE
    from poseshift.report.prior_report import as_dict, write_report

    if out is not None:
        ensure_free(out)
    generator, candidates = open_candidates(priors)
    truth = read(held_out, generator.skeleton, alias, category, camera)
    with Console(stderr=True, quiet=json_output).status("measuring") as status:
        found = measure(truth, generator, candidates, seed)
        if out is not None:
            status.update("drawing")
            with new_folder(out) as partial:
                write_report(partial, found, candidates, generator.hinge)
    if json_output:
        typer.echo(json.dumps(as_dict(found)))
        return
    _print(found)
    if out is not None:
        typer.echo(f"table and figures: {out / PAGE}")


def _print(found: Comparison) -> None:
    from rich.console import Console

    count, console = found.held_out.count, Console()
    if found.left_out:
        typer.echo(f"{found.left_out} held-out poses left out: a prior was shown them")
    typer.echo(
        f"{len(found.held_out.points_NK2)} held-out poses in two halves, {count} samples of each "
        "prior beside either half"
    )
    if not found.rows:
        typer.echo("note: no adapted prior was named; make one with poseshift prior adapt")
    for title, columns in _TABLES.items():
        known = {m: c for m, c in columns.items() if m in found.unadapted or m == "copying"}
        if known:
            console.print(_table(found, title, known))


def _table(found: Comparison, title: str, columns: dict[str, tuple[str, bool]]) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("prior", no_wrap=True)
    table.add_column("transfer", no_wrap=True)
    table.add_column("shown", justify="right")
    for heading, has_left in columns.values():
        for name in (heading, "left") if has_left else (heading,):
            table.add_column(name, justify="right", no_wrap=True)
    rows = [
        ("floor", "", "", found.held_out.floor, dict.fromkeys(columns, 0.0)),
        ("unadapted", "", "", found.unadapted, dict.fromkeys(columns, 1.0)),
        *((r.name, r.transfer, str(r.shown), r.values, r.scores) for r in found.rows),
    ]
    for *head, values, scores in rows:
        cells = []
        for metric, (_, has_left) in columns.items():
            cells.append(_number(values.get(metric)))
            if has_left:
                cells.append(f"{100 * scores[metric]:.0f} %")
        table.add_row(*head, *cells)
    return table


def _number(value: float | None) -> str:
    """A distance with the digits that say something.

    Example:
        >>> _number(0.00123), _number(12.345), _number(-0.00001), _number(None)
        ('0.0012', '12.35', '0.0000', '-')
    """
    if value is None:
        return "-"
    text = f"{value:.4f}" if abs(value) < 1 else f"{value:.2f}"
    return text.removeprefix("-") if float(text) == 0 else text
