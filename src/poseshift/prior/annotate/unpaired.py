"""Annotation of frames nobody labelled: predicted skeletons must look like the prior's.

After KeypointGAN (Jakab et al., CVPR 2020), small:

    x  --encoder-->  joints p  --renderer-->  skeleton image s;   decoder(s, x') ~ x

where x' is another frame of the same individual, which lends its looks. Only the way through s can
say how x differs from x', so joints have to be where the body is; that joints of a batch are
distributed as the prior's poses, by the energy distance, says which joint is which.

Deviations: the energy distance stands for the paper's critic of skeleton images, against which a
short training fell to a dot (docs/fidelity.md); it has nothing to learn, and poses that are all
alike are far from any prior. Joints are read off the encoder's maps by soft-argmax, where the paper
draws a skeleton image first and reads joints off that; pixels at three scales stand for its
perceptual loss; bones have a channel for each side, else left and right could not be told apart.

Beyond the paper: pictures whose joints are known, such as puppets drawn in the prior's poses, teach
the encoder too, alone at first. ``pairs: 0`` does without.

Legend: B batch, N frames, K joints, E bones, C channels, H W and S S sides of pictures.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor

from poseshift.data.views import plain_view
from poseshift.devices import pick_precision
from poseshift.errors import UserError
from poseshift.nn.posenet import NetworkConfig, PoseNet
from poseshift.precision import Precision
from poseshift.prior.annotate.annotator import Annotator, expected
from poseshift.prior.annotate.footage import Footage
from poseshift.prior.annotate.pictures import Pictures
from poseshift.prior.annotate.placing import Placing
from poseshift.prior.annotate.translator import Translator
from poseshift.prior.compare import Sampler
from poseshift.prior.energy import energy_distance, spread
from poseshift.prior.image.render import Bones, bones_of, skeleton_image
from poseshift.settings import Frozen
from poseshift.skeleton import Skeleton

POSES, COMPARED = 20_000, 512  # of the prior: drawn once, and looked at in an update
SCALES = (1, 2, 4)  # at which pictures are compared

Report = Callable[[int, dict[str, float]], None]


class UnpairedConfig(Frozen):
    """How the annotator is trained."""

    steps: int = Field(6000, ge=1, description="updates")
    batch: int = Field(16, ge=2, description="frames an update")
    lr: float = Field(1e-3, gt=0, description="of Adam, falling along half a cosine")
    side: int = Field(64, ge=32, le=256, multiple_of=32, description="pixels a side")
    stroke: float = Field(1.5, gt=0, description="pixels in which a bone's light falls to 1 / e")
    prior: float = Field(1.0, ge=0, description="weight of likeness to the prior's poses")
    rebuilt: float = Field(1.0, ge=0, description="weight of the frame rebuilt")
    pairs: float = Field(10.0, ge=0, description="weight of pictures whose joints are known")
    alone: float = Field(0.5, ge=0, le=1, description="share of updates that see only these")
    precision: Precision = Field("auto", description="auto: bf16 where the processor has it")


def train_unpaired(
    footage: Footage,
    poses: Sampler,
    joints: Skeleton,
    placing: Placing,
    config: UnpairedConfig | None = None,
    seed: int = 0,
    report: Report | None = None,
    *,
    pictures: Pictures | None = None,
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
        pictures: Whose joints are known; none, and frames and prior are all there is.
    """
    config = config or UnpairedConfig()
    known = pictures if config.pairs else None
    return _Training(footage, poses, joints, placing, config, seed, known).go(report)


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
        pictures: Pictures | None,
    ) -> None:
        torch.manual_seed(seed)
        self.footage, self.config, self.placing = footage, config, placing
        self.pictures = pictures
        self.rng = torch.Generator().manual_seed(seed)
        self.poses_NK2 = poses.sample(POSES, seed)
        self.bones = bones_of(joints)
        self.encoder = PoseNet(NetworkConfig(output="logits"), len(joints))
        self.decoder = Translator(len(self.bones.channels))
        parameters = [*self.encoder.parameters(), *self.decoder.parameters()]
        self.adam = torch.optim.Adam(parameters, config.lr, betas=(0.5, 0.99))
        bf16 = pick_precision(config.precision, "cpu") == "bf16"
        self.mixed = partial(torch.autocast, "cpu", torch.bfloat16, enabled=bf16)

    def go(self, report: Report | None) -> Annotator:
        steps, known = self.config.steps, self.pictures
        for step in range(steps):
            rate = self.config.lr * (1 + math.cos(math.pi * step / steps)) / 2
            self.adam.param_groups[0]["lr"] = rate
            alone = known is not None and step < self.config.alone * steps
            losses = self._losses(frames=not alone)
            self.adam.zero_grad()
            torch.autograd.backward(torch.stack(list(losses.values())).sum())
            self.adam.step()
            if step % 100 == 99 or step + 1 == steps:
                told = {name: float(value.detach()) for name, value in losses.items()}
                if not all(map(math.isfinite, told.values())):
                    raise UserError(
                        f"training broke down by step {step + 1}: a loss is not finite",
                        fix=f"lower the rate: --set lr={self.config.lr / 10:g}",
                    )
                if report is not None:
                    report(step + 1, told)
        return Annotator(self.encoder, self.config.side)

    def _losses(self, *, frames: bool) -> dict[str, Tensor]:
        """The weighted terms of an update; pictures and frames pass the encoder as one batch."""
        config, images, losses = self.config, list[Tensor](), dict[str, Tensor]()
        if self.pictures is not None:
            picture_BCHW, known_BK2 = self.pictures.draw(config.batch, self.rng)
            images.append(picture_BCHW)
        if frames:
            frame_BCHW, other_BCHW = self._frames()
            images.append(frame_BCHW)
        with self.mixed():
            logits_BKHW = self.encoder(torch.cat(images))
        canvas_BK2 = expected(logits_BKHW.float())  # 8 bits would put a joint pixels off
        if self.pictures is not None:
            away = (canvas_BK2[: config.batch] - known_BK2).abs().mean()
            losses["pairs"] = config.pairs * away
        if frames:
            found_BK2 = canvas_BK2[-config.batch :]
            drawn_BCSS = self._draw(found_BK2)
            with self.mixed():
                rebuilt_BCHW = self.decoder(drawn_BCSS, other_BCHW)
            losses["rebuilt"] = config.rebuilt * likeness(rebuilt_BCHW.float(), frame_BCHW)
            losses["prior"] = config.prior * unlike(found_BK2, self._prior(), self.bones)
        return losses

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
        row_B = torch.randint(len(self.poses_NK2), (COMPARED,), generator=self.rng)
        return self.placing(self.poses_NK2[row_B], self.rng)

    def _draw(self, canvas_BK2: Tensor) -> Tensor:
        return skeleton_image(canvas_BK2, self.bones, self.config.side, self.config.stroke)


def unlike(found_BK2: Tensor, prior_NK2: Tensor, bones: Bones) -> Tensor:
    """Energy distance of poses on the canvas, by joints and by bones; around 0 where all is alike.

    Example:
        >>> from poseshift.skeleton import skeleton
        >>> poses, bones = torch.randn(400, 16, 2), bones_of(skeleton("body16"))
        >>> unlike(poses[:200], poses[200:], bones).abs() < 0.2
        tensor(True)
        >>> unlike(torch.zeros(200, 16, 2), poses[200:], bones) > 1  # a dot
        tensor(True)
    """
    found, prior = (
        [x.flatten(1), (x[:, bones.end_E] - x[:, bones.start_E]).flatten(1)]
        for x in (found_BK2, prior_NK2)
    )
    itself = torch.stack([spread(view) for view in prior]).sum()
    return energy_distance(found, prior) - itself


def likeness(one_BCHW: Tensor, other_BCHW: Tensor) -> Tensor:
    """Mean absolute difference of pictures, over several scales."""
    found = [
        (F.avg_pool2d(one_BCHW, scale) - F.avg_pool2d(other_BCHW, scale)).abs().mean()
        for scale in SCALES
    ]
    return torch.stack(found).mean()
