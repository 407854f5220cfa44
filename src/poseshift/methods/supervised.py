"""Supervised: source and target with the target's training labels. The upper bound ("Oracle").

L = L_mse(source) + L_mse(target), both batches through the network together, so that batch
statistics, in training and afterwards, are those of the mixture.

The only method that is handed target labels; tables mark it as a bound, not as a method.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from poseshift.data.types import LabeledBatch
from poseshift.methods.base import METHODS, Method, Pass, Phase
from poseshift.methods.parts.losses import heatmap_mse


@METHODS.register("supervised")
class Supervised(Method[LabeledBatch]):
    """Trains on both domains with labels."""

    name = "supervised"
    target = "labeled"
    passes = (Pass("network", images=2),)

    def phases(self, source: LabeledBatch, target: LabeledBatch) -> Iterator[Phase]:
        """One update on labelled views of both domains."""
        views = [self.supervised_view(batch) for batch in (source, target)]
        image_BCHW, label_BKHW, weight_BK = (torch.cat(parts) for parts in zip(*views, strict=True))
        maps_source, maps_target = self.network(image_BCHW).chunk(2)
        label_source, label_target = label_BKHW.chunk(2)
        weight_source, weight_target = weight_BK.chunk(2)
        yield Phase(
            {
                "source": heatmap_mse(maps_source, label_source, weight_source),
                "target": heatmap_mse(maps_target, label_target, weight_target),
            }
        )
