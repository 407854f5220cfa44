"""Annotation from unlabelled frames and a prior: predicted skeletons must look like the prior's.

After KeypointGAN (Jakab et al., CVPR 2020), small:

    x  --encoder-->  joints p  --renderer-->  skeleton image s;   decoder(s, x') ~ x

where x' is another frame of the same individual, which lends its looks. A critic (least squares)
tells s from skeleton images of the prior's poses. Only the way through s can say how x differs from
x', so joints have to be where the body is; the critic says which joint is which.

Deviations: joints are read off the encoder's maps by soft-argmax, where the paper draws a skeleton
image first and reads joints off that; pixels at three scales stand for its perceptual loss; the
critic has one scale and no pool of past images; bones have a channel for each side, else left and
right could not be told apart.

Legend: B batch, N frames, K joints, C channels, H W and S S sides of pictures.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from poseshift.data.views import plain_view
from poseshift.errors import UserError
from poseshift.nn.posenet import NetworkConfig, PoseNet
from poseshift.prior.annotate.annotator import Annotator, expected
from poseshift.prior.annotate.footage import Footage
from poseshift.prior.annotate.placing import Placing
from poseshift.prior.annotate.translator import Critic, Translator
from poseshift.prior.compare import Sampler
from poseshift.prior.image.render import bones_of, skeleton_image
from poseshift.settings import Frozen
from poseshift.skeleton import Skeleton

POSES = 20_000  # of the prior, drawn once
SCALES = (1, 2, 4)  # at which pictures are compared

Report = Callable[[int, dict[str, float]], None]


class UnpairedConfig(Frozen):
    """How the annotator is trained."""

    steps: int = Field(6000, ge=1, description="updates of either side")
    batch: int = Field(16, ge=2, description="frames an update")
    lr: float = Field(1e-3, gt=0, description="of Adam, falling along half a cosine")
    side: int = Field(64, ge=32, le=256, multiple_of=32, description="pixels a side")
    stroke: float = Field(1.5, gt=0, description="pixels in which a bone's light falls to 1 / e")
    adversarial: float = Field(0.3, ge=0, description="weight of the critic's word")
    rebuilt: float = Field(1.0, ge=0, description="weight of the frame rebuilt")


def train_unpaired(
    footage: Footage,
    poses: Sampler,
    joints: Skeleton,
    placing: Placing,
    config: UnpairedConfig | None = None,
    seed: int = 0,
    report: Report | None = None,
) -> Annotator:
    """Learn to annotate frames that nobody labelled.

    Args:
        footage: Of individuals, at least two frames of each.
        poses: The prior of their poses.
        joints: Of the prior.
        placing: Where poses stand in crops, and how large they are.
        config: Of training.
        seed: Of all random numbers.
        report: Called with the step and the losses, now and then.
    """
    return _Training(footage, poses, joints, placing, config or UnpairedConfig(), seed).go(report)


class _Training:
    """The state of one call of :func:`train_unpaired`."""

    def __init__(
        self,
        footage: Footage,
        poses: Sampler,
        joints: Skeleton,
        placing: Placing,
        config: UnpairedConfig,
        seed: int,
    ) -> None:
        torch.manual_seed(seed)
        self.footage, self.config, self.placing = footage, config, placing
        self.rng = torch.Generator().manual_seed(seed)
        self.poses_NK2 = poses.sample(POSES, seed)
        self.bones = bones_of(joints)
        self.encoder = PoseNet(NetworkConfig(output="logits"), len(joints))
        self.decoder, self.critic = Translator(len(self.bones.channels)), Critic(self.bones)
        makers: list[nn.Module] = [self.encoder, self.decoder]
        self.makers = torch.optim.Adam(
            [p for part in makers for p in part.parameters()], config.lr, betas=(0.5, 0.99)
        )
        self.judges = torch.optim.Adam(self.critic.parameters(), config.lr, betas=(0.5, 0.99))

    def go(self, report: Report | None) -> Annotator:
        for step in range(self.config.steps):
            rate = self.config.lr * (1 + math.cos(math.pi * step / self.config.steps)) / 2
            for optimizer in (self.makers, self.judges):
                optimizer.param_groups[0]["lr"] = rate
            losses = self._step()
            if step % 100 == 99 or step + 1 == self.config.steps:
                told = {name: float(value) for name, value in losses.items()}
                if not all(map(math.isfinite, told.values())):
                    raise UserError(
                        f"training broke down by step {step + 1}: a loss is not finite",
                        fix=f"lower the rate: --set lr={self.config.lr / 10:g}",
                    )
                if report is not None:
                    report(step + 1, told)
        return Annotator(self.encoder, self.config.side)

    def _step(self) -> dict[str, Tensor]:
        """The makers' update, then the critic's."""
        frame_BCHW, other_BCHW = self._frames()
        drawn_BCSS = self._draw(expected(self.encoder(frame_BCHW)))
        rebuilt_BCHW = self.decoder(drawn_BCSS, other_BCHW)
        told = (self.critic(drawn_BCSS) - 1).square().mean()
        rebuilt = likeness(rebuilt_BCHW, frame_BCHW)
        self.makers.zero_grad()
        (self.config.adversarial * told + self.config.rebuilt * rebuilt).backward()
        self.makers.step()
        true_BCSS = self._draw(self._prior())
        judged = self.critic(torch.cat([true_BCSS, drawn_BCSS.detach()]))
        true_B, false_B = judged.chunk(2)
        critic = (true_B - 1).square().mean() + false_B.square().mean()
        self.judges.zero_grad()
        critic.backward()
        self.judges.step()
        losses = {"adversarial": told, "rebuilt": rebuilt, "critic": critic}
        return {name: value.detach() for name, value in losses.items()}

    def _frames(self) -> tuple[Tensor, Tensor]:
        """Views of frames, and of other frames of the same individuals."""
        row_B = torch.randint(len(self.footage), (self.config.batch,), generator=self.rng)
        other_B = self.footage.others(row_B, self.rng)
        one_BCHW, other_BCHW = (
            plain_view(self.footage.frame_NHWC[rows_B], self.config.side).image_BCHW
            for rows_B in (row_B, other_B)
        )
        return one_BCHW, other_BCHW

    def _prior(self) -> Tensor:
        """Poses of the prior on the canvas, where poses stand in crops."""
        row_B = torch.randint(len(self.poses_NK2), (self.config.batch,), generator=self.rng)
        return self.placing(self.poses_NK2[row_B], self.rng)

    def _draw(self, canvas_BK2: Tensor) -> Tensor:
        return skeleton_image(canvas_BK2, self.bones, self.config.side, self.config.stroke)


def likeness(one_BCHW: Tensor, other_BCHW: Tensor) -> Tensor:
    """Mean absolute difference of pictures, over several scales."""
    found = [
        (F.avg_pool2d(one_BCHW, scale) - F.avg_pool2d(other_BCHW, scale)).abs().mean()
        for scale in SCALES
    ]
    return torch.stack(found).mean()
