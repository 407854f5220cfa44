"""Lodestar: a teacher that sees the target as it is, a student that sees it as hard as it gets.

Our own combination, developed on lottery pairs 0 to 9. One step:

1. with chance p the source takes the style of the target's crops;
2. the teacher's maps of the plain crop, decoded to sub-pixel places, are carried by the matrix into
   the student's view, where fresh Gaussians are drawn: no map is ever warped;
3. of every joint the most confident share of the batch counts, growing from ``keep[0]`` to
   ``keep[1]``; per joint, for a threshold over all starves the hard ones;
4. the student's view is turned, zoomed, blurred, noised and has squares overwritten;
5. L = L_sup + lambda_c L_cons; batch statistics are gathered on the target alone, which is where
   the network will work; the teacher follows.

Legend: B batch, K keypoints, H W map rows and columns; s student, t teacher.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from pydantic import Field
from torch import Tensor, nn

from poseshift.data.heatmap import decode, encode
from poseshift.data.types import LabeledBatch, UnlabeledBatch
from poseshift.data.views import apply, plain_view, random_view, resize_matrix
from poseshift.methods.base import METHODS, Pass, Phase
from poseshift.methods.parts.losses import heatmap_mse
from poseshift.methods.parts.occlusion import occlude
from poseshift.methods.parts.styling import restyled
from poseshift.methods.teaching import Teaching, TeachingConfig
from poseshift.nn.style import build_style


class LodestarConfig(TeachingConfig):
    """Settings of Lodestar."""

    style: str = Field("fourier", description="fourier, colour, or what poseshift style wrote")
    source_style: float = Field(0.5, ge=0, le=1, description="chance of styling the source")
    keep: tuple[float, float] = Field((0.5, 0.9), description="share of each joint that counts")
    hidden: int = Field(2, ge=0, description="squares overwritten in the student's view")
    rotation: float = Field(30.0, ge=0, le=180)
    blur: float = Field(0.01, ge=0, le=0.05)
    noise: float = Field(0.06, ge=0, le=0.5)
    colour: float = Field(0.4, ge=0, le=1)
    target_statistics: bool = True
    plain: bool = True


@METHODS.register("lodestar")
class Lodestar(Teaching):
    """Lodestar."""

    name = "lodestar"
    Config = LodestarConfig
    config: LodestarConfig
    passes = (
        Pass("network", images=1), Pass("network", images=1), Pass("average", images=1, grad=False),
    )  # fmt: skip

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.style = build_style(self.config.style)
        c = self.config
        hard = {
            "blur": c.blur,
            "noise": c.noise,
            "brightness": c.colour,
            "contrast": c.colour,
            "saturation": c.colour,
        }
        self.source_view = self.view.model_copy(update=hard)
        self.hard = self.source_view.model_copy(
            update={"rotation": c.rotation, "scale": (0.8, 1.25), "shift": 0.05}
        )
        self.norms = [
            m for m in self.network.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)
        ]

    def phases(self, source: LabeledBatch, target: UnlabeledBatch) -> Iterator[Phase]:
        """One update on both domains."""
        config, adapting = self.config, self.adapting(source)
        view, self.view = self.view, self.source_view
        image_BCHW, label_BKHW, weight_BK = self.supervised_view(source)
        self.view = view
        plain = (
            plain_view(target.crop_BHWC, self.side)
            if config.plain
            else random_view(target, self.view, self.side)
        )
        styled = restyled(
            self.style, image_BCHW, plain.image_BCHW, source.draws, config.source_style
        )
        if adapting and config.target_statistics:
            for norm in self.norms:
                norm.momentum = 0.0
        maps_BKHW = self.network(styled)
        for norm in self.norms:
            norm.momentum = 0.1
        losses = {"supervised": heatmap_mse(maps_BKHW, label_BKHW, weight_BK)}
        if adapting:
            place_t, peak_BK = decode(self.teach(plain))
            view_s = random_view(target, self.hard, self.side)
            place_crop = apply(
                torch.linalg.inv(plain.matrix_B33.float()),
                apply(resize_matrix(self.cells, self.side), place_t),
            )
            place_s = apply(view_s.matrix_B33, place_crop)
            inside_BK = ((place_s >= -0.5) & (place_s < self.side - 0.5)).all(-1)
            weight = self._believed(peak_BK, source.draws.step) * inside_BK
            image_s = view_s.image_BCHW
            for _ in range(config.hidden):
                image_s = occlude(image_s, place_s, inside_BK, target.draws, rate=0.5)
            pseudo = encode(apply(resize_matrix(self.side, self.cells), place_s), self.cells)
            maps_s = self.network(image_s)
            losses["consistency"] = config.consistency * 2 * heatmap_mse(maps_s, pseudo, weight)
        yield Phase(losses)

    def _believed(self, peak_BK: Tensor, step: int) -> Tensor:
        """Per joint, the most confident share of the batch."""
        done = (step - self.pretrain_steps) / max(1, self.course.steps - self.pretrain_steps)
        low, high = self.config.keep
        share = low + (high - low) * done
        drop = len(peak_BK) - max(1, round(share * len(peak_BK)))
        if drop == 0:
            return torch.ones_like(peak_BK)
        return (peak_BK > peak_BK.kthvalue(drop, dim=0).values).float()
