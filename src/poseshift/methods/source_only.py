"""Source only: heatmap regression on the labelled source, no adaptation. The lower bound.

L = 0.5 w (h(x_s) - y_s)^2, averaged over batch, joints and cells (Xiao et al., Simple Baselines,
ECCV 2018; the "source only" rows of RegDA, UDAPE and MLA).

Deviations: clean sub-pixel target maps where the published code rounds to cells; the averaged
weights predict (``ema: 0`` for the raw ones).
"""

from __future__ import annotations

from collections.abc import Iterator

from poseshift.data.types import LabeledBatch
from poseshift.methods.base import METHODS, Method, Pass, Phase
from poseshift.methods.parts.losses import heatmap_mse


@METHODS.register("source_only")
class SourceOnly(Method[None]):
    """Trains on the source alone; never opens the target."""

    name = "source_only"
    target = "unused"
    passes = (Pass("network", images=1),)

    def phases(self, source: LabeledBatch, target: None) -> Iterator[Phase]:
        """One update on a labelled view of the source."""
        image_BCHW, label_BKHW, weight_BK = self.supervised_view(source)
        maps_BKHW = self.network(image_BCHW)
        yield Phase({"supervised": heatmap_mse(maps_BKHW, label_BKHW, weight_BK)})
