"""Source only: heatmap regression on the labelled source, no adaptation. The lower bound.

L = 0.5 w (h(x_s) - y_s)^2, averaged over batch, joints and cells (Xiao et al., Simple Baselines,
ECCV 2018; the "source only" rows of RegDA, UDAPE and MLA). ``loss: kl`` is RegDA's pre-training
instead: the divergence of distributions over cells.

Deviations: clean sub-pixel target maps where the published code rounds to cells; the averaged
weights predict (``ema: 0`` for the raw ones).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from poseshift.data.types import LabeledBatch
from poseshift.methods.base import METHODS, Method, MethodConfig, Pass, Phase
from poseshift.methods.parts.losses import heatmap_kl, heatmap_mse
from poseshift.nn.posenet import NetworkConfig


class SourceOnlyConfig(MethodConfig):
    """Settings of source-only training."""

    loss: Literal["mse", "kl"] = Field("mse", description="kl: RegDA's pre-training")


@METHODS.register("source_only")
class SourceOnly(Method[None]):
    """Trains on the source alone; never opens the target."""

    name = "source_only"
    target = "unused"
    Config = SourceOnlyConfig
    config: SourceOnlyConfig
    passes = (Pass("network", images=1),)

    @classmethod
    def shape(cls, network: NetworkConfig, config: MethodConfig) -> NetworkConfig:
        """Logits for a divergence."""
        kl = isinstance(config, SourceOnlyConfig) and config.loss == "kl"
        return network.model_copy(update={"output": "logits" if kl else "maps"})

    def phases(self, source: LabeledBatch, target: None) -> Iterator[Phase]:
        """One update on a labelled view of the source."""
        image_BCHW, label_BKHW, weight_BK = self.supervised_view(source)
        maps_BKHW = self.network(image_BCHW)
        loss = heatmap_mse if self.config.loss == "mse" else heatmap_kl
        yield Phase({"supervised": loss(maps_BKHW, label_BKHW, weight_BK)})
