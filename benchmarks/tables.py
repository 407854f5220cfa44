"""Write the tables of README and docs from results and settings, or check that they are as written.

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

from benchmarks import (
    adaptation_tables,
    prior_tables,
    sampling_tables,
    settings_tables,
    verdicts,
)
from benchmarks.common import ROOT
from benchmarks.writing import markdown, origin, results, spread

PAGES = ("README.md", "docs/benchmarks.md", "docs/settings.md", "docs/worlds.md")
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


def lottery() -> str:
    """The ranges from which lottery pairs are drawn."""
    from poseshift.data.puppets import RANGES

    rows = [
        [f"`{knob}`", *(f"{low:g} to {high:g}" for low, high in ranges)]
        for knob, ranges in RANGES.items()
    ]
    return markdown(["knob", "source", "target"], rows)


TABLES: dict[str, Callable[[], str]] = {
    "foundation-gap": gap,
    "foundation-checks": partial(verdicts.checks, "foundation"),
    **{
        f"adaptation-{part}": partial(adaptation_tables.methods, part)
        for part in adaptation_tables.PARTS
    },
    "adaptation-claims": partial(verdicts.claims, "adaptation"),
    "adaptation-saved": adaptation_tables.saved,
    "adaptation-selection": adaptation_tables.choosing,
    "adaptation-speed": adaptation_tables.steps,
    "adaptation-checks": partial(verdicts.checks, "adaptation"),
    "sampling-claims": partial(verdicts.claims, "sampling"),
    "sampling-samplers": partial(sampling_tables.samplers, "claims", "grid"),
    "sampling-mixture": partial(sampling_tables.samplers, "mixture"),
    "sampling-scores": sampling_tables.scores,
    "sampling-real": sampling_tables.real_scores,
    "sampling-checks": partial(verdicts.checks, "sampling"),
    "prior-transfers": partial(prior_tables.transfers, "twenty", "ten", "fifty", "hundred"),
    "prior-others": partial(prior_tables.transfers, "others"),
    "prior-control": partial(prior_tables.transfers, "control"),
    "prior-ablation": partial(prior_tables.transfers, "ablation"),
    "prior-claims": partial(verdicts.claims, "prior"),
    "prior-checks": partial(verdicts.checks, "prior"),
    "prior-image": prior_tables.drawn,
    **{
        f"{name.replace('_', '-')}-{kind}": partial(table, name)
        for name in ("prior_image", "annotation")
        for kind, table in (("claims", verdicts.claims), ("checks", verdicts.checks))
    },
    "prior-loop-claims": partial(verdicts.claims, "prior_loop"),
    "prior-annotation": prior_tables.annotation,
    "prior-loop": prior_tables.loop,
    "verdicts": verdicts.counted,
    "verdicts-against": verdicts.against,
    "lottery": lottery,
    **settings_tables.TABLES,
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
