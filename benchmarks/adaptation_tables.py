"""Tables of the adaptation benchmark."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from benchmarks.common import Row
from benchmarks.shares import closed, labels_saved
from benchmarks.writing import markdown, origin, results, spread

COMMAND = "python -m benchmarks.adaptation"
PARTS = ("body", "lottery", "kin", "few_labels", "ablation", "develop", "own_pretraining",
         "photos", "mouse")  # fmt: skip
BOUNDS = ("source_only", "source_strong", "supervised")


def methods(part: str) -> str:
    """One part of the tables: every arm between the bounds, by pair."""
    data = results("adaptation")
    rows = [row for row in data["rows"] if row.get("part") == part]
    if not rows:
        return f"Not run yet: `{COMMAND} --only {part}`.\n"
    table = []
    for pair, arm in dict.fromkeys((row["pair"], row["arm"]) for row in rows):
        mine = [row for row in rows if (row["pair"], row["arm"]) == (pair, arm)]
        around = _between(data["rows"], pair, mine)
        table.append(
            [
                pair,
                f"{arm} ({mine[0]['method']})" if arm == "ours" else arm,
                spread([row["pck"] for row in mine]),
                _share(around, arm, "source_only"),
                _share(around, arm, "source_strong"),
                spread([row["pck_last"] for row in mine]),
                spread([row["pck_peek"] for row in mine]),
                spread([row["pck_protocol"] for row in mine]),
                str(len(mine)),
                str(mine[0]["passes"]),
                f"{statistics.fmean(row['seconds'] for row in mine):.0f}",
            ]
        )
    header = ["pair", "arm", "PCK@0.05", "gap closed", "from strong", "last", "peek", "protocol",
              "seeds", "passes", "s a run"]  # fmt: skip
    return markdown(header, table) + origin(data)


def _between(rows: Sequence[Row], pair: str, mine: Sequence[Row]) -> list[Row]:
    """An arm's rows and those of the bounds on the same seeds, whichever part measured them."""
    seeds = {row["seed"] for row in mine}
    bounds = {
        (row["arm"], row["seed"]): row
        for row in rows
        if row.get("pair") == pair and row["arm"] in BOUNDS and row["seed"] in seeds
    }
    return [*bounds.values(), *(row for row in mine if row["arm"] not in BOUNDS)]


def _share(rows: Sequence[Row], arm: str, low: str) -> str:
    """How much of the gap is closed, with its interval where there are seeds for one."""
    counts = {name: sum(row["arm"] == name for row in rows) for name in (arm, low, "supervised")}
    if arm in (low, "source_only", "supervised") or len({*counts.values()}) > 1 or not counts[low]:
        return "-"
    share, ends = closed(rows, arm, low)
    interval = " to ".join(f"{100 * end:.0f}" for end in ends)
    return f"{100 * share:.0f} %" + (f" ({interval})" if counts[arm] > 1 else "")


def saved() -> str:
    """How many labelled frames reach what ours reaches without one."""
    rows = results("adaptation")["rows"]
    rows = [row for row in rows if row["part"] in ("body", "few_labels") and row["pair"] == "body"]
    if not any(row["part"] == "few_labels" for row in rows):
        return ""
    k, pck = labels_saved(rows)
    most = max(int(row["arm"].partition("-")[2]) for row in rows if "finetune" in row["arm"])
    said = f"{k} labelled frames reach" if k else f"{most} labelled frames do not reach"
    return f"Ours reaches {100 * pck:.1f} on these seeds without a label; {said} that.\n"


def choosing() -> str:
    """What rules of choice lose to a peek, and what the other pairs would have chosen."""
    data = results("adaptation")
    rows = [row for row in data["rows"] if row.get("part") == "selection"]
    table = [
        [row["pairs"], f"`{row['rule']}`", f"{row['regret_mean']:.3f}", f"{row['regret_max']:.3f}",
         str(row["runs"])]
        for row in rows if "pairs" in row
    ]  # fmt: skip
    if not table:
        return f"Not run yet: `{COMMAND} --only selection`.\n"
    left = [
        [row["left_out"], f"`{row['rule']}`", *_mean_and_most(row["regrets"]),
         *_mean_and_most(row["default_regrets"])]
        for row in rows if "left_out" in row
    ]  # fmt: skip
    harm = [
        [row["harm"], str(row["runs"]), str(row["caught"]), str(row["kept_start"])]
        for row in rows if "harm" in row
    ]  # fmt: skip
    return (
        markdown(["pairs", "rule", "mean regret", "largest", "runs"], table)
        + "\n"
        + markdown(
            [
                "pair left out",
                "rule the others choose",
                "its mean regret",
                "largest",
                "default's mean",
                "largest",
            ],
            left,
        )
        + "\n"
        + markdown(["runs that harm", "runs", "escaped", "by keeping the start"], harm)
        + origin(data)
    )


def _mean_and_most(regrets: Sequence[float]) -> list[str]:
    return [f"{statistics.fmean(regrets):.3f}", f"{max(regrets):.3f}"]


def steps() -> str:
    """A step of every method against its floor."""
    data = results("adaptation")
    rows = [row for row in data["rows"] if row.get("part") == "speed"]
    table = [
        [row["case"], row["backbone"], str(row["side"]), str(row["batch"]), row["precision"],
         f"{row['step_ms']:.0f}", f"{row['step_over_floor']:.2f}",
         f"{row['step_over_passes']:.2f}",
         f"{row['peak_gib']:.1f}" if "peak_gib" in row else "-"]
        for row in rows
    ]  # fmt: skip
    if not table:
        return f"Not run yet: `{COMMAND} --only speed`.\n"
    header = ["case", "backbone", "side", "batch", "precision", "ms a step", "over its floor",
              "over its passes", "GiB"]  # fmt: skip
    return markdown(header, table) + origin(data)
