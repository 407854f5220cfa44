"""The methods the tables compare, as arms, and the settings chosen for them on lottery pairs."""

from __future__ import annotations

from benchmarks.arms import MANY, Arm

STYLE = {"style": "colour"}
MLA = {**STYLE, "feature": 0.001}
STRONG = (
    "view.blur=0.01", "view.noise=0.06",
    "view.brightness=0.4", "view.contrast=0.4", "view.saturation=0.4",
)  # fmt: skip
ARMS = {
    "source_only": Arm("source_only"),
    "source_strong": Arm("source_strong", STYLE, STRONG),
    "mean_teacher": Arm("mean_teacher", checkpoints=MANY),
    "regda": Arm("regda", checkpoints=MANY),
    "udape": Arm("udape", STYLE, checkpoints=MANY),
    "mla": Arm("mla", MLA, checkpoints=MANY),
    "ours": Arm("lodestar", checkpoints=MANY),
    "supervised": Arm("supervised"),
}
# With ours' weight on the teacher, so that ours does not win by that alone.
TUNED = {
    "udape, weight 0.3": Arm("udape", {**STYLE, "consistency": 0.3}, checkpoints=MANY),
    "mla, weight 0.3": Arm("mla", {**MLA, "consistency": 0.3}, checkpoints=MANY),
}
ADAPTED = ("mean_teacher", "regda", "udape", "mla", "ours")


def some(*names: str) -> dict[str, Arm]:
    """Some of the arms."""
    every = {**ARMS, **TUNED}
    return {name: every[name] for name in names}
