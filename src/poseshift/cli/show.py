"""Tables on the terminal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table

from poseshift.evaluation import PEEK, Evaluation
from poseshift.run import Run


def percent(value: float | None) -> str:
    """A share as people read it.

    Example:
        >>> percent(0.8154), percent(None)
        ('81.5', '-')
    """
    return "-" if value is None else f"{100 * value:.1f}"


def print_evaluations(run: Run, found: Sequence[Evaluation], *, json_output: bool = False) -> None:
    """Show evaluations as a table, or as JSON; without any, say where the run is."""
    if json_output:
        rows = [{**asdict(e), "folder": str(e.folder)} for e in found]
        print(json.dumps({"run": str(run.path), "evaluations": rows}))
        return
    console = Console()
    if not found:
        console.print(f"run kept in {run.path}", soft_wrap=True, markup=False)
        measure = f"measure it: poseshift evaluate {run.path} TEST_PACK"
        console.print(measure, soft_wrap=True, markup=False)
        return
    console.print(evaluation_table(found))
    for evaluation in found:
        file = evaluation.folder / "predictions.arrow"
        console.print(f"predictions: {file}", soft_wrap=True, markup=False)
    for said in dict.fromkeys(e.metrics["mapping"] for e in found if e.metrics["mapping"]):
        console.print(said, markup=False)
    for line in dict.fromkeys(line for e in found for line in warnings(e.metrics)):
        console.print(line, soft_wrap=True, markup=False)


def warnings(metrics: dict[str, Any]) -> list[str]:
    """What keeps an evaluation from being the plain held-out number it looks like."""
    pack, role, lines = metrics["pack"], metrics["trained_on"], []
    if role is not None:
        how = "transductive" if role == "target" else "not held out"
        lines.append(f"! {pack} is the {role} this run was trained on: {how}")
    if metrics["crop_from"] == "keypoints":
        lines.append(f"! {pack} was cropped around its labels: this leaks where joints are")
    if metrics["target_crop_from"] == "keypoints":
        lines.append("! the target it was trained on was cropped around its labels")
    return lines


def evaluation_table(found: Sequence[Evaluation]) -> Table:
    """One row an evaluation, one column a joint group."""
    groups = list(found[0].metrics["pck_per_group"])
    table = Table(title="PCK@0.05 of the crop side, percent", title_justify="left")
    for name in ("measured on", "method", "checkpoint"):
        table.add_column(name)
    for name in ("PCK", "95 %", "protocol", "median px", *groups):
        table.add_column(name, justify="right")
    for evaluation in found:
        table.add_row(*_cells(evaluation, groups))
    return table


def _cells(evaluation: Evaluation, groups: Sequence[str]) -> list[str]:
    metrics: dict[str, Any] = evaluation.metrics
    mark = " (ORACLE: chosen with these labels)" if evaluation.choice == PEEK else ""
    interval = metrics["pck_interval"]
    median = metrics["pixel_error"]["median"]
    return [
        str(metrics["pack"]),
        str(metrics["method"]),
        f"{evaluation.choice} {evaluation.step}{mark}",
        percent(metrics["pck"]),
        "-" if interval is None else f"{percent(interval[0])}-{percent(interval[1])}",
        percent(metrics["pck_protocol"]),
        "-" if median is None else f"{median:.2f}",
        *(percent(metrics["pck_per_group"].get(group)) for group in groups),
    ]
