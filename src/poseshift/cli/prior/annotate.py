"""``poseshift prior annotate``: poses of unlabelled frames, from a prior alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from poseshift.cli.options import Json, SetWords
from poseshift.cli.prior.options import Seed
from poseshift.errors import command

if TYPE_CHECKING:
    from poseshift.prior.annotate.annotating import AnnotateReport


def annotate(
    prior: Annotated[Path, typer.Argument(help="Folder of a fitted or adapted prior.")],
    target: Annotated[
        str, typer.Argument(help="Pack of unlabelled frames in tracks, or world:NAME.")
    ],
    source: Annotated[
        str,
        typer.Option(
            "--source", help="Labelled Pack: how poses lie in crops and what they look like."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="New folder for what is found.")],
    test: Annotated[
        str | None, typer.Option("--test", help="Labelled Pack of the target to score on.")
    ] = None,
    steps: Annotated[
        int | None, typer.Option("--steps", min=1, help="Short for --set steps.")
    ] = None,
    seed: Seed = 0,
    settings: SetWords = None,
    json_output: Json = False,
) -> None:
    """Annotate frames that nobody labelled: predicted skeletons must look like the prior's.

    Examples:

        poseshift prior draw priors/gym world:studio --out packs/poses

        poseshift prior annotate priors/gym packs/clips --source packs/poses --out annotated

        poseshift prior annotate priors/street world:street --source world:studio -o annotated

    It takes two frames or more of each individual: prepare a folder of images with a subfolder for
    each. Packs of source and target must be cut alike. The source's pictures are learned from too,
    so puppets in the prior's poses are best. predictions.json can start any method:
    poseshift adapt SOURCE TARGET --teacher-predictions annotated/predictions.json
    """
    import json
    from dataclasses import asdict

    from poseshift.cli.bars import bars
    from poseshift.prior.annotate.annotating import annotate_frames
    from poseshift.prior.annotate.unpaired import UnpairedConfig
    from poseshift.settings import build, overlay, parse_set

    told = {} if steps is None else {"steps": steps}
    config = build(UnpairedConfig, overlay(told, parse_set(settings or [])), where="settings")
    with bars(show=not json_output) as tell:

        def report(step: int, losses: dict[str, float]) -> None:
            text = " ".join(f"{name} {value:.3g}" for name, value in losses.items())
            tell("training", step, config.steps, text)

        done = annotate_frames(
            prior, target, source, out, test=test, config=config, seed=seed, report=report,
            note=lambda text: typer.echo(f"note: {text}", err=True),
        )  # fmt: skip
    if json_output:
        typer.echo(json.dumps(asdict(done)))
        return
    _print(done, source, target)


def _print(done: AnnotateReport, source: str, target: str) -> None:
    from poseshift.data.baked import PREFIX, SIDE, open_pack
    from poseshift.prior.annotate.annotated import FILE, SHEET

    typer.echo(
        f"{done.out}: {done.frames} frames annotated, learned from {done.learned_from} of "
        f"{done.tracks} tracks in {done.seconds:.0f} s"
    )
    longer = "" if done.sure else ": train it for longer (--steps)"
    typer.echo(f"  it is sure of {done.sure:.0%} of the joints{longer}")
    for name, value in (done.scores or {}).items():
        if not name.endswith("_interval"):
            low, high = done.scores[f"{name}_interval"]  # type: ignore[index,misc]
            typer.echo(f"  {name} {value:.3f} ({low:.3f} to {high:.3f})")
    typer.echo(f"look at it: {Path(done.out) / SHEET}")
    # What was filmed of a world is no Pack to adapt to, and poses alone are none to learn from.
    if done.sure and not target.startswith(PREFIX) and open_pack(source, SIDE).info.has_images:
        file = Path(done.out) / FILE
        line = command("adapt", source, target, "--teacher-predictions", file)
        typer.echo(f"start from it: {line}")
