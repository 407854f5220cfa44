"""Tables of the sampling benchmark."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from benchmarks.common import Row
from benchmarks.writing import markdown, origin, results, spread

COMMAND = "python -m benchmarks.sampling"


def _rows(part: str) -> list[Row]:
    return [row for row in results("sampling")["rows"] if row.get("part") == part]


def samplers(*parts: str) -> str:
    """Every method under every sampler: all held-out images, and the hardest third either way."""
    rows = [row for part in parts for row in _rows(part)]
    if not rows:
        return f"Not run yet: `{COMMAND} --only {parts[0]}`.\n"
    table = []
    for arm in dict.fromkeys(row["arm"] for row in rows):
        mine = [row for row in rows if row["arm"] == arm]
        cells = [spread([row[name] for row in mine]) for name in _COLUMNS]
        table.append([arm, *cells, str(len(mine))])
    header = ["method, sampler", *_COLUMNS.values(), "seeds"]
    return markdown(header, table) + origin(results("sampling"))


_COLUMNS = {
    "pck_all": "PCK@0.05", "pck_vae": "hard third, VAE", "pck_rarity": "hard third, rarity",
    "pck_all_last": "last", "pck_vae_last": "VAE", "pck_rarity_last": "rarity",
    "evalpose_all": "EvalPose", "evalpose_vae": "VAE", "evalpose_rarity": "rarity",
}  # fmt: skip


def scores() -> str:
    """Rank correlation of every score with the true density of a world's poses."""
    rows = [row for row in _rows("score") if row["case"] == "worlds"]
    if not rows:
        return f"Not run yet: `{COMMAND} --only score`.\n"
    names = ("knn", "vae", "mean")
    table = [[row["world"], *(f"{row[name]:.2f}" for name in names)] for row in rows]
    means = [f"{statistics.fmean(row[name] for row in rows):.2f}" for name in names]
    written = markdown(["world", *(f"`{name}`" for name in names)], [*table, ["mean", *means]])
    for row in _rows("score"):
        if row["case"] == "stability":
            written += (
                "\nThe VAE's scores of `studio` with each other, at the lowest: "
                f"{row['seeds']:.2f} over three seeds, {row['lambda']:.2f} over lambda in 1e-4, "
                "1e-3, 1e-2.\n"
            )
    return written + origin(results("sampling"))


def real_scores() -> str:
    """Scores of real poses: over seeds, with each other, and of poses not learned from."""
    rows = [row for row in _rows("score") if row["case"] == "real"]
    if not rows:
        return f"Not run yet: `{COMMAND} --only score`, with POSESHIFT_DATA set.\n"
    names, parts = ("seeds", "knn", "mean"), ("fitted", "held_out")
    table = [
        [row["poses"], str(row["count"]), *(f"{row[name]:.2f}" for name in names),
         *(_quantiles(row["quantiles"][part]) for part in parts)]
        for row in rows
    ]  # fmt: skip
    header = ["poses", "count", "another seed", "`knn`", "`mean`", "learned from", "held out"]
    return markdown(header, table) + origin(results("sampling"))


def _quantiles(values: Sequence[float]) -> str:
    """Quantiles of scores, in thousandths."""
    return ", ".join(f"{1e3 * value:.2f}" for value in values)
