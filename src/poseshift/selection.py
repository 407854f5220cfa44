"""Choosing a run's checkpoint without a target label, and catching an adaptation that harms.

The target comes as an :class:`~poseshift.data.domain.UnlabeledDomain`: there is no way from here to
its labels. What was chosen, and all scores, stay in the run as ``selection.json``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from poseshift.build import open_domains
from poseshift.data.domain import LabeledDomain, UnlabeledDomain
from poseshift.devices import pick_device
from poseshift.errors import BadInput, UserError
from poseshift.files import write_json
from poseshift.run import SELECTION, Run, read_json
from poseshift.selectors.base import SELECTORS
from poseshift.selectors.choice import Scores, default, single
from poseshift.selectors.gather import Witness


@dataclass(frozen=True, slots=True)
class Selection:
    """A checkpoint and why.

    Attributes:
        step: Of the chosen checkpoint.
        validator: Who chose: ``default``, or a single validator.
        scores: Of every validator for every checkpoint; NaN where it cannot tell.
        kept_start: Whether the start was chosen over what adaptation made of it.
    """

    step: int
    validator: str
    scores: Scores
    kept_start: bool

    @property
    def said(self) -> str:
        """The choice in a sentence."""
        if self.kept_start:
            return (
                "! adaptation looks worse than its start on this target: "
                f"step {self.step} (the start) is the run's choice"
            )
        return f"step {self.step} is the run's choice, made without target labels"


def select(
    run: Run, target: UnlabeledDomain, source: LabeledDomain, validator: str = "default"
) -> Selection:
    """Choose a checkpoint of a run and keep the choice in it.

    Args:
        run: With its checkpoints.
        target: What it was adapted to, without labels.
        source: What it learned from.
        validator: ``default``, or one of ``SELECTORS`` by name to let it decide alone.
    """
    if validator != "default":
        SELECTORS[validator]  # a misspelt name is told before the work
    run.last()  # and a run without checkpoints too
    scores = score(run, target, source)
    step = default(scores, run.begins) if validator == "default" else single(scores, validator)
    kept_start = step == run.begins and len(candidates(run)) > 1
    selection = Selection(step, validator, scores, kept_start)
    write_selection(run, selection)
    return selection


def score(run: Run, target: UnlabeledDomain, source: LabeledDomain) -> dict[str, dict[int, float]]:
    """Every validator's score of every checkpoint."""
    config = run.config
    witness = Witness(
        target, source, config.view, config.side,
        device=pick_device("auto"), precision=config.train.precision,
    )  # fmt: skip
    scores: dict[str, dict[int, float]] = {name: {} for name in SELECTORS}
    for step in candidates(run):
        evidence = witness.evidence(run.network(step), run.student(step))
        for name, values in scores.items():
            values[step] = float(SELECTORS[name](evidence))
    return scores


def candidates(run: Run) -> list[int]:
    """Checkpoints to choose from: not those of pre-training, which adaptation went on from."""
    steps = run.checkpoints()
    return [step for step in steps if step >= run.begins] or steps


def choose(run: Run) -> Selection:
    """Choose a checkpoint with the run's own domains, and keep the choice in the run.

    ``said`` is the choice in a sentence; :func:`poseshift.evaluate`, ``predict`` and a later
    ``init`` go by it.
    """
    source, target = open_domains(run.config)
    if not isinstance(target, UnlabeledDomain):
        raise UserError(
            f"{run.config.method.name} has no unlabelled target to choose by",
            where=run.path,
            fix="its last checkpoint is its choice",
        )
    return select(run, target, source)


def write_selection(run: Run, selection: Selection) -> None:
    """Keep a choice in the run."""
    about = {
        "step": selection.step,
        "validator": selection.validator,
        "kept_start": selection.kept_start,
        "said": selection.said,
        "scores": scores_to_json(selection.scores),
    }
    write_json(run.path / SELECTION, about)


def scores_to_json(scores: Scores) -> dict[str, dict[str, float | None]]:
    """Scores as JSON can hold them: ``None`` where a validator cannot tell."""
    return {
        name: {str(step): None if math.isnan(value) else value for step, value in values.items()}
        for name, values in scores.items()
    }


def scores_from_json(data: Mapping[str, Mapping[str, float | None]]) -> Scores:
    """What :func:`scores_to_json` has written."""
    return {
        str(name): {int(at): math.nan if v is None else float(v) for at, v in values.items()}
        for name, values in data.items()
    }


def read_selection(run: Run) -> Selection | None:
    """The choice kept in a run, ``None`` if there is none."""
    file = run.path / SELECTION
    if not file.exists():
        return None
    step, data = run.chosen(), read_json(file)
    try:
        scores = scores_from_json(data["scores"])
        return Selection(step, str(data["validator"]), scores, bool(data["kept_start"]))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise BadInput(
            "is damaged: it does not say validator, scores and kept_start",
            where=file,
            fix="delete it; the last checkpoint is then the run's choice",
        ) from error
