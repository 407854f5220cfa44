"""How good a choice without labels is: rules of choice against each other over kept curves.

A rule sees the validators' scores of every checkpoint; its regret is what it loses to a peek at
labels of other images. Both are scored on the same held-out target images.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from benchmarks.arms import FURTHER, MANY, Arm
from benchmarks.common import Row
from benchmarks.methods_compared import MLA, STYLE
from poseshift.selection import scores_from_json
from poseshift.selectors.base import SELECTORS
from poseshift.selectors.choice import START, Scores, default, single

Rule = Callable[[Scores], int]
LATE = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.6)  # of the default rule, tried
HARM = 0.02  # PCK an adaptation must lose to count as one that harms

PAIRS = tuple(f"lottery-{seed}" for seed in range(5))
SOUND = ("mean_teacher", "regda", "udape", "mla", "ours")
# Settings nobody would choose on purpose, and somebody does by accident. They harm early: half the
# steps are enough. Three times the rate, or ten times the teacher, are the milder mistakes.
BRIEF = {"steps": FURTHER // 2, "checkpoints": MANY}
STRESS = {
    "udape, rate x 3": Arm("udape", STYLE, ("train.lr=0.024",), **BRIEF),
    "mla, consistency 10": Arm("mla", {**MLA, "consistency": 10.0}, **BRIEF),
    "udape, rate x 12": Arm("udape", STYLE, ("train.lr=0.1",), **BRIEF),
    "mla, feature weight 3": Arm("mla", {**MLA, "feature": 3.0}, **BRIEF),
    "ours, consistency 100, no mask": Arm(
        "lodestar", {"consistency": 100.0, "keep": (1.0, 1.0)}, **BRIEF
    ),
}


def last(scores: Scores) -> int:
    """Always the last checkpoint."""
    return max(step for values in scores.values() for step in values)


def rules() -> dict[str, Rule]:
    """Every rule by name: the default and its variants, each validator alone, always the last."""
    variants = {f"default, late {late}": partial(default, late=late) for late in LATE}
    alone = {name: partial(single, validator=name) for name in SELECTORS}
    return {"default": default, **variants, "last": last, **alone}


def value_of(row: Row, rule: Rule) -> float:
    """PCK of what a rule chooses in a run."""
    return float(row["curve"][str(rule(scores_from_json(row["scores"])))])


def regret(row: Row, rule: Rule) -> float:
    """PCK a rule loses to the peek."""
    return float(row["pck_peek"]) - value_of(row, rule)


def random_regret(row: Row) -> float:
    """PCK that a checkpoint drawn at random loses to the peek, on average."""
    return float(row["pck_peek"]) - statistics.fmean(row["curve"].values())


def left_out(rows: Sequence[Row]) -> dict[str, dict[str, Any]]:
    """For every pair: the rule the other pairs would choose, and its regrets on this one."""
    told = {}
    for pair in dict.fromkeys(row["pair"] for row in rows):
        others = [row for row in rows if row["pair"] != pair]
        mine = [row for row in rows if row["pair"] == pair]
        mean = {
            name: statistics.fmean(regret(row, rule) for row in others)
            for name, rule in rules().items()
        }
        best = min(mean, key=mean.__getitem__)
        told[pair] = {
            "rule": best,
            "regrets": [regret(row, rules()[best]) for row in mine],
            "default_regrets": [regret(row, default) for row in mine],
        }
    return told


def harms(row: Row) -> bool:
    """Whether a run ends clearly worse than it began."""
    return bool(row["pck_last"] < row["pck_start"] - HARM)


def caught(row: Row) -> bool:
    """Whether the choice escapes the harm."""
    return bool(value_of(row, default) >= row["pck_start"] - HARM)


def alarmed(row: Row) -> bool:
    """Whether the start is kept."""
    return default(scores_from_json(row["scores"])) == START


def harm_told(rows: Sequence[Row]) -> dict[str, dict[str, Any]]:
    """Of runs that collapse and of runs that harm less: how many are escaped, and how."""
    kinds: dict[str, list[Row]] = {"collapsed": [], "milder": []}
    for row in filter(harms, rows):
        kinds["collapsed" if row["pck_last"] < row["pck_start"] / 2 else "milder"].append(row)
    return {
        kind: {
            "runs": len(found),
            "caught": sum(map(caught, found)),
            "kept_start": sum(map(alarmed, found)),
        }
        for kind, found in kinds.items()
    }


def summary(rows: Sequence[Row]) -> Mapping[str, dict[str, float]]:
    """Mean and largest regret of every rule."""
    found = {name: [regret(row, rule) for row in rows] for name, rule in rules().items()}
    found["random"] = [random_regret(row) for row in rows]
    return {
        name: {"regret_mean": statistics.fmean(values), "regret_max": max(values)}
        for name, values in found.items()
    }
