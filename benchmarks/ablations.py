"""Arms of the ablations, of the published pre-trainings and of fine-tuning on a few labels."""

from __future__ import annotations

from benchmarks.arms import FURTHER, START, Arm

ABLATIONS = {
    "mla, consistency alone": Arm("mla", {"image": 0.0, "feature": 0.0, "pose": 0.0}),
    "mla, image level": Arm("mla", {"feature": 0.0, "pose": 0.0}),
    "mla, feature level": Arm("mla", {"image": 0.0, "pose": 0.0}),
    "mla, pose level": Arm("mla", {"image": 0.0, "feature": 0.0}),
    "mla as released": Arm("mla", {"as_released": True}),
    **{f"mla, feature weight {w}": Arm("mla", {"feature": w}) for w in (0.01, 1.0)},
    **{f"mla, pose weight {w}": Arm("mla", {"pose": w}) for w in (0.001, 0.1)},
    **{f"mla, consistency weight {w}": Arm("mla", {"consistency": w}) for w in (0.3, 3.0)},
    "udape without style": Arm("udape", {"source_style": 0.0, "target_style": 0.0}),
    "udape without normalisation": Arm("udape", {"normalise": False}),
    "udape without mask": Arm("udape", {"keep": 1.0}),
    "udape without occlusion": Arm("udape", {"occlusion": 0.0}),
    "udape as released": Arm("udape", {"as_released": True}),
}
TOTAL = START + FURTHER
OWN_PRETRAINING = {
    "udape, own pre-training": Arm("udape", {"pretrain": START / TOTAL}, steps=TOTAL, begun=None),
    "regda, own pre-training": Arm("regda", begun={"loss": "kl"}),
}
FEW = {f"finetune-{k}": Arm("source_only", few=k, checkpoints=1) for k in (5, 20, 50)}
