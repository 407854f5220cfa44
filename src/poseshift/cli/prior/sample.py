"""``poseshift prior sample``: poses of a prior, as many as are wanted."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from poseshift.cli.options import Json
from poseshift.cli.prior.options import Seed
from poseshift.errors import command


def sample(
    prior: Annotated[Path, typer.Argument(help="Folder of a fitted or adapted prior.")],
    out: Annotated[
        Path,
        typer.Option("--out", "-o", help="New .json (COCO) or .csv; without an ending a Pack."),
    ],
    count: Annotated[
        int, typer.Option("--count", "-n", min=1, max=100_000_000, help="Poses wanted.")
    ] = 10_000,
    seed: Seed = 0,
    json_output: Json = False,
) -> None:
    """Draw poses from a prior; the same for the same seed.

    Examples:

        poseshift prior sample priors/gym --out poses.json

        poseshift prior sample priors/gym -n 1000000 -o packs/poses

    Poses stand in the middle of a square of 256 pixels.
    """
    import json
    import time

    from poseshift.cli.prior.options import tell_rejected
    from poseshift.prior.folder import open_prior
    from poseshift.prior.pose_writer import ensure_poses_file, write_poses

    ensure_poses_file(out)
    opened = open_prior(prior)
    tell_rejected(opened)
    began = time.perf_counter()
    points_NK2 = opened.sampler.sample(count, seed)
    seconds = time.perf_counter() - began
    made_by = command("prior", "sample", prior, "--count", count, "--seed", seed)
    write_poses(out, [points_NK2], opened.skeleton, made_by)
    if json_output:
        about = {"out": str(out), "poses": count, "skeleton": opened.skeleton.name}
        typer.echo(json.dumps({**about, "seconds": round(seconds, 3)}))
        return
    typer.echo(f"{out}: {count} poses of {opened.skeleton.name} from {prior}, seed {seed}")
