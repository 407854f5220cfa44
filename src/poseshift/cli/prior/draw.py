"""``poseshift prior draw``: labelled pictures in the poses of a prior."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from poseshift.cli.options import Json
from poseshift.cli.prior.options import Seed
from poseshift.errors import command


def draw(
    prior: Annotated[Path, typer.Argument(help="Folder of a fitted or adapted prior.")],
    world: Annotated[str, typer.Argument(help="World whose puppets are drawn: world:studio.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="New Pack.")],
    count: Annotated[
        int, typer.Option("--count", "-n", min=1, max=10_000_000, help="Puppets wanted.")
    ] = 2000,
    own: Annotated[
        bool, typer.Option("--own", help="Put the world's own samples before them.")
    ] = False,
    side: Annotated[int, typer.Option("--side", min=32, max=1024, help="Pixels a side.")] = 96,
    seed: Seed = 0,
    json_output: Json = False,
) -> None:
    """Draw puppets of a built-in world in poses of a prior, labels and all.

    Examples:

        poseshift prior draw priors/street world:studio --out packs/poses

        poseshift prior draw priors/street world:studio --own -o packs/studio-and-more

    A Pack is written, a source like any other: poseshift adapt packs/studio-and-more TARGET.
    """
    import json
    import time

    from poseshift.data.baked import PREFIX, WorldSpec
    from poseshift.prior.annotate.puppets import write_puppets
    from poseshift.prior.folder import open_prior
    from poseshift.prior.pose_writer import ensure_new

    ensure_new(out)
    world = PREFIX + world.removeprefix(PREFIX)
    opened, spec = open_prior(prior), WorldSpec.parse(world)
    began = time.perf_counter()
    pack = write_puppets(
        out, opened.sampler, opened.skeleton, spec, count,
        own=own, side=side, seed=seed, made_by=command("prior", "draw", prior, world),
    )  # fmt: skip
    seconds = time.perf_counter() - began
    if json_output:
        about = {"out": str(out), "drawn": count, "samples": len(pack), "world": world}
        typer.echo(json.dumps({**about, "seconds": round(seconds, 3)}))
        return
    told = f" behind {len(pack) - count} samples of its own" if own else ""
    typer.echo(f"{out}: {count} puppets of {world} in poses of {prior}{told}")
