"""Consistency: whether turned, zoomed and recoloured views get the same prediction.

Invariance on unlabelled data goes with accuracy (Deng et al., On the Strong Correlation Between
Model Invariance and Generalization, NeurIPS 2022). A network that says the same of every image is
caught: its prediction does not turn with the view.
"""

from __future__ import annotations

from poseshift.selectors.base import SELECTORS, Evidence, near


@SELECTORS.register("consistency")
def consistency(evidence: Evidence) -> float:
    """Share of joints found within 0.05 of the side again, of those the view still holds."""
    again_VNK = near(evidence.place_NK2, evidence.view_place_VNK2)
    return float(again_VNK[evidence.view_holds_VNK].float().mean())
