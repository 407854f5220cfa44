"""Adaptation methods: one readable file each, none imports another."""

NAMES = (
    "source_only", "source_strong", "mean_teacher", "regda", "udape", "mla", "lodestar",
    "supervised",
)  # fmt: skip
