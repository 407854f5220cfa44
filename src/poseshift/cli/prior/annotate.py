"""``poseshift prior annotate``: poses of unlabelled frames, from a prior alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from poseshift.cli.options import Json, SetWords
from poseshift.cli.prior.options import Seed

if TYPE_CHECKING:
    from poseshift.prior.annotate.scores import Found


def annotate(
    prior: Annotated[Path, typer.Argument(help="Folder of a fitted or adapted prior.")],
    target: Annotated[
        str, typer.Argument(help="Pack of unlabelled frames in tracks, or world:NAME.")
    ],
    source: Annotated[str, typer.Option("--source", help="Labelled Pack: how poses lie in crops.")],
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

        poseshift prior annotate priors/gym packs/gym --source packs/source --out annotated

        poseshift prior annotate priors/street world:street --source world:studio -o annotated

    It takes two frames or more of each individual: prepare a folder of images with a subfolder for
    each. Packs of source and target must be cut alike. predictions.json can start any method:
    poseshift adapt SOURCE TARGET --teacher-predictions annotated/predictions.json
    """
    import json
    import time

    from poseshift.cli.bars import bars
    from poseshift.data.baked import PREFIX, SIDE, open_pack
    from poseshift.files import ensure_free, new_folder, write_json
    from poseshift.prior.annotate.annotated import write_annotated
    from poseshift.prior.annotate.footage import Footage, open_frames
    from poseshift.prior.annotate.placing import Placing, ensure_joints
    from poseshift.prior.annotate.scores import score_pack
    from poseshift.prior.annotate.unpaired import UnpairedConfig, train_unpaired
    from poseshift.prior.folder import open_prior
    from poseshift.settings import build, overlay, parse_set

    ensure_free(out)
    told = {} if steps is None else {"steps": steps}
    config = build(UnpairedConfig, overlay(told, parse_set(settings or [])), where="settings")
    opened = open_prior(prior)
    joints = opened.skeleton
    placing = Placing.of(open_pack(source, SIDE), joints)
    held_out = None if test is None else open_pack(test, SIDE)
    if held_out is not None:
        ensure_joints(held_out, joints)
    frames = open_frames(target, config.side)
    footage = Footage.of(frames, config.side)
    began = time.perf_counter()
    with bars(show=not json_output) as tell:

        def report(step: int, losses: dict[str, float]) -> None:
            text = " ".join(f"{name} {value:.3g}" for name, value in losses.items())
            tell("training", step, config.steps, text)

        annotator = train_unpaired(footage, opened.sampler, joints, placing, config, seed, report)
    seconds = time.perf_counter() - began
    made_by = f"poseshift prior annotate {prior} {target}"
    scores = None if held_out is None else score_pack(annotator(held_out.crops)[0], held_out)
    about = {"prior": str(prior), "target": target, "frames": len(frames),
             "tracks": footage.tracks, "steps": config.steps, "seconds": round(seconds, 1),
             "test": test, "scores": scores}  # fmt: skip
    with new_folder(out) as partial:
        write_annotated(partial, frames, joints, *annotator(frames.crops), made_by)
        write_json(partial / "annotated.json", {**about, "settings": config.model_dump()})
    if json_output:
        typer.echo(json.dumps({"out": str(out), **about}))
        return
    typer.echo(
        f"{out}: {len(frames)} frames annotated, learned from {footage.tracks} tracks in "
        f"{seconds:.0f} s"
    )
    if scores is not None:
        _print(scores)
    typer.echo(f"look at it: {out / 'frames.png'}")
    if not target.startswith(PREFIX):  # what was filmed of a world is no Pack to adapt to
        file = out / "predictions.json"
        typer.echo(f"start from it: poseshift adapt {source} {target} --teacher-predictions {file}")


def _print(scores: Found) -> None:
    for name, value in scores.items():
        if not name.endswith("_interval"):
            low, high = scores[f"{name}_interval"]  # type: ignore[misc]
            typer.echo(f"  {name} {value:.3f} ({low:.3f} to {high:.3f})")
