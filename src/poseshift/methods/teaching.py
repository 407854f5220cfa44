"""What methods with a teacher share: when adaptation begins, and how the teacher follows."""

from __future__ import annotations

from typing import Any, Self

import torch
from pydantic import Field
from torch import Tensor

from poseshift.data.types import CropBatch, UnlabeledBatch, View
from poseshift.data.views import apply, inverted, resize_matrix, warp_maps
from poseshift.methods.base import Method, MethodConfig, Pass
from poseshift.nn.ema import ema_decay, ema_update
from poseshift.nn.posenet import PoseNet

PRETRAIN = 40 / 70  # share of the published runs that is pre-training on the source


class TeachingConfig(MethodConfig):
    """Settings of every method with a teacher."""

    ema: float = Field(0.999, gt=0, lt=1, description="decay of the teacher, of slow ones")
    # The published .999 remembers a 15th of the published 15,000 steps.
    memory: float = Field(
        1 / 15, gt=0, le=1, description="what a teacher remembers at most, share of the adaptation"
    )
    pretrain: float | None = Field(
        None, ge=0, lt=1,
        description="share of the steps on the source alone; 4/7 if not given, 0 with an --init "
        "that knows the joints",
    )  # fmt: skip
    consistency: float = Field(1.0, ge=0, description="weight of the target's loss")


class Teaching(Method[UnlabeledBatch]):
    """A method whose average teaches the network on the target.

    First the source alone, unless the network comes from an earlier run; then the average stands
    still at what that gave, and follows slowly.
    """

    target = "unlabeled"
    Config = TeachingConfig
    config: TeachingConfig
    # Source and target apart, so that each is normalised by its own batch; then the teacher.
    passes = (
        Pass("network", images=1), Pass("network", images=1), Pass("average", images=1, grad=False),
    )  # fmt: skip
    average: PoseNet

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        share = self.config.pretrain
        if share is None:
            share = 0.0 if self.course.started else PRETRAIN
        self.pretrain_steps = round(share * self.course.steps)
        self.own_statistics = False  # as released: the teacher's batch statistics are its own

    @property
    def decay(self) -> float:
        """The teacher's decay once it teaches."""
        steps = self.course.steps - self.pretrain_steps
        return min(self.config.ema, 1 - 1 / max(1.0, self.config.memory * steps))

    @property
    def begins(self) -> int:
        """Where pre-training ends."""
        return self.pretrain_steps

    def adapting(self, batch: CropBatch) -> bool:
        """Whether pre-training is over."""
        return batch.draws.step >= self.pretrain_steps

    def after_step(self, step: int) -> None:
        """Move the teacher."""
        adapting = step >= self.pretrain_steps
        decay = self.decay if adapting else ema_decay(0.99, step)
        own = adapting and self.own_statistics
        ema_update(self.average, self.network, decay, statistics=not own)

    @torch.no_grad()
    def teach(self, view: View) -> Tensor:
        """The teacher's maps of a view, in that view."""
        self.average.train(self.own_statistics)
        maps_BKHW: Tensor = self.average(view.image_BCHW).float()
        return maps_BKHW

    def base(self, batch: CropBatch) -> Tensor:
        """Matrices of the base view, the whole crop, where views of it can be compared."""
        crop = batch.crop_BHWC
        matrix_33 = resize_matrix(crop.shape[1], self.side).to(crop.device)
        return matrix_33.expand(len(crop), 3, 3)

    def to_base(self, maps_BKHW: Tensor, view: View, batch: CropBatch) -> Tensor:
        """Maps of a view carried to the base view."""
        return warp_maps(maps_BKHW, view.matrix_B33, self.base(batch), self.side)

    def from_base(self, place_BK2: Tensor, view: View, batch: CropBatch) -> Tensor:
        """Places in cells of the base view to pixels of another view."""
        to_pixels_33 = resize_matrix(self.cells, self.side).to(place_BK2.device)
        crop_BK2 = apply(inverted(self.base(batch)), apply(to_pixels_33, place_BK2))
        return apply(view.matrix_B33, crop_BK2)

    def misplaced(self, view: View, batch: CropBatch) -> Tensor:
        """How far the published code misses a joint in the view: it shifts back by a quarter only.

        Translation is divided by the maps' stride, 4, for images too.
        """
        middle_B12 = view.matrix_B33.new_full((1, 1, 2), (batch.crop_BHWC.shape[1] - 1) / 2)
        shift_B12 = apply(view.matrix_B33, middle_B12) - (self.side - 1) / 2
        return -0.75 * shift_B12

    def train(self, mode: bool = True) -> Self:
        """Switch to training; teacher and whatever has no learning in it stay as they are."""
        super().train(mode)
        self.average.eval()
        return self
