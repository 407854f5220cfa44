"""RegDA: an adversarial regressor finds where target features err, and the features move away.

Jiang et al., "Regressive Domain Adaptation for Unsupervised Keypoint Detection", CVPR 2021. f are
the features, h the head that predicts, h' the adversary of the same form. From h's prediction, T_k
is a Gaussian on the argmax cell of joint k, F_k the other joints' Gaussians: where k is likely to
be mistaken. Three updates a step:

A. source: f, h, h' minimise L(h(f), label) + margin eta L(h'(f), T);
B. target: h' alone minimises eta L(h'(f), F): it goes where the mistakes are;
C. target: f alone minimises eta L(h'(f), T): the features leave the adversary no room.

L is the KL divergence of distributions over cells. The gradient h' sends into f is scaled by
lambda(i), which grows from 0 to .1. Heads have random starts and learn ten times as fast as f.

Deviations: a joint outside the view counts nothing, where the published code divides 0 by 0;
labels are rounded to cells from (x + .5) / 4 - .5, published from x / 4; B and C weigh all joints
alike (the published code uses the target labels' visibility there); f is computed once for B and C,
which is the same computation, for B moves h' only, except that batch statistics are counted once;
lambda's published span of 1,000 of 15,000 steps is a share of the run; averaged weights predict
(``ema: 0`` for the raw ones).

Legend: B batch, K keypoints, H W map rows and columns.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import torch
from pydantic import Field
from torch import Tensor, nn

from poseshift.data.heatmap import encode_protocol
from poseshift.data.types import LabeledBatch, UnlabeledBatch
from poseshift.data.views import apply, labeled_view, random_view, resize_matrix
from poseshift.methods.base import METHODS, Method, MethodConfig, Pass, Phase
from poseshift.methods.parts.losses import heatmap_kl
from poseshift.methods.parts.pseudo import ground_false_maps, ground_truth_maps
from poseshift.nn.gradient import scale_gradient
from poseshift.nn.posenet import NetworkConfig, regressor


class RegdaConfig(MethodConfig):
    """Settings of RegDA; the defaults are the published ones, but for ``ema`` (published: none)."""

    margin: float = Field(4.0, ge=0, description="weight of the adversary on the source")
    trade_off: float = Field(1.0, ge=0, description="eta, weight of all adversarial losses")
    warm_up: float = Field(1 / 15, gt=0, description="span of lambda's growth, share of the run")
    smallest: float = Field(0.0, ge=0, description="where lambda begins")
    largest: float = Field(0.1, ge=0, description="where lambda ends")
    eps: float = Field(1e-7, ge=0, description="added to pseudo targets in their logarithm")
    feature_rate: float = Field(0.1, gt=0, description="rate of the features, the heads' being 1")


def warm_lambda(i: float, span: float, high: float = 0.1, low: float = 0.0) -> float:
    """lambda(i) = 2 (high - low) / (1 + exp(-i / span)) - (high - low) + low.

    Example:
        >>> [round(warm_lambda(i, 1000), 4) for i in (0, 500, 1000, 5000)]
        [0.0, 0.0245, 0.0462, 0.0987]
    """
    return 2 * (high - low) / (1 + math.exp(-i / span)) - (high - low) + low


@METHODS.register("regda")
class Regda(Method[UnlabeledBatch]):
    """RegDA."""

    name = "regda"
    target = "unlabeled"
    Config = RegdaConfig
    config: RegdaConfig
    passes = (Pass("network", images=1), Pass("network", images=1))

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        channels = self.network.upsample.channels
        self.adversary = regressor(channels, self.network.joints, "conv")

    @classmethod
    def shape(cls, network: NetworkConfig, config: MethodConfig) -> NetworkConfig:
        """Two-layer heads of logits, as published."""
        return network.model_copy(update={"regressor": "conv", "output": "logits"})

    def groups(self) -> dict[str, list[nn.Parameter]]:
        """f, h and h'."""
        network = self.network
        return {
            "features": [*network.backbone.parameters(), *network.upsample.parameters()],
            "head": list(network.head.parameters()),
            "adversary": list(self.adversary.parameters()),
        }

    def rates(self) -> dict[str, float]:
        """The features are fine-tuned, the heads learned anew."""
        return {"features": self.config.feature_rate}

    def phases(self, source: LabeledBatch, target: UnlabeledBatch) -> Iterator[Phase]:
        """Three updates: A, B and C."""
        config, network, adversary = self.config, self.network, self.adversary
        eta, eps = config.trade_off, config.eps
        span = config.warm_up * self.course.steps
        scale = warm_lambda(source.draws.step, span, config.largest, config.smallest)

        image_BCHW, label_BKHW, weight_BK = self._labeled(source)
        features = network.features(image_BCHW)
        logits_BKHW = network.head(features)
        truth_BKHW = ground_truth_maps(logits_BKHW.detach())
        guess_BKHW = adversary(scale_gradient(features, scale))
        losses = {
            "supervised": heatmap_kl(logits_BKHW, label_BKHW, weight_BK),
            "adversary": config.margin * eta * heatmap_kl(guess_BKHW, truth_BKHW, weight_BK, eps),
        }
        yield Phase(losses, ("features", "head", "adversary"))

        view = random_view(target, self.view, self.side)
        features = network.features(view.image_BCHW)
        with torch.no_grad():
            truth_BKHW = ground_truth_maps(network.head(features))
        every_BK = torch.ones_like(weight_BK)
        false_BKHW = ground_false_maps(truth_BKHW)
        guess_BKHW = adversary(features.detach())
        loss = eta * heatmap_kl(guess_BKHW, false_BKHW, every_BK, eps)
        yield Phase({"ground_false": loss}, ("adversary",))

        guess_BKHW = adversary(scale_gradient(features, scale))
        loss = eta * heatmap_kl(guess_BKHW, truth_BKHW, every_BK, eps)
        yield Phase({"ground_truth": loss}, ("features",))

    def _labeled(self, batch: LabeledBatch) -> tuple[Tensor, Tensor, Tensor]:
        """A labelled view with the published, cut-off maps on whole cells."""
        view, points_BK2, weight_BK = labeled_view(batch, self.view, self.side, self.skeleton)
        to_cells = resize_matrix(self.side, self.cells).to(points_BK2.device)
        label_BKHW = encode_protocol(apply(to_cells, points_BK2), self.cells)
        return view.image_BCHW, label_BKHW, weight_BK
