"""Write the tables of README and docs from the results, or check that they are as written.

    python -m benchmarks.tables            rewrite them
    python -m benchmarks.tables --check    fail if one differs

A table stands between ``<!-- table NAME -->`` and ``<!-- end -->``; nobody types between them.
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from benchmarks import prior_tables, sampling_tables
from benchmarks.common import ROOT
from benchmarks.writing import markdown, origin, results, spread

PAGES = ("README.md", "docs/benchmarks.md", "docs/worlds.md")
_TABLE = re.compile(r"(<!-- table (?P<name>[\w-]+) -->\n).*?(<!-- end -->)", re.S)


def gap() -> str:
    """PCK of the bounds on every named pair."""
    data = results("foundation")
    rows = [row for row in data["rows"] if row.get("part") == "gap"]
    table = []
    for pair, arm in dict.fromkeys((row["pair"], row["arm"]) for row in rows):
        mine = [row for row in rows if (row["pair"], row["arm"]) == (pair, arm)]
        table.append(
            [
                pair,
                arm,
                spread([row["pck"] for row in mine]),
                spread([row["pck_protocol"] for row in mine]),
                spread([row["source_pck"] for row in mine]),
                str(len(mine)),
                str(mine[0]["steps"]),
                f"{statistics.fmean(row['seconds'] for row in mine):.0f}",
            ]
        )
    header = [
        "pair",
        "arm",
        "PCK@0.05",
        "protocol PCK",
        "on the source",
        "seeds",
        "steps",
        "s a run",
    ]
    return markdown(header, table) + origin(data)


def adaptation(part: str) -> str:
    """One part of the adaptation tables: every arm between the bounds, by pair."""
    data = results("adaptation")
    rows = [row for row in data["rows"] if row.get("part") == part]
    if not rows:
        return f"Not run yet: `python -m benchmarks.adaptation --only {part}`.\n"
    table = []
    for pair, arm in dict.fromkeys((row["pair"], row["arm"]) for row in rows):
        mine = [row for row in rows if (row["pair"], row["arm"]) == (pair, arm)]
        seeds = {row["seed"] for row in mine}
        bounds = [_bound(data["rows"], pair, name, seeds) for name in ("source_only", "supervised")]
        table.append(
            [
                pair,
                f"{arm} ({mine[0]['method']})" if arm == "ours" else arm,
                spread([row["pck"] for row in mine]),
                _share([row["pck"] for row in mine], *bounds),
                spread([row["pck_last"] for row in mine]),
                spread([row["pck_peek"] for row in mine]),
                spread([row["pck_protocol"] for row in mine]),
                str(len(mine)),
                str(mine[0]["passes"]),
                f"{statistics.fmean(row['seconds'] for row in mine):.0f}",
            ]
        )
    header = ["pair", "arm", "PCK@0.05", "gap closed", "last", "peek", "protocol", "seeds",
              "passes", "s a run"]  # fmt: skip
    return markdown(header, table) + origin(data)


def _bound(rows: list[dict[str, Any]], pair: str, arm: str, seeds: set[int]) -> list[float]:
    """PCK of a bound, by seed, from whichever part has measured it."""
    found = {
        row["seed"]: row["pck"] for row in rows if (row.get("pair"), row.get("arm")) == (pair, arm)
    }
    return [found[seed] for seed in sorted(seeds & found.keys())]


def _share(scores: list[float], low: list[float], high: list[float]) -> str:
    """How much of the gap of the same seeds is closed."""
    if not len(scores) == len(low) == len(high):
        return "-"
    bottom, top = statistics.fmean(low), statistics.fmean(high)
    return f"{100 * (statistics.fmean(scores) - bottom) / (top - bottom):.0f} %"


def claims(name: str) -> str:
    """Claims written before the run, with their verdicts."""
    data = results(name)
    table = [
        [
            claim["claim"],
            claim["verdict"],
            f"{claim['effect']:+.3f}",
            " to ".join(f"{end:+.3f}" for end in claim["interval"] or []) or "-",
            f"{claim['p']:.3f}" if "p" in claim else "-",
            str(claim["n"]),
        ]
        for claim in data.get("claims", [])
    ]
    if not table:
        return "None yet.\n"
    header = ["claim", "verdict", "effect", "95 % interval", "p", "n"]
    return markdown(header, table) + origin(data)


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
        return "Not run yet: `python -m benchmarks.adaptation --only selection`.\n"
    left = [
        [row["left_out"], f"`{row['rule']}`", f"{row['regret']:.3f}",
         f"{row['default_regret']:.3f}"]
        for row in rows if "left_out" in row
    ]  # fmt: skip
    return (
        markdown(["pairs", "rule", "mean regret", "largest", "runs"], table)
        + "\n"
        + markdown(["pair left out", "rule the others choose", "its regret", "default's"], left)
        + origin(data)
    )


def steps() -> str:
    """A step of every method against its floor."""
    data = results("adaptation")
    rows = [row for row in data["rows"] if row.get("part") == "speed"]
    table = [
        [row["case"], row["backbone"], str(row["side"]), str(row["batch"]), row["precision"],
         f"{row['step_ms']:.0f}", f"{row['step_over_floor']:.2f}",
         f"{row['peak_gib']:.1f}" if "peak_gib" in row else "-"]
        for row in rows
    ]  # fmt: skip
    if not table:
        return "Not run yet: `python -m benchmarks.adaptation --only speed`.\n"
    header = [
        "case",
        "backbone",
        "side",
        "batch",
        "precision",
        "ms a step",
        "over its floor",
        "GiB",
    ]
    return markdown(header, table) + origin(data)


def checks(name: str) -> str:
    """Every target of a benchmark, and whether it was met."""
    data = results(name)
    if not data["checks"]:
        return f"None measured yet: `python -m benchmarks.{name}`.\n"
    table = [
        [
            f"`{check['metric']}`",
            f"{check['value']:.4g}",
            f"{check['op']} {check['target']:g}",
            "met" if check["ok"] else "**missed**",
        ]
        for check in data["checks"]
    ]
    return markdown(["metric", "value", "target", ""], table) + origin(data)


def lottery() -> str:
    """The ranges from which lottery pairs are drawn."""
    from poseshift.data.puppets import RANGES

    rows = [
        [f"`{knob}`", *(f"{low:g} to {high:g}" for low, high in ranges)]
        for knob, ranges in RANGES.items()
    ]
    return markdown(["knob", "source", "target"], rows)


PARTS = ("body", "lottery", "kin", "few_labels", "ablation", "own_pretraining", "photos", "mouse")
TABLES: dict[str, Callable[[], str]] = {
    "foundation-gap": gap,
    "foundation-checks": partial(checks, "foundation"),
    **{f"adaptation-{part}": partial(adaptation, part) for part in PARTS},
    "adaptation-claims": partial(claims, "adaptation"),
    "adaptation-selection": choosing,
    "adaptation-speed": steps,
    "adaptation-checks": partial(checks, "adaptation"),
    "sampling-claims": partial(claims, "sampling"),
    "sampling-samplers": partial(sampling_tables.samplers, "claims", "grid"),
    "sampling-mixture": partial(sampling_tables.samplers, "mixture"),
    "sampling-scores": sampling_tables.scores,
    "sampling-real": sampling_tables.real_scores,
    "sampling-checks": partial(checks, "sampling"),
    "prior-transfers": partial(prior_tables.transfers, "twenty", "ten", "fifty", "hundred"),
    "prior-others": partial(prior_tables.transfers, "others"),
    "prior-ablation": partial(prior_tables.transfers, "ablation"),
    "prior-claims": partial(claims, "prior"),
    "prior-checks": partial(checks, "prior"),
    "prior-annotation": prior_tables.annotation,
    "prior-loop": prior_tables.loop,
    "lottery": lottery,
}


def main() -> None:
    """Rewrite or check every page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    stale = []
    for page in PAGES:
        path = ROOT / page
        text = path.read_text(encoding="utf-8")
        fresh = _TABLE.sub(lambda m: m[1] + TABLES[m["name"]]() + m[3], text)
        if fresh != text:
            stale.append(page)
            if not check:
                path.write_text(fresh, encoding="utf-8")
    if check and stale:
        sys.exit(f"stale tables in {', '.join(stale)}; run: make tables")


if __name__ == "__main__":
    main()
