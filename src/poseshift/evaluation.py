"""Measure a run on a labelled Pack: clean and published PCK, pixel errors, per joint and group.

Labels are read here and nowhere else in a target's life; what is learned from them never goes back
into training. Of a run's checkpoints three are told: the last; the one ``selected`` without target
labels; and, where asked for, the best *by* these labels, the ``peek``, always marked.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor

from poseshift.data.domain import LabeledDomain
from poseshift.data.names import without
from poseshift.data.pack import Pack
from poseshift.data.part import left_out
from poseshift.devices import pick_device, pick_precision
from poseshift.errors import UserError
from poseshift.files import make_folder, write_atomic, write_json
from poseshift.metrics.summary import Cells, summarize
from poseshift.predict import Predictions, predict_crops
from poseshift.run import Run
from poseshift.selection import read_selection

SELECTED = "selected"  # chosen without labels, see selection.py
PEEK = "peek"  # chosen with the labels it is scored on: an oracle's choice
PER_IMAGE_BATCH = ("animal18", "animal14", "animal20")  # published animal results average images


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One checkpoint on one Pack.

    Attributes:
        step: Of the checkpoint.
        choice: How the checkpoint was chosen: ``last``, ``selected``, ``peek`` or ``step``.
        metrics: See :func:`poseshift.metrics.summary.summarize`.
        folder: Where ``predictions.arrow`` and ``metrics.json`` are.
    """

    step: int
    choice: str
    metrics: dict[str, Any]
    folder: Path


def evaluate(
    run: Run, pack: Pack, *, peek: bool = False, step: int | None = None
) -> list[Evaluation]:
    """Evaluate a run's last and its selected checkpoint (or a given one, or all for the best).

    Args:
        run: The run.
        pack: A labelled Pack; its joints are mapped to the run's by name. Frames whose labels the
            run was given are left out and counted.
        peek: Also evaluate every checkpoint and add the best one *by these labels*, marked.
        step: Evaluate this checkpoint alone.

    Returns:
        The evaluations asked for: ``last``, then ``selected`` if the run holds a selection, then
        ``peek``.
    """
    pack = without(pack, run.labelled_images())
    domain = LabeledDomain(pack, run.skeleton, _aliases(run))
    if step is not None and peek:
        raise UserError("--peek looks at all checkpoints, --step at one", fix="give one of them")
    if step is None:
        return _choices(run, domain, peek)
    if step not in run.checkpoints():
        raise UserError(
            f"has no checkpoint of step {step}",
            where=run.path,
            fix=f"kept are {', '.join(map(str, run.checkpoints()))}",
        )
    return [_evaluate_one(run, domain, step, "step")]


def _choices(run: Run, domain: LabeledDomain, peek: bool) -> list[Evaluation]:
    """The last checkpoint, the selected and the peek; none is measured twice."""
    last, selection = run.last(), read_selection(run)
    found = {last: _evaluate_one(run, domain, last, "last")}
    told = [found[last]]
    if selection is not None:
        if selection.step not in found:
            found[selection.step] = _evaluate_one(run, domain, selection.step, SELECTED)
        told.append(_chosen(found[selection.step], SELECTED))
    if peek:
        for step in run.checkpoints():
            if step not in found:
                found[step] = _evaluate_one(run, domain, step, "step")
        best = max(sorted(found), key=lambda step: found[step].metrics["pck"] or 0.0)
        told.append(_chosen(found[best], PEEK))
    return told


def _chosen(evaluation: Evaluation, choice: str) -> Evaluation:
    """The same evaluation under the name of a choice, kept beside the checkpoints' own."""
    metrics = {**evaluation.metrics, "choice": choice}
    write_json(evaluation.folder.parent / f"{choice}.json", metrics)
    return replace(evaluation, choice=choice, metrics=metrics)


def _role(run: Run, fingerprint: str) -> str | None:
    """Whether the run was trained on these very samples, as its source or as its target."""
    for role, data in run.manifest["data"].items():
        if data["fingerprint"] == fingerprint:
            return str(role)
    return None


def _aliases(run: Run) -> Path | None:
    return Path(run.config.aliases) if run.config.aliases else None


