"""``poseshift bench``: how fast a step is here, and how near to its floor."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from poseshift.cli.options import ConfigFiles, Json, SetWords


def bench(
    method: Annotated[str | None, typer.Option("--method", "-m", help="Whose step.")] = None,
    backbone: Annotated[
        str | None, typer.Option("--backbone", help="Preset, hub id, folder.")
    ] = None,
    side: Annotated[int | None, typer.Option("--side", help="Pixels a side.")] = None,
    batch: Annotated[int | None, typer.Option("--batch", help="Samples of each domain.")] = None,
    steps: Annotated[int, typer.Option("--steps", min=2, help="Timed steps.")] = 12,
    config: ConfigFiles = None,
    settings: SetWords = None,
    json_output: Json = False,
) -> None:
    """Time a training step against the bare networks' forward, backward and update.

    Examples:

        poseshift bench

        poseshift bench --backbone resnet50 --side 256 --batch 8 --set train.precision=32
    """
    import json

    from rich.console import Console
    from rich.table import Table

    from poseshift.bench import bench_step
    from poseshift.config import load_config

    plan = load_config(
        config or [], settings or [],
        source="world:studio?count=256", target="world:street?count=256", side=side,
        method=method, network=_network(backbone) if backbone else None,
        train={"batch": batch} if batch else None,
    )  # fmt: skip
    result = bench_step(plan, steps)
    if json_output:
        typer.echo(json.dumps(result))
        return
    title = "{method}, {backbone}, {side} px, batch {batch}".format_map(result)
    table = Table(title=title, title_justify="left")
    table.add_column("part")
    table.add_column("ms", justify="right")
    table.add_column("of a step", justify="right")
    rows = {"step": result["step_ms"], "floor": result["floor_ms"], **result["parts_ms"]}
    for name, value in rows.items():
        table.add_row(name, f"{value:.1f}", f"{100 * value / result['step_ms']:.0f} %")
    console = Console()
    console.print(table)
    console.print(
        f"{result['images_per_s']:.1f} images/s, step / floor = {result['step_over_floor']:.2f}"
        "  (decoding runs beside the step, on threads)"
    )


def _network(backbone: str) -> dict[str, Any]:
    """The published head is 256 wide; the tiny network has its own, narrower one."""
    widths = {} if backbone == "tiny" else {"widths": (256, 256, 256)}
    return {"backbone": backbone, **widths}
