"""Joints read off skeleton images, and how much of a picture they explain.

A small network gives a map a joint; the mean of its rows, and of its columns, each through a
softmax, is where the joint is (marginal soft-argmax, as KeypointGAN reads its images). It learns
from rendered source poses, bent, mirrored, turned and moved far beyond what the source does, so
that it brings no prior of its own. What it read is drawn again: a picture that its joints do not
explain is no pose.

Legend: B pictures, S source poses, K joints, C channels, D hinge coordinates.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.func import functional_call

from poseshift.prior.descent import descend
from poseshift.prior.hinge import Hinge
from poseshift.prior.image.render import STROKE, Bones, skeleton_image, to_canvas
from poseshift.prior.poses import normalised

MAP = 16  # side of the maps joints are read off, unless the picture is smaller
BEND = 0.5  # of the source's own spread: what half of the poses are bent by
TURN, MOVE = 0.3, 0.05  # deviations of the turn (radians) and of the place (of the canvas's half)
SIZE = (0.75, 1.1)  # against the source's
WIDE = (1.1, 2.2)  # pixels of a stroke
LIGHT, GRAIN = (0.7, 1.2), 0.1  # brightness, and the deviation of the noise at most


class Reader(nn.Module):
    """Where joints are in a picture.

    Args:
        channels: Of a picture.
        joints: To be read.
        side: Of a picture.

    Example:
        >>> Reader(channels=3, joints=16, side=32)(torch.zeros(2, 3, 32, 32)).shape
        torch.Size([2, 16, 2])
    """

    def __init__(self, channels: int, joints: int, side: int) -> None:
        super().__init__()
        halvings = max(0, int(math.log2(side / MAP)))
        widths = [channels, 32, *[64] * max(1, halvings - 1)]
        layers: list[nn.Module] = []
        for step, (before, after) in enumerate(pairwise(widths)):
            stride = 2 if step < halvings else 1
            layers += [nn.Conv2d(before, after, 5, stride, 2), *_evened(after)]
        for reach in (1, 2, 4):  # wide enough to tell which bone of a chain one stands on
            layers += [nn.Conv2d(64, 64, 3, 1, reach, dilation=reach), *_evened(64)]
        self.maps = nn.Sequential(*layers, nn.Conv2d(64, joints, 1))

    def forward(self, picture_BCSS: Tensor) -> Tensor:
        """Joints (B, K, 2) on a canvas of [-1, 1]."""
        map_BKSS = self.maps(picture_BCSS)
        side = map_BKSS.shape[-1]
        place_S = (torch.arange(side, device=map_BKSS.device) * 2 + 1) / side - 1
        x_BK, y_BK = (map_BKSS.mean(axis).softmax(-1) @ place_S for axis in (2, 3))
        return torch.stack([x_BK, y_BK], -1)


def _evened(channels: int) -> list[nn.Module]:
    return [nn.InstanceNorm2d(channels, affine=True), nn.ReLU()]


class Look(NamedTuple):
    """What a picture shows of poses, and in which size.

    Attributes:
        bones: What is drawn.
        side: Pixels of a side.
    """

    bones: Bones
    side: int

    def draw(self, canvas_BK2: Tensor, stroke: float | Tensor = STROKE) -> Tensor:
        """Pictures from -1 to 1, as generators make them."""
        return 2 * skeleton_image(canvas_BK2, self.bones, self.side, stroke) - 1


def fit_reader(
    source_SD: Tensor,
    sd_D: Tensor,
    hinge: Hinge,
    look: Look,
    steps: int,
    rng: torch.Generator,
    batch: int = 64,
    lr: float = 3e-3,
) -> Reader:
    """Train a reader on rendered poses.

    Args:
        source_SD: Hinge coordinates of source poses.
        sd_D: Their spread.
        hinge: What the coordinates mean.
        look: How poses are drawn.
        steps: Updates.
        rng: Of everything, the first weights too.
        batch: Pictures of an update.
        lr: Of Adam.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(torch.randint(2**31, (), generator=rng)))
        reader = Reader(len(look.bones.channels), len(hinge.skeleton), look.side)

    def loss(values: Mapping[str, Tensor], step: int) -> Tensor:
        with torch.no_grad():
            rows = torch.randint(len(source_SD), (batch,), generator=rng)
            canvas_BK2 = varied(source_SD[rows], sd_D, hinge, rng)
            picture_BCSS = worn(look, canvas_BK2, rng)
        read_BK2 = functional_call(reader, dict(values), (picture_BCSS,))
        far: Tensor = (read_BK2 - canvas_BK2).norm(dim=-1)
        return far.mean()

    start = {name: value.detach() for name, value in reader.named_parameters()}
    reader.load_state_dict(descend(start, loss, lr, steps))
    return reader.requires_grad_(False)


def varied(hinge_BD: Tensor, sd_D: Tensor, hinge: Hinge, rng: torch.Generator) -> Tensor:
    """Poses on the canvas (B, K, 2): half of them bent, half mirrored, all turned and moved."""
    count = len(hinge_BD)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=rng)

    def uniform(low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(count, 1, 1, generator=rng)

    bent_B1 = (torch.rand(count, 1, generator=rng) < 0.5) * BEND
    points_BK2 = normalised(hinge.join(hinge_BD + bent_B1 * sd_D * normal(*hinge_BD.shape)))[0]
    mirrored_BK2 = points_BK2[:, list(hinge.skeleton.flip)] * torch.tensor([-1.0, 1.0])
    points_BK2 = mirrored_BK2.where(uniform(0, 1) < 0.5, points_BK2)
    turn_B = TURN * normal(count)
    rows_B22 = torch.stack([turn_B.cos(), turn_B.sin(), -turn_B.sin(), turn_B.cos()], -1)
    turned_BK2 = points_BK2 @ rows_B22.reshape(-1, 2, 2)
    return to_canvas(turned_BK2) * uniform(*SIZE) + MOVE * normal(count, 1, 2)


def worn(look: Look, canvas_BK2: Tensor, rng: torch.Generator) -> Tensor:
    """Pictures of strokes now thin, now wide, now bright, now dark, with noise."""
    count = len(canvas_BK2)

    def uniform(low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(count, 1, 1, 1, generator=rng)

    light_BCSS = (look.draw(canvas_BK2, uniform(*WIDE)) + 1) * uniform(*LIGHT)
    noise_BCSS = torch.randn(light_BCSS.shape, generator=rng)
    return light_BCSS - 1 + uniform(0, GRAIN) * noise_BCSS


@torch.no_grad()
def readout_error(reader: Reader, look: Look, points_NK2: Tensor) -> float:
    """Mean distance between joints and what is read off their pictures, of the picture's side."""
    canvas_NK2 = to_canvas(points_NK2)
    far = [
        (reader(look.draw(some)) - some).norm(dim=-1).mean(-1)
        for some in torch.split(canvas_NK2, 256)
    ]
    return float(torch.cat(far).mean()) / 2


@torch.no_grad()
def unexplained(picture_BCSS: Tensor, canvas_BK2: Tensor, look: Look) -> Tensor:
    """Share (B,) of the light of a picture that its joints do not explain, or explain too much.

    Squares of differences between the picture and the one drawn from its joints, over those of the
    latter: 0 for a perfect picture, 1 for a black one.
    """
    drawn_BCSS = look.draw(canvas_BK2) + 1
    apart_BCSS = (picture_BCSS + 1).clamp(0, 2) - drawn_BCSS
    return apart_BCSS.square().sum((1, 2, 3)) / drawn_BCSS.square().sum((1, 2, 3)).clamp(min=1e-6)
