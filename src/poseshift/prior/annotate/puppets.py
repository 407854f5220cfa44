"""Labelled pictures in the poses of a prior: puppets of a built-in world, traced.

So an adapted prior becomes training data: alone, what a regressor learns from without one labelled
target image; behind samples of the world itself, more of the poses the target asks for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path

from poseshift.data.baked import SIDE, WorldSpec
from poseshift.data.pack import Pack, PackWriter
from poseshift.data.puppets.tracing import POOL, Tracer
from poseshift.data.types import Sample
from poseshift.errors import UserError
from poseshift.prior.compare import Sampler
from poseshift.skeleton import Skeleton, skeleton


def write_puppets(
    path: str | Path,
    poses: Sampler,
    joints: Skeleton,
    spec: WorldSpec,
    count: int,
    *,
    own: bool = False,
    side: int = SIDE,
    seed: int = 0,
    pool: int = POOL,
    made_by: str = "",
) -> Pack:
    """Write a Pack of puppets in sampled poses.

    Args:
        path: Folder to create.
        poses: A prior, or whatever else poses can be drawn from.
        joints: The skeleton of those poses, which must be the world's.
        spec: The world whose figures, clothes, cameras and surroundings are drawn.
        count: How many puppets.
        own: Begin with the world's own samples, as many as the spec says.
        side: Pixels a side.
        seed: Of the poses and of all that is drawn.
        pool: Poses of the world among which similar ones are looked for.
        made_by: What the Pack should say of itself.
    """
    figure = skeleton(spec.world.skeleton)
    if joints.keypoints != figure.keypoints:
        raise UserError(
            f"draws {figure.name}, the poses are of {joints.name}",
            where=f"world {spec.world.name}",
            fix=f"fit the prior with --skeleton {figure.name}, or name a world of {joints.name}",
        )
    first = spec.world.samples(range(spec.count), side, spec.split, workers=0) if own else ()
    traced = _traced(Tracer(spec.world, pool), poses, count, seed, side)
    with PackWriter(path, figure, side, crop_from="world", made_by=made_by) as writer:
        for sample in chain(first, traced):
            writer.add(replace(sample, extra={}))  # a traced puppet has no hinge angles to tell
    return Pack(path)


def _traced(tracer: Tracer, poses: Sampler, count: int, seed: int, side: int) -> Iterator[Sample]:
    for number, points_K2 in enumerate(poses.sample(count, seed).double().numpy()):
        sample = tracer.trace(points_K2, seed * 1_000_000 + number, side)
        yield replace(sample, id=f"{tracer.world.name}/traced/{number:07d}")
