"""``poseshift bins``: score the poses of a Pack and sort them into bins."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from poseshift.cli.options import Json, SetWords
from poseshift.errors import command

if TYPE_CHECKING:
    from poseshift.sampling.bins import Bins

RARER = 1.5  # held-out over fitted median


def bins(
    pack: Annotated[str, typer.Argument(help="Labelled Pack, or world:NAME.")],
    k: Annotated[int, typer.Option("--k", "-k", min=1, help="Bins.")] = 25,
    kind: Annotated[
        Literal["count", "width"],
        typer.Option(help="Bins of one size, or of equal width in log score."),
    ] = "count",
    score: Annotated[
        str, typer.Option(help="knn (distance to neighbours), vae, or mean (to the mean pose).")
    ] = "knn",
    ray: Annotated[
        int | None, typer.Option("--ray", min=1, help="Score with this many Ray workers.")
    ] = None,
    figures: Annotated[
        Path | None, typer.Option("--figures", help="New folder for figures (PNG, SVG).")
    ] = None,
    target: Annotated[
        str | None,
        typer.Option("--target", help="Labelled Pack to show in these bins, for analysis."),
    ] = None,
    runs: Annotated[
        list[Path] | None,
        typer.Option("--run", help="Show how this run fares in each bin. Repeatable."),
    ] = None,
    settings: SetWords = None,
    json_output: Json = False,
) -> None:
    """Score how rare each pose is, and keep scores and bins beside the Pack.

    Examples:

        poseshift bins packs/source

        poseshift bins packs/source --kind width --k 10

        poseshift bins packs/source --score vae --set seed=1

        poseshift bins packs/source --figures bins --target packs/test --run runs/a --run runs/b

    Bin 1 holds the commonest poses. Training picks them up. Samplers named vae-... go by the score
    vae unless told otherwise (--set sampler.score=knn).
    """
    import json
    import time
    from functools import partial

    from poseshift.cli.bars import bars
    from poseshift.data.baked import SIDE, open_pack
    from poseshift.report.bins import write_bin_figures
    from poseshift.report.figure import ensure_free
    from poseshift.report.page import PAGE
    from poseshift.run import Run
    from poseshift.sampling.bins import bins_folder, check_k, read_about, read_bins, write_bins
    from poseshift.sampling.making import make_scores
    from poseshift.sampling.ray_scores import require_ray, score_on_ray
    from poseshift.sampling.scores import SCORES, USUAL, ScoreConfig
    from poseshift.settings import own_settings, parse_set

    config: ScoreConfig = own_settings({"name": score, **parse_set(settings or [])}, SCORES, USUAL)
    opened = open_pack(pack, SIDE)
    check_k(k, len(opened))  # before the work
    _check_figures(figures, target, runs)
    ensure_free(figures)
    shown = None if target is None else open_pack(target, opened.info.side)
    opened_runs = [Run.open(run) for run in runs or []]
    if ray is not None:
        require_ray()
    began = time.perf_counter()
    if not (bins_folder(opened, config) / "bins.json").is_file():
        on_ray = None if ray is None else partial(score_on_ray, workers=ray)
        with bars(show=not json_output) as told:
            make_scores(opened, config, scoring=on_ray, told=told)
    found = read_bins(opened, config, k, kind)
    about = read_about(found)
    write_bins(found, about)
    seconds = time.perf_counter() - began
    drawn = []
    if figures is not None:
        drawn = write_bin_figures(opened, found, figures, target=shown, runs=opened_runs)
    if json_output:
        cut = {"k": k, "kind": kind, "sizes": found.size_k.tolist(), "edges": found.edges.tolist()}
        said = {"pack": str(opened.path), "folder": str(found.folder), "seconds": seconds}
        said["figures"] = [str(path) for path in drawn]
        typer.echo(json.dumps({**about, **cut, **said}))
        return
    typer.echo(f"{opened.info.name}: {len(opened)} poses scored ({score}) in {seconds:.1f} s")
    for line in [*_table(found), *_held_out(about)]:
        typer.echo(line)
    typer.echo(f"kept in {found.folder}")
    if figures is not None:
        typer.echo(f"look at: {figures / PAGE}, all {len(drawn)} figures")
    words = ["adapt", pack, "TARGET", "--method", "udape", "--sampler", "vae-hm"]
    words += [] if score == "vae" else ["--set", f"sampler.score={score}"]
    typer.echo(f"next: {command(*words)}")


def _check_figures(figures: Path | None, target: str | None, runs: list[Path] | None) -> None:
    from poseshift.errors import UserError

    if figures is None and (target or runs):
        raise UserError("--target and --run are for figures", fix="add --figures FOLDER")


def _table(bins: Bins) -> list[str]:
    """Size and range of scores of each bin."""
    rows = [
        f"{number:5} {size:9} {score:>22}"
        for number, (size, score) in enumerate(zip(bins.size_k, bins.range_k, strict=True), 1)
    ]
    lost = int((bins.score_N != bins.score_N).sum())
    note = [f"  - {lost} samples show too little of a pose; they are in bin 1"] if lost else []
    return ["  bin   samples   score x 1000, edges", *rows, *note]


def _held_out(about: dict[str, Any]) -> list[str]:
    """Whether poses that the score was not fitted to score like those it was."""
    if about["held_out"] is None:
        return []
    held, fitted = (about["held_out"][part][1] for part in ("held_out", "fitted"))
    ratio = held / max(fitted, 1e-12)
    line = f"the median score of poses not fitted to is {ratio:.2f} of the others'"
    if ratio <= RARER:
        return [f"  {line}"]
    why = f"{about['poses']} poses are too few to tell rare from usual"
    fix = "take a larger Pack"
    if about["score"]["name"] == "vae":
        why, fix = "the VAE learned the others by heart", "--set steps=... fewer, or a larger Pack"
    return [f"  ! {line}: {why}", f"    fix: {fix}"]
