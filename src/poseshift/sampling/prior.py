"""Prior: source bins are drawn as the poses of a prior fall into them.

Our own. Where ``target-aware`` goes by predictions, this goes by a handful of target poses: a prior
adapted to them (``poseshift prior adapt``) is sampled, the source's score tells which bins its
poses fall into, and half of every batch follows that histogram.

Legend: M poses of the prior, K joints, k bins.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from poseshift.data.domain import LabeledDomain
from poseshift.data.types import VISIBLE
from poseshift.errors import BadInput
from poseshift.prior.folder import open_prior
from poseshift.sampling.base import SAMPLERS
from poseshift.sampling.bin_sampler import BinSampler, BinSamplerConfig, Doubles
from poseshift.sampling.poses import Poses, normalized
from poseshift.sampling.scores import load_score
from poseshift.sampling.target_aware import histogram
from poseshift.skeleton import Skeleton, joint_map

POSES = 10_000  # of the prior


class PriorConfig(BinSamplerConfig):
    """Which prior, and how much it is heard."""

    folder: str = Field(description="prior that poseshift prior fit or adapt has made")
    p: float = Field(0.5, ge=0, le=1, description="share drawn as the prior's poses ask for")


@SAMPLERS.register("prior")
class PriorSampler(BinSampler):
    """Uniform, and as the poses of a prior are, mixed."""

    Config: ClassVar[type[BinSamplerConfig]] = PriorConfig
    config: PriorConfig

    def __init__(self, config: Any, domain: LabeledDomain, steps: int, seed: int) -> None:
        # Before the source is scored, which takes its time: a wrong folder is told at once.
        poses = prior_poses(config.folder, domain.pack.skeleton)
        super().__init__(config, domain, steps, seed)
        score_M = load_score(self.bins.folder).scores(poses)
        wanted_k = histogram(self.bins.find(score_M), self.bins.k) * (self.size_k > 0)
        every_k = self.size_k / self.length
        self._share_k: Doubles = (1 - config.p) * every_k + config.p * wanted_k / wanted_k.sum()
        # A prior that was made anew is another sampler, whatever its folder is called.
        said = self.fingerprint.encode() + self._share_k.tobytes()
        self.fingerprint = hashlib.sha256(said).hexdigest()[:16]

    def shares(self, step: int) -> Doubles:
        """The same at every step."""
        return self._share_k


def prior_poses(folder: str, joints: Skeleton) -> Poses:
    """M poses of a prior, with these joints."""
    prior = open_prior(Path(folder))
    fix = f"fit the prior with --skeleton {joints.name}"
    try:
        mapping = joint_map(prior.skeleton, joints)
    except BadInput as error:
        raise BadInput(error.problem, where=folder, fix=fix) from error
    if mapping.missing:
        raise BadInput(
            f"its poses have no {', '.join(mapping.missing)}, by which the source is scored",
            where=folder,
            fix=fix,
        )
    points_MK2 = prior.sampler.sample(POSES, seed=0).numpy()
    seen_MK = np.full(points_MK2.shape[:2], VISIBLE, np.uint8)
    return normalized(*mapping.apply(points_MK2, seen_MK), joints)
