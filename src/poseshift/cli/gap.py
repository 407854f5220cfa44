"""``poseshift gap``: what separates two domains, before any training."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from poseshift.cli.options import Json

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

    from poseshift.gap.diagnose import Gap
    from poseshift.gap.distance import Distance
    from poseshift.gap.pose import Support

_STYLE = {"same": "dim", "slight": "yellow", "clear": "bold red"}
_UNIT = {"share": "", "accuracy": "", "variances": " var", "degrees": " deg"}
_READ_AS = (
    "distance: 0 alike, 1 nothing in common (probe: .5 and 1); floor: the same inside the source"
)
_BAR = 10  # characters that stand for nothing in common
_BLOCKS = "\u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588"


def gap(
    source: Annotated[str, typer.Argument(help="Labelled Pack, or world:NAME.")],
    target: Annotated[str, typer.Argument(help="Target Pack, or world:NAME; labels unread.")],
    run: Annotated[
        Path | None,
        typer.Option("--run", help="Look with its backbone; its predictions stand for poses."),
    ] = None,
    predictions: Annotated[
        Path | None,
        typer.Option("--predictions", help="Predicted poses of the target: COCO, csv ..."),
    ] = None,
    labelled: Annotated[
        bool, typer.Option("--labelled", help="Read the target's own labels, for analysis.")
    ] = False,
    figures: Annotated[
        Path | None, typer.Option("--figures", help="New folder for figures (PNG, SVG).")
    ] = None,
    json_output: Json = False,
) -> None:
    """Say how far a target is from a source, in what, and what to try.

    Examples:

        poseshift gap world:studio world:street

        poseshift gap my_source my_target --run runs/source --figures gap

        poseshift gap my_source my_target --labelled --json

    Every distance stands beside its floor, the same distance between two parts of the source.
    """
    import json

    from rich.console import Console

    from poseshift.gap.diagnose import diagnose, to_dict
    from poseshift.report.figure import ensure_free
    from poseshift.report.gap_figures import write_gap_figures
    from poseshift.report.page import PAGE

    ensure_free(figures)
    with Console(stderr=True, quiet=json_output).status("opening") as status:
        found = diagnose(
            source, target, run=run, predictions=predictions, use_labels=labelled,
            tell=status.update,
        )  # fmt: skip
        status.update("drawing")
        drawn = [] if figures is None else write_gap_figures(found, figures)
    if json_output:
        typer.echo(json.dumps({**to_dict(found), "figures": [str(path) for path in drawn]}))
        return
    _print(found)
    if figures is not None:
        typer.echo(f"look at: {figures / PAGE}, all {len(drawn)} figures")


def _print(found: Gap) -> None:
    from rich.console import Console

    console = Console(highlight=False)
    console.print(_table(found))
    console.print(_READ_AS, style="dim")
    for section in found.sections:
        if section.distances:
            console.print(f"{section.name}: {section.said}", markup=False, style="dim")
    if found.support is not None:
        shares = " ".join(f"{share:.0%}" for share in found.support.share_k)
        line = f"poses by tenths of the source, usual to rare: {shares} {_spark(found.support)}"
        console.print(line, soft_wrap=True, markup=False)
    clear = [f"{d.name} {d.value:.2f}" for d in found.angles if d.level == "clear"]
    if clear:
        console.print(f"angles that differ most: {'; '.join(clear[:3])}", markup=False)
    for note in found.notes:
        console.print(f"! {note}", soft_wrap=True, markup=False)
    for reason in found.advice.reasons:
        console.print(f"- {reason}", soft_wrap=True, markup=False)
    if found.advice.command is not None:
        console.print(f"try: {found.advice.command}", soft_wrap=True, markup=False, style="bold")


def _table(found: Gap) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(
        title=Text(f"{found.source} -> {found.target}"), title_justify="left",
        box=box.SIMPLE_HEAD, pad_edge=False,
    )  # fmt: skip
    for name in ("", "source", "target", "distance", "floor"):
        table.add_column(name, justify="right" if name else "left", no_wrap=True)
    table.add_column("", no_wrap=True)
    for section in found.sections:
        if section.distances:
            table.add_row(Text(section.name, style="bold"))
        for distance in section.distances:
            table.add_row(*_cells(distance), _bar(distance))
        table.add_section()
    return table


def _cells(distance: Distance) -> list[str]:
    medians = ("" if m is None else f"{m:.3g}" for m in (distance.source, distance.target))
    unit = _UNIT[distance.unit]
    return [f"  {distance.name}", *medians, f"{distance.value:.2f}{unit}", f"{distance.floor:.2f}"]


def _bar(distance: Distance) -> Text:
    from rich.text import Text

    style = _STYLE[distance.level]
    return Text("\u2588" * round(_BAR * distance.extent), style).append(f" {distance.level}", style)


def _spark(support: Support) -> str:
    """Shares as a line of blocks; a share of 0.3 is a full one."""
    return "".join(_BLOCKS[min(7, int(share / 0.3 * 8))] for share in support.share_k)
