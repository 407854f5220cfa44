"""UDAPE: a mean teacher with styles swapped both ways, fresh pseudo-labels and occlusion.

Kim et al., "A Unified Framework for Domain Adaptive Pose Estimation", ECCV 2022. One step:

1. with p = 1/2 the source takes the style of the teacher's target view (amount a ~ U(0, 1));
2. with p = 1/2 the teacher's view takes the style of the source;
3. the teacher's maps are carried back to the whole crop; each is replaced by a fresh Gaussian at
   its peak; the more confident half of the batch's B K joints count;
4. around one confident joint of half of the student's images a square is overwritten;
5. L = L_sup + lambda_c L_cons, both means of squares; the teacher follows.

Before that, unless the run starts from an earlier one, 4/7 of the steps are L_sup alone on the
stylised source.

Deviations (``as_released`` undoes three: where the patch lies, whose statistics the teacher has,
where Gaussians sit): one bilinear un-warp by the matrices where three
nearest ones were composed; views are of the whole crop, not of a random part; the patch is an
upright square of the student's view; it lies on the joint (published: off by 3/4 of the shift);
the teacher's batch statistics are averages of the student's (published: of the target batches it
sees); Gaussians sit at the sub-pixel peak (published: on the argmax cell).

Legend: B batch, K keypoints, H W map rows and columns; s student, t teacher.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import Field
from torch import Tensor

from poseshift.data.heatmap import decode_argmax
from poseshift.data.types import LabeledBatch, UnlabeledBatch, View
from poseshift.data.views import random_view
from poseshift.methods.base import METHODS, Phase
from poseshift.methods.parts.losses import consistency_mse, heatmap_mse
from poseshift.methods.parts.occlusion import occlude
from poseshift.methods.parts.pseudo import confident, fresh_maps
from poseshift.methods.parts.styling import Side, exchanged
from poseshift.methods.teaching import Teaching, TeachingConfig
from poseshift.nn.style import build_style


class UdapeConfig(TeachingConfig):
    """Settings of UDAPE; numbers are the published ones, ``style`` is one without training."""

    style: str = Field("fourier", description="fourier, colour, or what poseshift style wrote")
    source_style: float = Field(0.5, ge=0, le=1, description="chance of styling the source")
    target_style: float = Field(0.5, ge=0, le=1, description="chance of styling the teacher's view")
    keep: float = Field(0.5, gt=0, le=1, description="share of the joints that count")
    normalise: bool = Field(True, description="fresh Gaussians instead of the teacher's maps")
    occlusion: float = Field(0.5, ge=0, le=1, description="share of the student's images")
    sure: float = Field(0.9, ge=0, le=1, description="least peak of a joint that may be hidden")
    patch: float = Field(10 / 256, gt=0, le=0.5, description="half of the hidden square, of a side")
    as_released: bool = Field(False, description="teacher statistics, patch and peaks as published")


@METHODS.register("udape")
class Udape(Teaching):
    """UDAPE."""

    name = "udape"
    Config = UdapeConfig
    config: UdapeConfig

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.style = build_style(self.config.style)
        self.own_statistics = self.config.as_released

    def phases(self, source: LabeledBatch, target: UnlabeledBatch) -> Iterator[Phase]:
        """One update on both domains."""
        config, adapting = self.config, self.adapting(source)
        image_BCHW, label_BKHW, weight_BK = self.supervised_view(source)
        view_t = random_view(target, self.view, self.side)
        styled_BCHW, taught_t = exchanged(
            self.style,
            Side(image_BCHW, source.draws, config.source_style),
            Side(view_t.image_BCHW, target.draws, config.target_style if adapting else 0.0),
        )
        maps_BKHW = self.network(styled_BCHW)
        losses = {"supervised": heatmap_mse(maps_BKHW, label_BKHW, weight_BK)}
        if adapting:
            loss = self._consistency(target, View(taught_t, view_t.matrix_B33))
            losses["consistency"] = config.consistency * loss
        yield Phase(losses)

    def _consistency(self, target: UnlabeledBatch, view_t: View) -> Tensor:
        maps_t = self.to_base(self.teach(view_t), view_t, target)
        pseudo_t, peak_BK = fresh_maps(maps_t, subpixel=not self.config.as_released)
        believed_BK = confident(peak_BK, self.config.keep)
        view_s = random_view(target, self.view, self.side)
        image_s = self._occluded(target, view_s, maps_t)
        maps_s = self.to_base(self.network(image_s), view_s, target)
        taught = pseudo_t if self.config.normalise else maps_t
        return consistency_mse(maps_s, taught, believed_BK)

    def _occluded(self, target: UnlabeledBatch, view_s: View, maps_t: Tensor) -> Tensor:
        """The student's images, one confident joint hidden in some of them."""
        place_BK2, peak_BK = decode_argmax(maps_t)
        place_BK2 = self.from_base(place_BK2, view_s, target)
        if self.config.as_released:
            place_BK2 = place_BK2 + self.misplaced(view_s, target)
        sure_BK = peak_BK >= self.config.sure
        rate, half = self.config.occlusion, self.config.patch
        return occlude(view_s.image_BCHW, place_BK2, sure_BK, target.draws, rate=rate, half=half)