def _evaluate_one(run: Run, domain: LabeledDomain, step: int, choice: str) -> Evaluation:
    # Wherever this is: a run trained on a GPU is measured on a laptop too.
    device, precision = pick_device("auto"), run.config.train.precision
    predictions = predict_crops(
        run.network(step), domain.crops, run.config.side, device=device, precision=precision
    )
    metrics = measure(predictions, domain)
    # Packs of one name are told apart by what is in them.
    place = f"{_slug(domain.name)}-{domain.fingerprint[:8]}"
    folder = make_folder(run.path / "evaluations" / place / f"{step:06d}")
    write_atomic(
        folder / "predictions.arrow", lambda path: _write_predictions(path, predictions, domain)
    )
    about = {
        "run": run.path.name,
        "method": run.config.method.name,
        "seed": run.config.train.seed,
        "device": device,
        "precision": pick_precision(precision, device),
        "step": step,
        "choice": choice,
        "pack": domain.name,
        "fingerprint": domain.fingerprint,
        "crop_from": domain.crop_from,
        "left_out": left_out(domain.pack),
        "trained_on": _role(run, domain.fingerprint),
        "target_crop_from": run.manifest["data"].get("target", {}).get("crop_from"),
        "mapping": domain.said,
    }
    write_json(folder / "metrics.json", {**about, **metrics})
    return Evaluation(step, choice, {**about, **metrics}, folder)


def measure(predictions: Predictions, domain: LabeledDomain) -> dict[str, Any]:
    """All metrics of predictions on a labelled domain."""
    visibility_NK = torch.from_numpy(domain.visibility_NK.astype(np.int64))
    true_NK2 = torch.from_numpy(np.array(domain.keypoints_NK2))
    per_image = domain.skeleton.name in PER_IMAGE_BATCH
    return summarize(
        predictions.keypoints_NK2,
        true_NK2,
        visibility_NK,
        domain.side,
        domain.skeleton,
        categories=domain.pack.poses.category_N,
        confidence_NK=predictions.confidence_NK,
        cells=Cells(
            predictions.cell_NK2,
            protocol_cells(true_NK2, visibility_NK, domain.side, predictions.cells),
            predictions.cells,
            batch_size=1 if per_image else 32,
        ),
    )


def protocol_cells(true_NK2: Tensor, visibility_NK: Tensor, side: int, cells: int) -> Tensor:
    """Argmax cells of the published label maps; (0, 0) where the map is empty.

    Example:
        >>> protocol_cells(torch.tensor([[[10.0, 7.9]]]), torch.tensor([[2]]), side=256, cells=64)
        tensor([[[3., 2.]]])
    """
    cell_NK2 = torch.floor(true_NK2 * (cells / side) + 0.5)
    inside = ((cell_NK2 >= 0) & (cell_NK2 < cells)).all(-1) & (visibility_NK > 0)
    return cell_NK2.where(inside[..., None], torch.zeros(()))


def _write_predictions(path: Path, predictions: Predictions, domain: LabeledDomain) -> None:
    """One row a sample; keypoints in crop pixels and in pixels of the original image."""
    poses = domain.pack.poses
    keypoints = predictions.keypoints_NK2.double().numpy()
    matrix = poses.matrix_N33.astype(np.float64)
    original = np.einsum("nij,nkj->nki", matrix[:, :2, :2], keypoints) + matrix[:, None, :2, 2]
    error = np.linalg.norm(keypoints - domain.keypoints_NK2, axis=-1)  # NaN where not labelled

    def column(values: Any) -> Any:
        flat = np.ascontiguousarray(values, dtype=np.float32)
        return pa.FixedSizeListArray.from_arrays(pa.array(flat.reshape(-1)), flat[0].size)

    table = pa.table(
        {
            "id": poses.id_N,
            "category": poses.category_N,
            "keypoints": column(keypoints),
            "original": column(original),
            "confidence": column(predictions.confidence_NK),
            "error": column(error),
        }
    )
    with pa.ipc.new_file(str(path), table.schema) as sink:
        sink.write_table(table)


def _slug(name: str) -> str:
    return "".join(c if c.isalnum() or c in "-_." else "_" for c in name)
