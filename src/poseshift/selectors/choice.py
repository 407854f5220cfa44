"""From a table of scores to a checkpoint: pure functions, so that a rule is easy to swap.

Every validator is fooled by something. Sharpness by a network sure of nonsense, consistency and
sharpness by a method that trains for them, soft neighbourhoods by predictions that are all alike.
:func:`default` therefore lets several vote, each on what it has gained or lost since the start,
with losses counting for more than gains: a good adaptation loses little anywhere, a harmful one a
lot somewhere.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from poseshift.errors import UserError

Scores = Mapping[str, Mapping[int, float]]  # validator -> step -> score

START = 0  # the step adaptation begins from, unless there was pre-training
UNITS = {  # who votes, and the difference that matters
    "consistency": 0.1,
    "infomax": 0.25,
    "prior": 0.25,
    "sharpness": 0.1,
    "source": 0.1,
}
LATE = 0.15  # merit given up for a later checkpoint: more training, less luck
HARM = 0.75  # merit an adaptation must have lost before its start is kept
WORST = math.log(4)  # units: at a loss of these a vote is -3 and cannot fall further


def default(scores: Scores, start: int = START, *, late: float = LATE) -> int:
    """The step to keep: the latest among the best adapted ones, or the start if all harm.

    Args:
        scores: From the start on.
        start: The step adaptation began from, whether it was kept or not.
        late: Merit given up for a later checkpoint; the default was chosen on development pairs.

    Example:
        >>> grew = {0: 0.50, 100: 0.62, 200: 0.70, 300: 0.71}
        >>> fell = {0: 0.50, 100: 0.31, 200: 0.22, 300: 0.15}
        >>> default({"consistency": grew, "source": grew})
        300
        >>> default({"consistency": fell, "source": fell})
        0
    """
    merit = merits(scores)
    adapted = [step for step in merit if step != start] or list(merit)
    best = max(merit[step] for step in adapted)
    if start in merit and best < merit[start] - HARM:
        return start
    return max(step for step in adapted if merit[step] >= best - late)


def single(scores: Scores, validator: str) -> int:
    """The step one validator likes best, the later of two equals."""
    values = scores[validator]
    told = [step for step, value in values.items() if not math.isnan(value)]
    if not told:
        raise UserError(
            f"'{validator}' has nothing to go by in this run",
            fix=f"choose one of: default, {', '.join(n for n in sorted(scores) if n != validator)}",
        )
    return max(told, key=lambda step: (values[step], step))


def merits(scores: Scores) -> dict[int, float]:
    """Mean vote for every step, 0 for the first: the start, where the run has kept it.

    A validator that cannot tell of the first step has no vote; a step it cannot tell of is as bad
    as can be.
    """
    steps = sorted({step for values in scores.values() for step in values})
    first = steps[0]
    voters = [name for name in UNITS if not math.isnan(scores.get(name, {}).get(first, math.nan))]
    if not voters:
        raise UserError(
            f"none of {', '.join(UNITS)} can be told of step {first}",
            fix="look whether its weights are finite numbers",
        )
    total = dict.fromkeys(steps, 0.0)
    for name in voters:
        calm = steadied(scores[name], steps)
        for step in steps:
            total[step] += vote((calm[step] - calm[first]) / UNITS[name]) / len(voters)
    return total


def vote(gain: float) -> float:
    """A gain in units as a vote: gains saturate at 1, losses weigh up to 3.

    Example:
        >>> [round(vote(gain), 2) for gain in (-9, -1, 0, 1, 9)]
        [-3.0, -1.72, 0.0, 0.63, 1.0]
    """
    return 1 - math.exp(min(-gain, WORST))


def steadied(values: Mapping[int, float], steps: Sequence[int]) -> dict[int, float]:
    """Scores without lucky spikes: each at most the median of three neighbours; dips stay.

    The first has nothing before it and stays; the last is compared with the two before it.

    Example:
        >>> steadied({0: 0.5, 1: 0.6, 2: 0.9, 3: 0.7, 4: 0.2}, range(5))
        {0: 0.5, 1: 0.6, 2: 0.7, 3: 0.7, 4: 0.2}
    """
    calm = {}
    for step in steps:
        value = values.get(step, math.nan)
        calm[step] = -math.inf if math.isnan(value) else value
    capped = dict(calm)
    for i in range(1, len(steps) if len(steps) > 2 else 0):
        begin = min(i - 1, len(steps) - 3)
        middle = sorted(calm[step] for step in steps[begin : begin + 3])[1]
        capped[steps[i]] = min(calm[steps[i]], middle)
    return capped
