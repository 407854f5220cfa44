"""What a finished run is worth: every checkpoint on held-out target images, and who chooses it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.pairs import Pair
from poseshift.data.baked import open_pack
from poseshift.data.domain import LabeledDomain
from poseshift.data.part import PackPart
from poseshift.evaluation import measure
from poseshift.predict import predict_crops
from poseshift.run import Run


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


def curve(run: Run, pair: Pair) -> Curve:
    """Measure every checkpoint of a run on a pair's held-out images, each image predicted once."""
    side = run.config.side
    packs = {spec: open_pack(spec, side) for spec, _, _ in pair.held_out}
    parts = [
        (spec, np.arange(first, min(stop, len(packs[spec])))) for spec, first, stop in pair.held_out
    ]
    domains = [LabeledDomain(PackPart(packs[spec], at), run.skeleton) for spec, at in parts]
    test, peeked = {}, {}
    for step in run.checkpoints():
        network = run.network(step)
        found = {spec: predict_crops(network, pack.crops, side) for spec, pack in packs.items()}
        mine, theirs = (
            measure(found[spec].take(at), domain)
            for (spec, at), domain in zip(parts, domains, strict=True)
        )
        test[step], peeked[step] = mine, float(theirs["pck"])
    return Curve(test, peeked)
