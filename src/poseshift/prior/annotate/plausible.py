"""How plausible poses are to a prior: the loop back from pseudo-labels to what poses there are.

The k-nearest-neighbour estimate of a density, among samples of the prior, in joints and hinges at
once. A pose nearer to the samples than samples are to one another is plausible enough and counts in
full; one twice as far counts half: nothing is ruled out that the prior has merely not thought of.
Pseudo-labels are weighed against one another: those of a batch (of a process) count as much in all
as they would without a prior, so that it says which to believe and not how much to believe at all.

Legend: B poses, S samples of the prior, K joints.
"""

from __future__ import annotations

from pathlib import Path
from typing import Self

import torch
from torch import Tensor

from poseshift.errors import BadInput
from poseshift.prior.compare import Sampler
from poseshift.prior.energy import apart, features
from poseshift.prior.folder import open_prior
from poseshift.prior.generator import middle
from poseshift.prior.hinge import hinge_for
from poseshift.prior.poses import normalised
from poseshift.skeleton import Skeleton, joint_map

SAMPLES = 2000
NEIGHBOUR = 5  # the one whose distance counts: nearer ones may be odd poses themselves


class Plausibility:
    """Weights of poses: the more of a batch, the more the prior expects them.

    Args:
        poses: The prior.
        joints: Of its poses.
        given: Of the poses to be judged, mapped to the prior's by name.
        where: The prior's name, for messages.
    """

    def __init__(
        self, poses: Sampler, joints: Skeleton, given: Skeleton, where: str | Path = "the prior"
    ) -> None:
        mapping = joint_map(given, joints)
        if mapping.missing:
            raise BadInput(
                f"judges poses by {', '.join(mapping.missing)}, which {given.name} has not",
                where=where,
                fix=f"fit it with --skeleton {given.name}",
            )
        self.rows = list(mapping.indices)
        points_SK2 = poses.sample(SAMPLES, seed=0)
        self.hinge = hinge_for(joints, points_SK2)
        hinge_SD = self.hinge.split(points_SK2)
        self.spread_D = middle(hinge_SD, self.hinge.angle_D)[1]
        self.known = features(hinge_SD, points_SK2, self.hinge, self.spread_D)
        nearest = NEIGHBOUR + 1  # the nearest of a sample is itself
        self.usual = float(self._away(self.known).kthvalue(nearest, dim=1)[0].median())

    @classmethod
    def open(cls, folder: str | Path, given: Skeleton) -> Self:
        """By the prior in a folder."""
        prior = open_prior(Path(folder))
        return cls(prior.sampler, prior.skeleton, given, folder)

    def __call__(self, place_BK2: Tensor) -> Tensor:
        """Weights (B,) of a batch of poses of any place and size; their mean is 1."""
        weight_B = self.expected(place_BK2)
        return weight_B / weight_B.mean()

    @torch.no_grad()
    def expected(self, place_BK2: Tensor) -> Tensor:
        """How much the prior expects poses (B,), by themselves: 1 in full, always above 0."""
        points_BK2 = normalised(place_BK2[:, self.rows].cpu().float())[0]
        points_BK2 = points_BK2.nan_to_num()  # all joints in one place: as far away as can be
        seen = features(self.hinge.split(points_BK2), points_BK2, self.hinge, self.spread_D)
        away_B = self._away(seen).kthvalue(NEIGHBOUR, dim=1)[0]
        return (self.usual / away_B).clamp(max=1).to(place_BK2.device)

    def _away(self, seen: list[Tensor]) -> Tensor:
        """Distances to the samples (B, S)."""
        return torch.stack([apart(a, b) for a, b in zip(seen, self.known, strict=True)]).sum(0)
