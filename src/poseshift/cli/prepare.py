"""``poseshift prepare``: any dataset in, a Pack out."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from poseshift.cli.options import Json
from poseshift.errors import command

if TYPE_CHECKING:
    from poseshift.data.prepare import Report


def prepare(
    path: Annotated[
        str, typer.Argument(help="Label file, folder, or world:NAME[/test][?count=N].")
    ],
    out: Annotated[Path, typer.Argument(help="Pack to write.")],
    format: Annotated[  # noqa: A002 - the word users type
        str | None, typer.Option(help="Reader to use; found out by itself if not given.")
    ] = None,
    skeleton: Annotated[
        str | None, typer.Option(help="Joints wanted: a built-in name or your YAML file.")
    ] = None,
    images: Annotated[
        Path | None, typer.Option(help="Folder of the images, if it is not beside the labels.")
    ] = None,
    side: Annotated[int, typer.Option(help="Pixels a side of the crops.")] = 256,
    box: Annotated[
        Literal["auto", "image", "keypoints"],
        typer.Option(help="What to crop: as the format has it, the whole image, or the joints."),
    ] = "auto",
    margin: Annotated[float, typer.Option(help="Crop side over box side.")] = 1.25,
    alias: Annotated[
        Path | None, typer.Option(help="YAML of 'wanted joint: joint of the file'.")
    ] = None,
    rows: Annotated[str | None, typer.Option(help="start:stop, in the order of the files.")] = None,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="List samples that cannot be used, and go on.")
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a Pack.")] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, max=64, help="Threads; up to 8 of the machine's.")
    ] = None,
    json_output: Json = False,
) -> None:
    """Bake a dataset into a Pack of square crops, ready for training.

    Examples:

        poseshift prepare annotations/person_keypoints_val2017.json packs/coco

        poseshift prepare photos/ packs/target --skeleton body16

        poseshift prepare my-dlc-project/ packs/mouse --box keypoints --skip-bad

    Nothing is written unless all of it went well, and nothing of yours is ever changed.
    """
    from functools import partial

    from poseshift.cli.bars import bars
    from poseshift.data.prepare import prepare as bake

    with bars(show=not json_output) as tell:
        report = bake(
            path,
            out,
            format=format,
            skeleton=skeleton,
            images=images,
            side=side,
            box=box,
            margin=margin,
            alias=alias,
            rows=rows,
            skip_bad=skip_bad,
            overwrite=overwrite,
            workers=workers,
            progress=partial(tell, "preparing"),
        )
    if json_output:
        _print_json(report)
    else:
        _print(report)


def _print_json(report: Report) -> None:
    import json
    from dataclasses import asdict

    typer.echo(json.dumps({**asdict(report), "pack": str(report.pack)}))


def _print(report: Report) -> None:
    typer.echo(
        f"{report.pack}: {report.count} samples, {report.skeleton}, crops from {report.crop_from}"
    )
    for note in report.notes:
        typer.echo(f"  note: {note}")
    if report.skipped:
        typer.echo(f"  left out: {len(report.skipped)} (all listed in {report.pack}/pack.json)")
        reasons = Counter(line.rpartition(": ")[2] for line in report.skipped)
        for reason, count in reasons.most_common(5):
            typer.echo(f"    {count:6}  {reason}")
    typer.echo(f"  next: {command('check', report.pack)}")
