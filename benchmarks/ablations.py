"""Arms of the ablations, of the weights tried, of own pre-trainings and of a few labels."""

from __future__ import annotations

from benchmarks.arms import FURTHER, MANY, START, Arm
from benchmarks.methods_compared import MLA, STRONG, STYLE

# Lodestar's views, but for the teacher and the source too: how much of its lead is augmentation.
HARD = (
    *STRONG, "view.rotation=30", "view.scale=[0.8, 1.25]", "view.shift=0.05",
)  # fmt: skip
ABLATIONS = {
    "mla, consistency alone": Arm("mla", {**MLA, "image": 0.0, "feature": 0.0, "pose": 0.0}),
    "mla, image level": Arm("mla", {**MLA, "feature": 0.0, "pose": 0.0}),
    "mla, feature level": Arm("mla", {**MLA, "image": 0.0, "pose": 0.0}),
    "mla, pose level": Arm("mla", {**MLA, "image": 0.0, "feature": 0.0}),
    "mla as released": Arm("mla", {**MLA, "as_released": True}),
    **{f"mla, feature weight {w}": Arm("mla", {**MLA, "feature": w}) for w in (0.0001, 0.01, 0.1)},
    **{f"mla, pose weight {w}": Arm("mla", {**MLA, "pose": w}) for w in (5e-6, 5e-4)},
    "mla, consistency weight 3.0": Arm("mla", {**MLA, "consistency": 3.0}),  # .3 is TUNED
    "udape without style": Arm("udape", {**STYLE, "source_style": 0.0, "target_style": 0.0}),
    "udape without normalisation": Arm("udape", {**STYLE, "normalise": False}),
    "udape without mask": Arm("udape", {**STYLE, "keep": 1.0}),
    "udape without occlusion": Arm("udape", {**STYLE, "occlusion": 0.0}),
    "fourier style alone": Arm(
        "udape", {"style": "fourier", "target_style": 0.0, "consistency": 0.0}
    ),
    "udape as released": Arm("udape", {**STYLE, "as_released": True}),
    "udape in ours' views": Arm("udape", STYLE, HARD),
}
TOTAL = START + FURTHER
OWN_PRETRAINING = {
    "udape, own pre-training": Arm(
        "udape", {**STYLE, "pretrain": START / TOTAL}, steps=TOTAL, begun=None
    ),
    "regda, own pre-training": Arm("regda", begun={"loss": "kl"}),
}
WEIGHTS = {  # on what the teacher says, judged on development pairs
    f"{name}, weight {w}": Arm(method, {**settings, "consistency": w}, checkpoints=MANY)
    for name, method, settings in (
        ("udape", "udape", STYLE), ("mla", "mla", MLA), ("ours", "lodestar", {}),
    )
    for w in (1.0, 0.3, 0.1)
}  # fmt: skip
FEW = {f"finetune-{k}": Arm("source_only", few=k, checkpoints=1) for k in (5, 20, 50)}
