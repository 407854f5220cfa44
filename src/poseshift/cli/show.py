"""Tables on the terminal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich import box
from rich.console import Console, Group
from rich.table import Table

from poseshift.errors import command
from poseshift.evaluation import PEEK, SELECTED, Evaluation
from poseshift.run import Run
from poseshift.selection import read_selection

# What crops are made from, as people would say it; those of a world are neither.
_CUT = {"user": "boxes", "image": "whole images", "keypoints": "joints",
        "detector": "a detector's boxes", "motion": "what moves"}  # fmt: skip
_LEAK = "! the target it was trained on was cropped around its labels: this leaks where joints are"


def percent(value: float | None) -> str:
    """A share as people read it.

    Example:
        >>> percent(0.8154), percent(None)
        ('81.5', '-')
    """
    return "-" if value is None else f"{100 * value:.1f}"


def print_evaluations(run: Run, found: Sequence[Evaluation], *, json_output: bool = False) -> None:
    """Show evaluations as a table, or as JSON; without any, say where the run is."""
    selection = read_selection(run)
    if json_output:
        rows = [{**asdict(e), "folder": str(e.folder)} for e in found]
        about = {"run": str(run.path), "chosen": run.chosen(), "selection": None}
        if selection is not None:
            about["selection"] = {"kept_start": selection.kept_start, "said": selection.said}
        print(json.dumps({**about, "evaluations": rows}))
        return
    console = Console()
    asked = not found or any(evaluation.choice == SELECTED for evaluation in found)
    if asked and selection is not None:
        console.print(selection.said, soft_wrap=True, markup=False)
    if not found:
        console.print(f"run kept in {run.path}", soft_wrap=True, markup=False)
        measure = f"measure it: {command('evaluate', run.path, 'TEST_PACK')}"
        console.print(measure, soft_wrap=True, markup=False)
        return
    console.print(evaluation_tables(found))
    for file in dict.fromkeys(e.folder / "predictions.arrow" for e in found):
        console.print(f"predictions: {file}", soft_wrap=True, markup=False)
    for said in dict.fromkeys(e.metrics["mapping"] for e in found if e.metrics["mapping"]):
        console.print(said, markup=False)
    for line in dict.fromkeys(line for e in found for line in warnings(e.metrics)):
        console.print(line, soft_wrap=True, markup=False)


def about_data(run: Run) -> list[str]:
    """What a person should know of the data a run was trained on."""
    data = run.manifest["data"]
    lines = [role["mapping"] for role in data.values() if role.get("mapping")]
    if data.get("target", {}).get("crop_from") == "keypoints":
        lines.append(_LEAK)
    source, target = (
        _CUT.get(data.get(role, {}).get("crop_from")) for role in ("source", "target")
    )
    if source and target and source != target:
        lines.append(
            f"! the source was cropped by {source}, the target by {target}: bodies differ in size "
            "(--box image cuts any Pack by whole images; boxes need a file that has them)"
        )
    return lines


def warnings(metrics: dict[str, Any]) -> list[str]:
    """What keeps an evaluation from being the plain held-out number it looks like."""
    pack, role, lines = metrics["pack"], metrics["trained_on"], []
    if role is not None:
        how = "transductive" if role == "target" else "not held out"
        lines.append(f"! {pack} is the {role} this run was trained on: {how}")
    if metrics["left_out"]:
        lines.append(f"- {metrics['left_out']} frames of {pack} left out: the run has their labels")
    if metrics["crop_from"] == "keypoints":
        lines.append(f"! {pack} was cropped around its labels: this leaks where joints are")
    if "evalpose" not in metrics:
        lines.append(f"- no EvalPose on {pack}: its skeleton names fewer than 6 angles")
    if metrics["choice"] == PEEK:
        lines.append("! ORACLE: this checkpoint was chosen with the labels it is scored on")
    if metrics["target_crop_from"] == "keypoints":
        lines.append(_LEAK)
    return lines


def evaluation_tables(found: Sequence[Evaluation]) -> Group:
    """Two tables that fit a terminal: the numbers of every evaluation, and its joint groups."""
    groups = list(found[0].metrics["pck_per_group"])
    angles = any("evalpose" in evaluation.metrics for evaluation in found)
    whole = _table(
        "PCK@0.05 of the crop side and EvalPose, percent; median error in pixels; angle, degrees"
        if angles
        else "PCK@0.05 of the crop side, percent; median error in pixels",
        ("measured on", "method", "checkpoint"),
        ("PCK", "95 %", "protocol", "median", *(("EvalPose", "angle") if angles else ())),
    )
    parts = _table("PCK by joint group", ("measured on", "method", "step"), groups)
    once = set()  # a checkpoint may be the last and the selected one too
    for evaluation in found:
        metrics = evaluation.metrics
        what = [str(metrics["pack"]), str(metrics["method"])]
        per_group = (percent(metrics["pck_per_group"].get(name)) for name in groups)
        whole.add_row(*what, *_cells(evaluation), *(_angle_cells(metrics) if angles else ()))
        if evaluation.folder not in once:
            parts.add_row(*what, str(evaluation.step), *per_group)
            once.add(evaluation.folder)
    return Group(whole, parts)


def _table(title: str, names: Sequence[str], numbers: Sequence[str]) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in names:
        table.add_column(name, no_wrap=True)
    for name in numbers:
        table.add_column(name, justify="right")
    return table


def _cells(evaluation: Evaluation) -> list[str]:
    metrics: dict[str, Any] = evaluation.metrics
    mark = " (ORACLE)" if evaluation.choice == PEEK else ""
    interval, median = metrics["pck_interval"], metrics["pixel_error"]["median"]
    return [
        f"{evaluation.choice} {evaluation.step}{mark}",
        percent(metrics["pck"]),
        "-" if interval is None else f"{percent(interval[0])}-{percent(interval[1])}",
        percent(metrics["pck_protocol"]),
        "-" if median is None else f"{median:.2f}",
    ]


def _angle_cells(metrics: dict[str, Any]) -> list[str]:
    error = metrics.get("angle_error")
    return [percent(metrics.get("evalpose")), "-" if error is None else f"{error:.1f}"]
