"""``poseshift prior``: generators of poses, adapted with a handful of poses of the target."""

from __future__ import annotations

from collections.abc import Callable

from poseshift.cli.prior.adapt import adapt
from poseshift.cli.prior.annotate import annotate
from poseshift.cli.prior.compare import compare
from poseshift.cli.prior.draw import draw
from poseshift.cli.prior.fit import fit
from poseshift.cli.prior.sample import sample

HELP = "Generators of poses: fit one, adapt it with a few target poses, sample it, compare."
VERBS: tuple[Callable[..., None], ...] = (fit, adapt, sample, draw, annotate, compare)
