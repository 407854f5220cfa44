"""``poseshift predict``: poses in images, by a run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from poseshift.cli.options import Json

if TYPE_CHECKING:
    from poseshift.predict_images import PredictReport


def predict(
    run: Annotated[Path, typer.Argument(help="Run folder.")],
    inputs: Annotated[list[Path], typer.Argument(help="Images, and folders of images.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="New folder for what is found.")],
    boxes: Annotated[
        Path | None,
        typer.Option(help="Whom to look at: COCO JSON, or CSV image,x,y,w,h. Else whole images."),
    ] = None,
    margin: Annotated[float, typer.Option(help="Crop side over box side.")] = 1.25,
    step: Annotated[
        int | None, typer.Option("--step", help="This checkpoint instead of the run's choice.")
    ] = None,
    threshold: Annotated[
        float, typer.Option(min=0, max=1, help="Joints of less confidence count as not seen.")
    ] = 0.3,
    overlays: Annotated[
        bool, typer.Option("--overlays/--no-overlays", help="Draw the poses as pictures too.")
    ] = True,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="List images that cannot be used, and go on.")
    ] = False,
    json_output: Json = False,
) -> None:
    """Find poses in images: a COCO keypoints file, and pictures that show the same numbers.

    Examples:

        poseshift predict runs/source photos/ --out found

        poseshift predict runs/source frame1.png frame2.png --boxes people.json --out found

    Nothing is written unless all of it went well.
    """
    from functools import partial

    from poseshift.cli.bars import bars
    from poseshift.predict_images import predict_images
    from poseshift.run import Run

    with bars(show=not json_output) as tell:
        report = predict_images(
            Run.open(run),
            inputs,
            out,
            boxes=boxes,
            margin=margin,
            step=step,
            threshold=threshold,
            overlays=overlays,
            skip_bad=skip_bad,
            progress=partial(tell, "predicting"),
        )
    if json_output:
        _print_json(report)
    else:
        _print(report, overlays)


def _print_json(report: PredictReport) -> None:
    import json
    from dataclasses import asdict

    typer.echo(json.dumps({**asdict(report), "out": str(report.out)}))


def _print(report: PredictReport, overlays: bool) -> None:
    typer.echo(
        f"{report.out}/predictions.json: {report.poses} poses in {report.images} images, "
        f"checkpoint {report.step}"
    )
    if overlays:
        typer.echo(f"  pictures: {report.out}/overlays")
    for note in report.notes:
        typer.echo(f"  note: {note}")
    if report.skipped:
        where = f"all listed in {report.out}/predictions.json under info"
        typer.echo(f"  left out: {len(report.skipped)} ({where})")
        for line in report.skipped[:5]:
            typer.echo(f"    {line}")
