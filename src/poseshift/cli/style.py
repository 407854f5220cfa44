"""``poseshift style``: a style of a pair of domains, for both directions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from poseshift.cli.options import Json, SetWords
from poseshift.errors import command


def style(
    source: Annotated[str, typer.Argument(help="Pack, or world:NAME; labels are not read.")],
    target: Annotated[str, typer.Argument(help="Pack, or world:NAME; labels are not read.")],
    encoder: Annotated[
        str,
        typer.Option(
            "--encoder",
            "-e",
            help="A run, VGG-19 weights (.safetensors, .pth), or a ResNet's hub id or folder.",
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="New folder for the style.")],
    steps: Annotated[int | None, typer.Option("--steps", help="Short for style.steps.")] = None,
    batch: Annotated[int | None, typer.Option("--batch", help="Short for style.batch.")] = None,
    settings: SetWords = None,
    json_output: Json = False,
) -> None:
    """Learn to paint the source like the target, and the target like the source.

    Examples:

        poseshift style world:studio world:street --encoder runs/source --out styles/street

        poseshift style my_source my_target -e vgg19.safetensors -o styles/mine --set side=256

    The folder holds the style and pairs.png, a picture of what it does.
    """  # fmt: skip
    import json
    from collections.abc import Mapping

    from poseshift.cli.bars import bars
    from poseshift.settings import build, overlay, parse_set
    from poseshift.style_training import PICTURES, StyleConfig, train_style

    told = {"steps": steps, "batch": batch}
    loop = {key: value for key, value in told.items() if value is not None}
    given = {"source": source, "target": target, "encoder": encoder, "style": loop}
    config = build(StyleConfig, overlay(given, parse_set(settings or [])), where="settings")
    last: dict[str, float] = {}
    with bars(show=not json_output) as tell:

        def progress(done: int, losses: Mapping[str, float]) -> None:
            last.update(losses)
            text = " ".join(f"{name} {value:.3g}" for name, value in losses.items())
            tell("style", done, config.style.steps, text)

        train_style(config, out, progress=progress)
    if json_output:
        typer.echo(json.dumps({"style": str(out), "losses": last}))
        return
    said = ", ".join(f"{name} {value:.3g}" for name, value in last.items())
    typer.echo(f"style kept in {out} (losses at the end: {said})")
    typer.echo(f"look at it: {out / PICTURES}")
    line = command("adapt", "SOURCE", "TARGET", "-m", "udape", "--set", f"method.style={out}")
    typer.echo(f"use it: {line}")
