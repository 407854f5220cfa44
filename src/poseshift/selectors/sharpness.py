"""Sharpness: how high the heatmaps' peaks are on the target.

The average confidence (Garg et al., Leveraging Unlabeled Data to Predict Out-of-Distribution
Performance, ICLR 2022) of a heatmap network. Blank maps have none; a network that is sure of
nonsense has much, so it never decides alone.
"""

from __future__ import annotations

from poseshift.selectors.base import SELECTORS, Evidence


@SELECTORS.register("sharpness")
def sharpness(evidence: Evidence) -> float:
    """Mean peak; above the labels' own peak of 1 nothing is gained."""
    return float(evidence.peak_NK.clamp(0, 1).mean())
