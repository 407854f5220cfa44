"""``poseshift demo``: the gap, seen in a few minutes, offline."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from poseshift.cli.options import Json


def demo(
    out: Annotated[Path, typer.Option("--out", "-o", help="Where runs and picture go.")] = Path(
        "demo"
    ),
    steps: Annotated[int, typer.Option("--steps", min=2, help="Of each run.")] = 400,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of everything.")] = 0,
    json_output: Json = False,
) -> None:
    """Train on the studio, look at the street: what a domain gap costs.

    Draws two built-in worlds, trains a small network on one of them, lets it go on without the
    other, with its pictures alone (adaptation) and with its labels too, and shows how far apart
    they end. A few minutes on two cores; a second call goes on where the first stopped.

    Examples:

        poseshift demo

        poseshift demo --out longer --steps 2000
    """
    import json

    from rich.console import Console

    from poseshift.cli.show import evaluation_tables
    from poseshift.demo import run_demo

    result = run_demo(out, steps, seed)
    if json_output:
        rows = [
            {key: row.metrics[key] for key in ("method", "pack", "pck", "pck_protocol")}
            for row in result.rows
        ]
        typer.echo(json.dumps({"rows": rows, "picture": str(result.picture)}))
        return
    console = Console()
    console.print(evaluation_tables(result.rows))
    console.print(f"open next: {result.picture.resolve()}", soft_wrap=True, markup=False)
    console.print("then: docs/quickstart.md, or poseshift prepare --help for your own data")
