"""Learning-rate schedules as functions of the step."""

from __future__ import annotations

import math

from poseshift.config import TrainConfig


def rate(config: TrainConfig, step: int) -> float:
    """Factor on the peak learning rate at a step.

    Example:
        >>> config = TrainConfig(steps=100, warmup=0.1, schedule="cosine")
        >>> [round(rate(config, step), 2) for step in (0, 9, 10, 55, 99)]
        [0.1, 1.0, 1.0, 0.5, 0.0]
    """
    ramp = round(config.warmup * config.steps)
    if step < ramp:
        return (step + 1) / ramp
    share = (step - ramp) / max(1, config.steps - ramp)
    if config.schedule == "cosine":
        return 0.5 * (1 + math.cos(math.pi * share))
    if config.schedule == "multistep":
        return 0.1 ** sum(step >= m * config.steps for m in config.milestones)
    if config.schedule == "inverse":
        return float((1 + 1e-4 * step) ** -0.75)
    return 1.0
