"""Tables of the prior benchmark, and of what adapted priors are used for."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from benchmarks.common import Row, around
from benchmarks.writing import markdown, origin, results, spread

COMMAND = "python -m benchmarks.prior"
COSTS = ("rejected", "seconds_a_fit")


def transfers(*parts: str) -> str:
    """Every transfer of some parts: a table for each pair and number of target poses."""
    data = results("prior")
    rows = [row for row in data["rows"] if row.get("part") in parts]
    told = [row for row in rows if row["arm"] != "bounds"]
    if not told:
        return f"Not run yet: `{COMMAND} --only {parts[0]}`.\n"
    tables = []
    for pair, n in sorted({(row["pair"], row["n"]) for row in told}):
        bounds = next(r for r in rows if (r["pair"], r["arm"]) == (pair, "bounds"))
        mine = [row for row in told if (row["pair"], row["n"]) == (pair, n)]
        tables.append(f"{pair}, n = {n}:\n\n{_table(mine, bounds)}")
    return "\n".join(tables) + origin(data)


def drawn() -> str:
    """The transfers of a generator that draws, and what its pictures cost."""
    data = results("prior_image")
    if not any(row["part"] == "twenty" for row in data["rows"]):
        return "Not run yet: `python -m benchmarks.prior_image`.\n"
    rows = [row for row in data["rows"] if row["part"] == "twenty"]
    bounds = next(row for row in rows if row["arm"] == "bounds")
    arms = [row for row in rows if row["arm"] != "bounds"]
    together = []
    for arm in dict.fromkeys(row["arm"] for row in arms):
        mine = [row for row in arms if row["arm"] == arm]
        lists = (name for name, value in mine[0].items() if isinstance(value, list))
        together.append({"arm": arm, **{name: [row[name][0] for row in mine] for name in lists}})
    told = {
        arm: [statistics.fmean(row[key] for row in arms if row["arm"] == arm) for key in COSTS]
        for arm in dict.fromkeys(row["arm"] for row in arms)
    }
    read = (
        f"Joints read off pictures of held-out poses are {bounds['readout_error']:.4f} of the side "
        f"off; {bounds['poses_per_s']:.0f} poses a second.\n"
    )
    cost = markdown(
        ["transfer", "pictures thrown away", "s a fit"],
        [[arm, f"{share:.0%}", f"{seconds:.0f}"] for arm, (share, seconds) in told.items()],
    )
    return f"{_table(together, bounds)}\n{cost}\n{read}{origin(data)}"


def _table(rows: Sequence[Row], bounds: Row) -> str:
    floor, unadapted = bounds["floor"], bounds["unadapted"]
    known = [name for name in _COLUMNS if name in floor or name == "copying"]
    table = [
        [f"*{name}*", *(_number(values.get(key)) for key in known), "-", "-"]
        for name, values in (("floor", floor), ("unadapted", unadapted))
    ]
    way = unadapted["mmd2"] - floor["mmd2"]
    for row in rows:
        left = (statistics.fmean(row["mmd2"]) - floor["mmd2"]) / way
        cells = [_cell(row[name]) if name in row else "-" for name in known]
        table.append([row["arm"], *cells, f"{100 * left:.0f} %", str(len(row["mmd2"]))])
    return markdown(["transfer", *(_COLUMNS[name] for name in known), "left", "fits"], table)


_COLUMNS = {
    "mmd2": "MMD^2", "fd": "FD", "mmd2_hinge": "MMD^2, hinges", "fd_hinge": "FD, hinges",
    "bone_spread_error": "bones", "precision": "precision", "recall": "recall",
    "coverage": "coverage", "spread": "spread", "copying": "copying",
}  # fmt: skip


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _cell(values: Sequence[float]) -> str:
    """Mean and deviation over fits."""
    deviation = statistics.stdev(values) if len(values) > 1 else 0.0
    return f"{statistics.fmean(values):.3f} ± {deviation:.3f}"


def annotation() -> str:
    """What every transfer's poses teach: error and PCK on target images, without a label."""
    data = results("annotation")
    rows = [row for row in data["rows"] if "error" in row]
    if not rows:
        return "Not run yet: `python -m benchmarks.annotation`.\n"
    keys = ("error", "pck_joint@.05", "pck_joint@.1", "pck_pose@.05")
    table = []
    for part, pair, arm in dict.fromkeys((r["part"], r["pair"], r["arm"]) for r in rows):
        mine = [row for row in rows if (row["part"], row["pair"], row["arm"]) == (part, pair, arm)]
        error, *shares = ([row[key] for row in mine] for key in keys)
        interval = _interval(mine)
        told = [f"{statistics.fmean(error):.2f}", interval, *map(spread, shares), str(len(mine))]
        posed = [row["posed"] for row in mine if "posed" in row]
        told.insert(2, f"{statistics.fmean(posed):.2f}" if len(posed) == len(mine) else "-")
        table.append([part, pair, arm, *told])
    header = ["arm", "pair", "transfer", "error", "95 % over draws", "posed", *keys[1:], "draws"]
    return markdown(header, table) + origin(data)


def _interval(rows: Sequence[Row]) -> str:
    """The error's interval over draws of target poses; that over images where there is but one."""
    ends = around([row["error"] for row in rows])
    low, high = ends or rows[0].get("error_interval", (None, None))
    return "-" if low is None else f"{low:.2f} to {high:.2f}" + (" (images)" if not ends else "")


def loop() -> str:
    """What an adapted prior buys an adaptation, and what labels of the same frames would."""
    data = results("prior_loop")
    rows = [row for row in data["rows"] if "pck" in row]
    if not rows:
        return "Not run yet: `python -m benchmarks.prior_loop`.\n"
    table = []
    for part, arm in dict.fromkeys((row["part"], row["arm"]) for row in rows):
        mine = [row["pck"] for row in rows if (row["part"], row["arm"]) == (part, arm)]
        table.append([part, arm, spread(mine), str(len(mine))])
    return markdown(["target poses", "arm", "PCK@0.05", "seeds"], table) + origin(data)
