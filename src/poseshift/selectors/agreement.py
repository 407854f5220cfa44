"""Agreement: whether the average that predicts and the network it follows say the same.

Two networks from one training that disagree on unlabelled data are wrong about as often (Jiang et
al., Assessing Generalization of SGD via Disagreement, ICLR 2022); here they are a mean teacher and
its student. At the end of a decaying learning rate the two agree by construction.
"""

from __future__ import annotations

from poseshift.selectors.base import SELECTORS, Evidence, near


@SELECTORS.register("agreement")
def agreement(evidence: Evidence) -> float:
    """Share of joints that both place within 0.05 of the side; NaN where there is no student."""
    if evidence.student_NK2 is None:
        return float("nan")
    return float(near(evidence.place_NK2, evidence.student_NK2).float().mean())
