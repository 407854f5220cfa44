"""Information: how much a joint's heatmap tells of the image it came from.

Mutual information of image and place (Bridle et al., Unsupervised Classifiers, Mutual Information
and Phantom Targets, NIPS 1991; as a validator: Musgrave et al., Three New Validators, 2022): the
entropy of the average map less the average entropy of the maps. Maps that are blank have none, and
neither have maps that are sharp at the same place for every image.
"""

from __future__ import annotations

from torch import Tensor

from poseshift.selectors.base import SELECTORS, Evidence


@SELECTORS.register("infomax")
def infomax(evidence: Evidence) -> float:
    """Mutual information in nats, averaged over joints."""
    together_K = _entropy(evidence.share_NKP.mean(0))
    each_NK = _entropy(evidence.share_NKP)
    return float(together_K.mean() - each_NK.mean())


def _entropy(share_P: Tensor) -> Tensor:
    return -(share_P * share_P.clamp(min=1e-12).log()).sum(-1)
