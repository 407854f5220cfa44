"""FlexPose: only a linear map tau of each layer's style is learned, pulled towards the identity.

Wang et al., "FlexPose: Pose Distribution Adaptation with Limited Guidance", AAAI 2025, in its
coordinate analogue: the paper's generator draws skeleton images, this one hinge coordinates.

    s_l = A_l w;  s'_l = tau_l(s_l) = T_l s_l + b_l,  T = I and b = 0 at first;  T A_l is folded

1. linear: tau is affine, here ``diag`` (a scale and a shift a channel), ``block`` (a matrix a
   layer), or, as the ablation, ``mlp`` (a hidden layer beside the identity);
2. sparse: after every update T - I and b are soft-thresholded by rate x lambda, so that what the
   target does not ask for stays exactly as it was. Adam moves a number by about its rate, so lambda
   is the share of a step that is taken back, and from 3 on nothing moves;
3. pose-mixup: a quarter of the target poses are mixtures, hinge by hinge.

Neither formulae nor settings are published: the reading is ours, see ``docs/fidelity.md``. lambda
is given, or ``None``: chosen by folds of the target poses, by the energy score of those left out.

Legend: R runs, L layers, S style, n target poses.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from pydantic import Field
from torch import Tensor

from poseshift.prior.generator import Generator
from poseshift.prior.stylenet import Weights
from poseshift.prior.transfers import tau
from poseshift.prior.transfers.base import TRANSFERS, Learned, TransferConfig
from poseshift.prior.transfers.folds import search
from poseshift.prior.transfers.styled import Styled, StyledConfig

LAMBDAS = (0.0, 0.1, 0.3, 0.5)  # 0 first: among equals the first is taken


class FlexposeConfig(StyledConfig):
    """Settings of FlexPose."""

    structure: tau.Structure = Field("diag", description="what tau may be")
    layers: tuple[int, ...] | None = Field(
        None, description="whose styles tau maps, 0 the first; left out: all"
    )
    sparse: float | None = Field(
        0.5, ge=0, le=10, description="lambda; null: chosen on the target poses"
    )
    lr: float = Field(1e-2, gt=0, le=1, description="of Adam, falling along half a cosine")
    mixup: float = Field(0.25, ge=0, le=1, description="share of target poses that are mixtures")


@TRANSFERS.register("flexpose")
class Flexpose(Styled):
    """Layer-wise tau."""

    name = "flexpose"
    Config = FlexposeConfig

    @classmethod
    def start(
        cls, generator: Generator, config: TransferConfig, rng: torch.Generator
    ) -> dict[str, Tensor]:
        """The tau that changes nothing."""
        assert isinstance(config, FlexposeConfig)
        return tau.same(generator.weights, config.structure, rng, config.layers)

    @classmethod
    def adapted(cls, weights: Weights, values: Learned) -> Weights:
        """Fold tau into A."""
        return tau.folded(weights, values)

    @classmethod
    def shrink(cls, values: Learned, threshold_R: Tensor) -> None:
        """T - I and b a step towards 0."""
        tau.shrink(values, threshold_R)

    @classmethod
    def learn_all(
        cls,
        generator: Generator,
        targets: Sequence[Tensor],
        config: TransferConfig,
        seeds: Sequence[int],
    ) -> list[Learned]:
        """Learn from all draws, with lambda as told or as chosen for each draw."""
        assert isinstance(config, FlexposeConfig)
        if config.sparse is not None:
            return cls.train(generator, targets, config, seeds, [config.sparse] * len(targets))
        choices = [config.model_copy(update={"sparse": strength}) for strength in LAMBDAS]
        chosen = search(cls, generator, targets, choices, seeds)
        return cls.train(generator, targets, config, seeds, [one.sparse or 0.0 for one in chosen])
