"""MLA: alignment of images, features and poses, under a mean teacher.

"Multi-level alignment" (ICME 2024, arXiv 2404.14885), three levels, each with its own switch:

* image: with p = 1/2 the source takes the style of the target's teacher view;
* feature: a discriminator D judges every cell of the upsampled features, source 0, target 1 (also
  a target frame whose labels were given); its gradient reaches the network reversed;
* pose: information maximisation of the student's maps in the crop.

L = L_sup + lambda_c L_cons + lambda_f (BCE_s + BCE_t) + lambda_p L_pose. Pseudo-labels are UDAPE's:
fresh Gaussians, the more confident half of the joints, one confident joint hidden. As in UDAPE, 4/7
of a run that starts from nothing are the source alone, stylised.

Deviations: those of ``udape.py``. L_pose is the live form, for the published one has next to no
gradient; the live one's on a map is three orders of magnitude above that of L_cons, so its weight
is 5e-5 (published: .3). ``as_released`` gives the published L_pose and weight, and all it gives in
``udape.py``. The published lambda_f of .1 goes with the published rate of 1e-4; on a development
pair the small network at 8e-3 collapsed with both weights at their first values, and the recipes of
the built-in pairs take .001.

Legend: B batch, C channels, K keypoints, H W map rows and columns; s student, t teacher, D
discriminator.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from pydantic import Field
from torch import Tensor, nn

from poseshift.data.heatmap import decode_argmax
from poseshift.data.types import LabeledBatch, UnlabeledBatch, View
from poseshift.data.views import random_view
from poseshift.methods.base import METHODS, Phase
from poseshift.methods.parts.alignment import domain_bce, information_maximisation
from poseshift.methods.parts.losses import consistency_mse, heatmap_mse
from poseshift.methods.parts.occlusion import occlude
from poseshift.methods.parts.pseudo import confident, fresh_maps
from poseshift.methods.parts.styling import restyled
from poseshift.methods.teaching import Teaching, TeachingConfig
from poseshift.nn.discriminator import CellDiscriminator
from poseshift.nn.gradient import scale_gradient
from poseshift.nn.style import build_style

POSE_WEIGHTS = {"live": 5e-5, "released": 0.3}


class MlaConfig(TeachingConfig):
    """Settings of MLA; zero switches a level off."""

    style: str = Field("fourier", description="fourier, colour, or what poseshift style wrote")
    image: float = Field(0.5, ge=0, le=1, description="image level: chance of styling the source")
    feature: float = Field(0.1, ge=0, description="feature level: weight of the discriminator")
    pose: float | None = Field(
        None, ge=0,
        description="pose level: weight of information maximisation; if not given 5e-5, and .3 of "
        "the released form",
    )  # fmt: skip
    pose_form: Literal["live", "released"] | None = Field(
        None, description="of the pose level; if not given live, and released with as_released"
    )
    temperature: float = Field(0.01, gt=0, description="of the live form's softmax over profiles")
    reversal: float = Field(1.0, ge=0, description="of D's gradient in the features, turned round")
    keep: float = Field(0.5, gt=0, le=1, description="share of the joints that count")
    occlusion: float = Field(0.5, ge=0, le=1, description="share of the student's images")
    sure: float = Field(0.9, ge=0, le=1, description="least peak of a joint that may be hidden")
    patch: float = Field(10 / 256, gt=0, le=0.5, description="half of the hidden square, of a side")
    as_released: bool = Field(
        False, description="teacher statistics, patch, peaks and pose level as published"
    )


@METHODS.register("mla")
class Mla(Teaching):
    """MLA."""

    name = "mla"
    Config = MlaConfig
    config: MlaConfig

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.style = build_style(self.config.style)
        self.own_statistics = self.config.as_released
        self.discriminator = CellDiscriminator(self.network.upsample.channels)

    def groups(self) -> dict[str, list[nn.Parameter]]:
        """The network, and the discriminator with an optimiser of its own."""
        return {**super().groups(), "discriminator": list(self.discriminator.parameters())}

    def phases(self, source: LabeledBatch, target: UnlabeledBatch) -> Iterator[Phase]:
        """One update on both domains."""
        image_BCHW, label_BKHW, weight_BK = self.supervised_view(source)
        view_t = random_view(target, self.view, self.side)
        styled_BCHW = restyled(
            self.style, image_BCHW, view_t.image_BCHW, source.draws, self.config.image
        )
        features_source = self.network.features(styled_BCHW)
        maps_BKHW = self.network.head(features_source)
        losses = {"supervised": heatmap_mse(maps_BKHW, label_BKHW, weight_BK)}
        if not self.adapting(source):
            yield Phase(losses)
            return
        view_s, pseudo_t, believed_BK = self._pseudo_labels(target, view_t)
        features_target = self.network.features(view_s.image_BCHW)
        maps_s = self.to_base(self.network.head(features_target), view_s, target)
        losses["consistency"] = self.config.consistency * consistency_mse(
            maps_s, pseudo_t, believed_BK
        )
        if self.config.feature:
            of_source = 0.0 if source.target_B is None else source.target_B
            bce = self._judged(features_source, of_source) + self._judged(features_target, 1.0)
            losses["feature"] = self.config.feature * bce
        if self.config.pose != 0:
            losses["pose"] = self._pose_level(maps_s)
        groups = ("network", "discriminator") if self.config.feature else ("network",)
        yield Phase(losses, groups)

    def _judged(self, features_BCHW: Tensor, domain: float | Tensor) -> Tensor:
        """D's loss; D learns to tell the domains apart, the network to make it impossible."""
        turned = scale_gradient(features_BCHW, -self.config.reversal)
        return domain_bce(self.discriminator(turned), domain)

    def _pose_level(self, maps_s: Tensor) -> Tensor:
        config = self.config
        form = config.pose_form or ("released" if config.as_released else "live")
        weight = POSE_WEIGHTS[form] if config.pose is None else config.pose
        return weight * information_maximisation(maps_s, form, config.temperature)

    def _pseudo_labels(self, target: UnlabeledBatch, view_t: View) -> tuple[View, Tensor, Tensor]:
        """The student's view with joints hidden, what it should say in the crop, and where."""
        config, draws = self.config, target.draws
        maps_t = self.to_base(self.teach(view_t), view_t, target)
        pseudo_t, peak_BK = fresh_maps(maps_t, subpixel=not config.as_released)
        view_s = random_view(target, self.view, self.side)
        place_BK2 = self.from_base(decode_argmax(maps_t)[0], view_s, target)
        if config.as_released:
            place_BK2 = place_BK2 + self.misplaced(view_s, target)
        sure_BK = peak_BK >= config.sure
        image_s = occlude(
            view_s.image_BCHW, place_BK2, sure_BK, draws, rate=config.occlusion, half=config.patch
        )
        return View(image_s, view_s.matrix_B33), pseudo_t, confident(peak_BK, config.keep)
