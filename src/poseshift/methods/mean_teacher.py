"""Mean teacher: an average of the network teaches it on other views of the target.

L = L_sup(source) + lambda_c mean (h_s - h_t)^2, the student's and the teacher's maps of two views
of one target crop, both carried back to the crop (Tarvainen & Valpola, NeurIPS 2017, on heatmaps;
the bare baseline under UDAPE and MLA). No style, no mask, no normalisation, no occlusion.

Legend: B batch, K keypoints, H W map rows and columns; s student, t teacher.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from poseshift.data.types import LabeledBatch, UnlabeledBatch
from poseshift.data.views import random_view
from poseshift.methods.base import METHODS, Phase
from poseshift.methods.parts.losses import consistency_mse, heatmap_mse
from poseshift.methods.teaching import Teaching


@METHODS.register("mean_teacher")
class MeanTeacher(Teaching):
    """Trains on the source's labels and on its own average's maps of the target."""

    name = "mean_teacher"

    def phases(self, source: LabeledBatch, target: UnlabeledBatch) -> Iterator[Phase]:
        """One update on both domains."""
        image_BCHW, label_BKHW, weight_BK = self.supervised_view(source)
        losses = {"supervised": heatmap_mse(self.network(image_BCHW), label_BKHW, weight_BK)}
        if self.adapting(source):
            view_s = random_view(target, self.view, self.side)
            view_t = random_view(target, self.view, self.side)
            maps_t = self.to_base(self.teach(view_t), view_t, target)
            maps_s = self.to_base(self.network(view_s.image_BCHW), view_s, target)
            every_BK = torch.ones_like(weight_BK)
            loss = consistency_mse(maps_s, maps_t, every_BK)
            losses["consistency"] = self.config.consistency * loss
        yield Phase(losses)
