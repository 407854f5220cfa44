"""``poseshift prior fit``: a generator of a source's poses."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from poseshift.cli.options import Json, SetWords
from poseshift.cli.prior.options import Alias, CameraWords, Categories, Seed
from poseshift.errors import command


def fit(
    source: Annotated[
        str, typer.Argument(help="Poses: COCO, CSV, BVH ..., a Pack, or world:NAME.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="New folder for the prior.")],
    generator: Annotated[
        str, typer.Option("--generator", "-g", help="coordinates (minutes), or image (hours).")
    ] = "coordinates",
    skeleton: Annotated[
        str | None, typer.Option(help="Joints wanted: a built-in name or your YAML file.")
    ] = None,
    alias: Alias = None,
    category: Categories = None,
    camera: CameraWords = None,
    steps: Annotated[
        int | None, typer.Option("--steps", min=1, help="Short for --set steps.")
    ] = None,
    seed: Seed = 0,
    settings: SetWords = None,
    json_output: Json = False,
) -> None:
    """Train a generator on the poses of a source; images are not needed.

    Examples:

        poseshift prior fit people.csv --out priors/people --skeleton lsp14

        poseshift prior fit mocap/ -o priors/mocap --camera views=8,pitch=-10:40

        poseshift prior fit world:studio -o priors/studio

    Poses with a joint missing are left out: a generator makes whole ones. The generator `image`
    draws skeletons and reads the joints off them, as the paper's does; it is slow on a CPU.
    """
    import json
    import time

    from poseshift.cli.bars import bars
    from poseshift.cli.prior.options import read, tell_rejected
    from poseshift.files import ensure_free, new_folder
    from poseshift.prior.folder import Prior
    from poseshift.prior.generator import GENERATORS
    from poseshift.prior.yardstick import HeldOut
    from poseshift.settings import build, overlay, parse_set
    from poseshift.skeleton import skeleton as joints

    ensure_free(out)
    kind, told = GENERATORS[generator], {} if steps is None else {"steps": steps}
    config: Any = build(kind.Config, overlay(told, parse_set(settings or [])), where="settings")
    poses = read(source, None if skeleton is None else joints(skeleton), alias, category, camera)
    began = time.perf_counter()
    with bars(show=not json_output) as tell:
        made = kind.fit(poses, config, seed, lambda step, _: tell("fitting", step, config.steps))
    seconds = time.perf_counter() - began
    with new_folder(out) as partial:
        Prior(made).save(partial, {"made_by": "fit", "source": source, "seed": seed})
    tell_rejected(Prior(made))
    whole = poses.whole()
    truth = HeldOut(whole)
    found = truth.measure(made.sample(truth.count, seed))
    if json_output:
        near = {"values": found, "floor": truth.floor}
        about = {"prior": str(out), "skeleton": poses.skeleton.name, "poses": len(whole)}
        typer.echo(json.dumps({**about, "seconds": round(seconds, 2), "source": near}))
        return
    typer.echo(
        f"prior kept in {out}: {poses.skeleton.name}, fitted to {len(whole)} whole poses of "
        f"{len(poses)} in {seconds:.0f} s"
    )
    typer.echo(
        f"its poses beside the source's: MMD^2 {found['mmd2']:.4f} (floor "
        f"{truth.floor['mmd2']:.4f}), Frechet {found['fd']:.2f} (floor {truth.floor['fd']:.2f})"
    )
    line = command("prior", "adapt", out, "A_FEW_TARGET_POSES", "--out", f"{out}-adapted")
    typer.echo(f"adapt it: {line}")
