"""``poseshift check``: look through a Pack before spending hours on it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from poseshift.cli.options import Json
from poseshift.errors import UserError

_SIGNS = {"error": "x", "warning": "!", "note": "-"}


def check(
    pack: Annotated[str, typer.Argument(help="Pack to look through, or world:NAME.")],
    sheet: Annotated[
        Path | None, typer.Option(help="Contact sheet to write; PACK/contact_sheet.png else.")
    ] = None,
    json_output: Json = False,
) -> None:
    """Find wrong flips, empty targets, outliers, duplicates and leaks; draw a contact sheet.

    Examples:

        poseshift check packs/mouse

        poseshift check packs/coco --sheet coco.png

        poseshift check packs/coco --json

    Suspects come first on the sheet, framed in red; right is warm, left is cool.
    """
    from poseshift.checking import check as look
    from poseshift.checking import draw_sheet, to_dict
    from poseshift.data.baked import SIDE, open_pack

    if sheet and sheet.exists():
        raise UserError("already exists", where=sheet, fix="choose another --sheet")
    opened = open_pack(pack, SIDE)
    report = look(opened)
    picture = sheet or opened.path / "contact_sheet.png"
    draw_sheet(opened, report, picture)
    if json_output:
        import json

        typer.echo(json.dumps({**to_dict(report), "sheet": str(picture)}))
        return
    typer.echo(
        f"{report.pack}: {report.count} {'labelled' if report.labeled else 'unlabelled'} samples, "
        f"{report.skeleton}, crops from {report.crop_from}"
    )
    for finding in report.findings:
        shown = ", ".join(finding.samples[:3]) + (", ..." if len(finding.samples) > 3 else "")
        typer.echo(f"  {_SIGNS[finding.level]} {finding.level}: {finding.message}")
        if shown:
            typer.echo(f"      {shown}")
    if not report.findings:
        typer.echo("  nothing suspicious found")
    typer.echo(f"  look at: {picture}")
