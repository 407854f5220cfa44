"""What to try, from what was found: a few reasons, and one line to paste."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from poseshift.data.views import ViewConfig
from poseshift.errors import command
from poseshift.gap.appearance import MEANING
from poseshift.gap.distance import Distance
from poseshift.gap.pose import Support

FEATURES = ("features, Frechet", "features, probe")
RESOLUTION = "resolution"  # says nothing on its own
POSES = ("rarity", "angles", "nearest pose")
HARD = 0.5  # share of the target's poses in the source's rarest three tenths, where .3 is equal
BEYOND = 0.05  # share of the target's poses that is rarer than nearly all of the source
VIEW = ViewConfig()


@dataclass(frozen=True, slots=True)
class Advice:
    """What to try.

    Attributes:
        reasons: What was found and what helps, a line each.
        command: All of it in one line for a shell; ``None`` where nothing was compared.
    """

    reasons: list[str]
    command: str | None


@dataclass(frozen=True, slots=True)
class Found:
    """What advice rests on.

    Attributes:
        distances: By name.
        support: Where the target's poses lie in the source, if known.
        reach: By name, what nine of ten target poses stay below.
    """

    distances: Mapping[str, Distance]
    support: Support | None
    reach: Mapping[str, float]

    def clear(self, *names: str) -> bool:
        """Whether one of these distances matters."""
        known = [self.distances[name] for name in names if name in self.distances]
        return any(distance.level == "clear" for distance in known)


def advise(source: str, target: str, found: Found, run: str | None) -> Advice:
    """Choose a method, a sampler and ranges of views.

    Example:
        >>> look = Distance("noise", value=0.9, floor=0.1, matters=0.3)
        >>> found = Found({"noise": look}, support=None, reach={})
        >>> advise("a", "b", found, run=None).command
        'poseshift adapt a b --method lodestar'
    """
    if found.distances.keys() <= {RESOLUTION}:
        reason = "nothing could be compared: it takes images of both, or poses of the target"
        return Advice([reason], None)
    parts = [_method(found), _sampler(found), _zoom(found), _shift(found), _turn(found)]
    reasons = [reason for part in parts for reason in part[0]]
    words = [word for part in parts for word in part[1]]
    start = ["--init", run] if run is not None else []
    return Advice(reasons, command("adapt", source, target, *words, *start))


Part = tuple[list[str], list[str]]  # reasons, and words for the command line


def _method(found: Found) -> Part:
    if found.clear(*MEANING, *FEATURES):
        told = [name for name in MEANING if found.clear(name)]
        told += ["features"] if found.clear(*FEATURES) else []
        reason = f"the pictures differ ({', '.join(told)}): a method that exchanges styles"
        return [reason], ["--method", "lodestar"]
    if found.clear(*POSES, "turned", "fill", "off centre", "unseen"):
        alike = "the pictures look alike, " if MEANING.keys() & found.distances.keys() else ""
        reason = f"{alike}the poses or crops differ: a teacher without styles"
        return [reason], ["--method", "mean_teacher"]
    return ["nothing that matters was found: measure the source alone first"], [
        "--method", "source_only",
    ]  # fmt: skip


def _sampler(found: Found) -> Part:
    support = found.support
    if support is None or not found.clear(*POSES):
        return [], []
    reasons, words, hard = [], list[str](), sum(support.share_k[-3:])
    if hard >= HARD:
        reasons.append(
            f"{hard:.0%} of the target's poses are among the source's rarest 30 %: show those more"
        )
        words = ["--sampler", "vae-hm"]
    if support.beyond >= BEYOND:
        reasons.append(
            f"{support.beyond:.0%} are rarer than 99.9 % of the source's: no sampling adds them, a "
            "few labelled frames do (--target-labels)"
        )
    return reasons, words


def _zoom(found: Found) -> Part:
    fill = found.distances.get("fill")
    if fill is None or fill.level != "clear" or not fill.source or not fill.target:
        return [], []
    ratio, (low, high) = fill.target / fill.source, VIEW.scale
    low, high = (
        round(min(10, max(0.1, edge)), 2)
        for edge in (min(low, low * ratio), max(high, high * ratio))
    )
    reason = (
        f"a body fills {fill.target:.0%} of a target crop and {fill.source:.0%} of a source crop: "
        "zoom the source as far, or prepare with another --margin"
    )
    return [reason], ["--set", f"view.scale=[{low},{high}]"]


def _shift(found: Found) -> Part:
    reach = found.reach.get("off centre", 0.0)
    if not found.clear("off centre", "unseen") or reach <= VIEW.shift:
        return [], []
    wide = min(0.5, math.ceil(100 * reach) / 100)
    reason = f"one body in ten is more than {reach:.0%} of the crop off its centre: shift as far"
    return [reason], ["--set", f"view.shift={wide}"]


def _turn(found: Found) -> Part:
    reach = found.reach.get("turned", 0.0)
    if not found.clear("turned") or reach <= VIEW.rotation:
        return [], []
    wide = min(180, 10 * math.ceil(reach / 10))
    reason = f"one pose in ten is turned by more than {reach:.0f} degrees: turn the source as far"
    return [reason], ["--set", f"view.rotation={wide}"]
