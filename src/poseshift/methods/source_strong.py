"""Source strong: source only, hardened as far as a model can be that has never seen the target.

Source-only training on images that, with a chance, take the look of another image of the source.
Together with a wide photometric range (``view.blur``, ``view.noise`` ...) it tells what is owed to
augmentation, and so what is left for adaptation to be credited with. Ours; no paper.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import Field

from poseshift.data.types import LabeledBatch
from poseshift.methods.base import METHODS, Method, MethodConfig, Pass, Phase
from poseshift.methods.parts.losses import heatmap_mse
from poseshift.methods.parts.styling import restyled
from poseshift.nn.style import build_style


class SourceStrongConfig(MethodConfig):
    """Settings of hardened source-only training."""

    style: str = Field("fourier", description="fourier, colour, or what poseshift style wrote")
    source_style: float = Field(0.5, ge=0, le=1, description="chance of styling a batch")


@METHODS.register("source_strong")
class SourceStrong(Method[None]):
    """Trains on the source in borrowed looks; never opens the target."""

    name = "source_strong"
    target = "unused"
    Config = SourceStrongConfig
    config: SourceStrongConfig
    passes = (Pass("network", images=1),)

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.style = build_style(self.config.style)

    def phases(self, source: LabeledBatch, target: None) -> Iterator[Phase]:
        """One update on a labelled view of the source."""
        image_BCHW, label_BKHW, weight_BK = self.supervised_view(source)
        others_BCHW = image_BCHW.roll(1, 0)
        chance = self.config.source_style
        image_BCHW = restyled(self.style, image_BCHW, others_BCHW, source.draws, chance)
        maps_BKHW = self.network(image_BCHW)
        yield Phase({"supervised": heatmap_mse(maps_BKHW, label_BKHW, weight_BK)})
