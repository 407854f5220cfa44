"""``poseshift prior adapt``: a prior of the target, from a prior of the source and a few poses."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from poseshift.cli.options import Json, SetWords
from poseshift.cli.prior.options import Alias, CameraWords, Categories, Seed
from poseshift.errors import command


def adapt(
    prior: Annotated[Path, typer.Argument(help="Folder of a fitted prior.")],
    target: Annotated[str, typer.Argument(help="A few target poses in any labelled file.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="New folder for the adapted prior.")],
    transfer: Annotated[
        str | None,
        typer.Option(
            "--transfer",
            "-t",
            help="How: chorus (the default), flexpose, hinge_map, lora ...; of images flexpose.",
        ),
    ] = None,
    poses: Annotated[
        int | None,
        typer.Option("--poses", "-n", min=1, help="Draw so many of the file's; all if not given."),
    ] = None,
    alias: Alias = None,
    category: Categories = None,
    camera: CameraWords = None,
    seed: Seed = 0,
    settings: SetWords = None,
    json_output: Json = False,
) -> None:
    """Adapt a prior with a handful of target poses; 10 to 100 are meant.

    Examples:

        poseshift prior adapt priors/people twenty.json --out priors/gym

        poseshift prior adapt priors/people gym.csv -n 20 -t flexpose -o priors/gym-flexpose

    The poses it was shown are kept in the folder, so that ``compare`` never measures on them.
    """
    import json
    import time

    from poseshift.cli.prior.options import read, tell_rejected
    from poseshift.errors import BadInput
    from poseshift.files import ensure_free, new_folder
    from poseshift.prior.folder import Prior, open_generator, open_prior
    from poseshift.prior.pose_files import drawn, shortcomings
    from poseshift.settings import build, parse_set

    ensure_free(out)
    generator = open_generator(prior)
    kind = generator.transfers[transfer or generator.usual]
    config = build(kind.Config, parse_set(settings or []), where=f"settings of {kind.name}")
    found = read(target, generator.skeleton, alias, category, camera)
    for note in shortcomings(found):
        typer.echo(f"note: {note}", err=True)
    shown = found.whole() if poses is None else drawn(found.whole(), poses, seed)
    began = time.perf_counter()
    adapted = kind(generator, shown, config, seed)
    seconds = time.perf_counter() - began
    with new_folder(out) as partial:
        made = {"made_by": "adapt", "source": str(prior), "target": target, "seed": seed}
        Prior(generator, adapted, shown).save(partial, made)
        try:
            open_prior(partial)  # kept is only what can be opened again
        except BadInput as error:
            problem = f"the prior adapted to it {error.problem}"
            raise BadInput(problem, where=target, fix="check its poses") from error
    tell_rejected(Prior(generator, adapted, shown))
    if json_output:
        about = {"prior": str(out), "transfer": kind.name, "shown": len(shown), "found": len(found)}
        typer.echo(json.dumps({**about, "seconds": round(seconds, 2)}))
        return
    typer.echo(
        f"adapted prior kept in {out}: {kind.name}, {len(shown)} target poses, {seconds:.1f} s"
    )
    typer.echo(f"sample it: {command('prior', 'sample', out, '--out', 'poses.json')}")
    typer.echo(f"judge it: {command('prior', 'compare', 'HELD_OUT_POSES', out)}")
