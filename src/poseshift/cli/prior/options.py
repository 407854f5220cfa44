"""Options that the verbs of ``poseshift prior`` share, and what they have in common."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from poseshift.errors import UserError

if TYPE_CHECKING:
    from poseshift.data.formats.base import Camera
    from poseshift.prior.folder import Prior
    from poseshift.prior.poses import PoseSet
    from poseshift.skeleton import Skeleton

Alias = Annotated[
    Path | None, typer.Option("--alias", help="YAML of 'wanted joint: joint of the file'.")
]
Categories = Annotated[
    list[str] | None,
    typer.Option("--category", metavar="NAME", help="Only poses of this class. Repeatable."),
]
CameraWords = Annotated[
    str | None,
    typer.Option(
        "--camera",
        metavar="VIEWS",
        help="How 3D clips (BVH) are seen: views=8,yaw=0:360,pitch=-5:15, in degrees.",
    ),
]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Of all random numbers.")]

MANY = 0.5  # of the pictures rejected: what is left may be little of the distribution
_RANGE = re.compile(r"(-?\d{1,3}(?:\.\d+)?):(-?\d{1,3}(?:\.\d+)?)")


def camera_of(text: str | None) -> Camera:
    """The cameras that ``views=8,yaw=0:90,pitch=-30:30`` says; the usual ones where it does not.

    Example:
        >>> camera_of("views=8,pitch=-30:30")
        Camera(views=8, yaw=(0.0, 360.0), pitch=(-30.0, 30.0))
    """
    from dataclasses import replace

    from poseshift.data.formats.base import LEVEL

    camera = LEVEL
    for word in filter(None, (text or "").split(",")):
        key, _, value = word.partition("=")
        ends = _RANGE.fullmatch(value)
        if key == "views" and re.fullmatch(r"[1-9]\d{0,3}", value):
            camera = replace(camera, views=int(value))
        elif key == "yaw" and ends and float(ends[1]) <= float(ends[2]):
            camera = replace(camera, yaw=(float(ends[1]), float(ends[2])))
        elif key == "pitch" and ends and float(ends[1]) <= float(ends[2]):
            camera = replace(camera, pitch=(float(ends[1]), float(ends[2])))
        else:
            raise UserError(
                f"'{word}' is not views=N, yaw=LOW:HIGH or pitch=LOW:HIGH",
                where="--camera",
                fix="for instance --camera views=8,yaw=0:360,pitch=-5:15",
            )
    return camera


def read(
    path: str,
    wanted: Skeleton | None,
    alias: Path | None,
    categories: list[str] | None,
    camera: str | None,
) -> PoseSet:
    """Read poses, and say on the side what was decided."""
    from poseshift.prior.pose_files import read_poses

    poses, notes = read_poses(
        path, wanted, aliases=alias, categories=categories or (), camera=camera_of(camera)
    )
    for note in notes:
        typer.echo(f"note: {note}", err=True)
    return poses


def tell_rejected(prior: Prior) -> None:
    """Say how many pictures of an image generator are no pose; it draws others for them."""
    rejection_rate = getattr(prior.sampler, "rejection_rate", None)
    if rejection_rate is None:
        return
    share = rejection_rate(count=256)
    mark, fix = ("! ", ": train it for longer") if share > MANY else ("note: ", "")
    typer.echo(f"{mark}{share:.0%} of its pictures are no pose and are drawn anew{fix}", err=True)
