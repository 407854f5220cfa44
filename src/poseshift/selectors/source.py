"""Source: whether what was learned from labels is still known.

Validation on the labelled training domain (Gulrajani & Lopez-Paz, In Search of Lost Domain
Generalization, ICLR 2021). It says little about the target, except when it falls: an adaptation
that went astray forgets the source too. The crops are ones the network trains on.
"""

from __future__ import annotations

import torch

from poseshift.metrics.pck import pck
from poseshift.selectors.base import NEAR, SELECTORS, Evidence


@SELECTORS.register("source")
def source(evidence: Evidence) -> float:
    """PCK@0.05 of source crops, averaged over joints."""
    hits = pck(
        evidence.source_place_MK2,
        evidence.source_true_MK2,
        evidence.source_counts_MK,
        torch.ones(len(evidence.source_place_MK2)),
        threshold=NEAR,
    )
    return float(hits.per_joint().nanmean())
