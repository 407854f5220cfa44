"""Which source samples are trained on: scores of poses, bins of scores, and samplers over bins."""

NAMES = ("uniform", "random-subset", "vae-balanced", "vae-cl", "vae-hm", "target-aware", "prior")
