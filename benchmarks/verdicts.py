"""What was aimed at and claimed before the runs, and what became of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from benchmarks.common import Row
from benchmarks.writing import markdown, origin, results

NAMES = (
    "foundation", "adaptation", "sampling", "prior", "prior_image", "annotation", "prior_loop",
)  # fmt: skip
VERDICTS = ("upheld", "undecided", "refuted")


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


def checks(name: str) -> str:
    """Every target of a benchmark, and whether it was met."""
    data = results(name)
    if not data["checks"]:
        return f"None measured yet: `python -m benchmarks.{name}`.\n"
    table = [
        [
            f"`{check['metric']}`",
            *_value(check),
            "met" if check["ok"] else "**missed**",
        ]
        for check in data["checks"]
    ]
    return markdown(["metric", "value", "target", ""], table) + origin(data)


def counted() -> str:
    """How many targets were met and how many claims upheld, by benchmark."""
    table = []
    for name in NAMES:
        data = results(name)
        met = sum(check["ok"] for check in data["checks"])
        told = Counter(claim["verdict"] for claim in data.get("claims", []))
        row = [f"{met} of {len(data['checks'])}", *(str(told[verdict]) for verdict in VERDICTS)]
        table.append([f"`python -m benchmarks.{name}`", *row])
    return markdown(["benchmark", "targets met", *(f"claims {v}" for v in VERDICTS)], table)


def against() -> str:
    """Every target that was missed and every claim that was refuted."""
    table = []
    for name in NAMES:
        data = results(name)
        table += [[f"`{c['metric']}`", *_value(c)] for c in data["checks"] if not c["ok"]]
        table += [
            [claim["claim"], f"{claim['effect']:+.3f}", "claimed above 0"]
            for claim in data.get("claims", [])
            if claim["verdict"] == "refuted"
        ]
    return markdown(["target or claim", "measured", "aim"], table)


def _value(check: Row) -> Sequence[str]:
    return f"{check['value']:.4g}", f"{check['op']} {check['target']:g}"
