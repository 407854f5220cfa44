"""What tables are written with: results, Markdown, means with their spread."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from typing import Any

from benchmarks.common import RESULTS


def results(name: str) -> dict[str, Any]:
    """One benchmark's JSON; empty if it was never run."""
    path = RESULTS / f"{name}.json"
    if not path.exists():
        return {"rows": [], "checks": [], "date": "never", "hardware": {}, "command": ""}
    data: dict[str, Any] = json.loads(path.read_text())
    return data


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def spread(values: Sequence[float]) -> str:
    """Mean and, of several, standard deviation over seeds, in percent.

    Example:
        >>> spread([0.5]), spread([0.5, 0.6])
        ('50.0', '55.0 ± 7.1')
    """
    if not values:
        return "-"
    mean = f"{100 * statistics.fmean(values):.1f}"
    return f"{mean} ± {100 * statistics.stdev(values):.1f}" if len(values) > 1 else mean


def origin(data: dict[str, Any]) -> str:
    """The line under a table: what regenerates it, when and where it ran."""
    machine = data["hardware"]
    where = f"{machine.get('machine', '?')}, {machine.get('cores', '?')} cores"
    gpus = ", ".join(machine.get("gpus", []))
    return f"\n`{data['command']}`, {data['date']}, {where}{', ' + gpus if gpus else ''}.\n"
