"""What a finished run is worth: every checkpoint on held-out target images, and who chooses it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from poseshift.data.baked import open_pack
from poseshift.data.domain import LabeledDomain
from poseshift.data.part import PackPart
from poseshift.evaluation import measure
from poseshift.predict import Predictions, predict_crops
from poseshift.run import Run

TEST, PEEKED = 1000, 300  # images that score, and those a peek may look at


@dataclass(frozen=True)
class Curve:
    """Metrics of every checkpoint.

    Attributes:
        test: By step, on the images that score.
        peeked: By step, PCK on other held-out images, for the choice with labels.
    """

    test: dict[int, dict[str, Any]]
    peeked: dict[int, float]

    def peek(self) -> int:
        """The step that target labels would choose."""
        return max(self.peeked, key=self.peeked.__getitem__)

    def last(self) -> int:
        """The last step."""
        return max(self.test)

    def pck(self, step: int) -> float:
        """Clean PCK of one checkpoint."""
        return float(self.test[step]["pck"])


def curve(run: Run, world: str, *, count: int = TEST, peeked: int = PEEKED) -> Curve:
    """Measure every checkpoint of a run on a world's held-out images, each image predicted once."""
    pack = open_pack(f"world:{world}/test?count={count + peeked}", run.config.side)
    parts = [np.arange(count), np.arange(count, count + peeked)]
    domains = [LabeledDomain(PackPart(pack, index), run.skeleton) for index in parts]
    test, other = {}, {}
    for step in run.checkpoints():
        found = predict_crops(run.network(step), pack.crops, run.config.side)
        mine, theirs = (
            measure(_some(found, index), domain)
            for index, domain in zip(parts, domains, strict=True)
        )
        test[step], other[step] = mine, float(theirs["pck"])
    return Curve(test, other)


def _some(found: Predictions, index: np.ndarray[Any, Any]) -> Predictions:
    return Predictions(
        found.keypoints_NK2[index], found.confidence_NK[index], found.cell_NK2[index], found.cells
    )
