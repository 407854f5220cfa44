"""Worlds and pairs by name."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from poseshift.data.puppets.config import AXES, WorldConfig
from poseshift.data.puppets.figures import FIGURES
from poseshift.errors import UserError, nearest

if TYPE_CHECKING:
    from poseshift.data.puppets.worlds import World, WorldPair

WORLDS: dict[str, WorldConfig] = {
    name: config for figure in FIGURES for name, config in FIGURES[figure].worlds.items()
}
"""Named worlds and what they are made of."""

PAIRS: tuple[str, ...] = tuple(pair for figure in FIGURES for pair in FIGURES[figure].pairs)
"""Named pairs. Any two worlds of a figure pair up: ``a->b``, or along one axis: ``a->b/pose``."""


def world(name: str) -> World:
    """A named world.

    Example:
        >>> world("studio").skeleton
        'body16'
    """
    from poseshift.data.puppets.worlds import World  # draws with OpenCV, which is slow to import

    if name not in WORLDS:
        raise UserError(f"no world is called '{name}'", fix=nearest(name, WORLDS))
    return World(name, WORLDS[name])


def pair(name: str) -> WorldPair:
    """A pair of worlds: ``studio->street``, or along one axis only: ``studio->street/pose``.

    Example:
        >>> pair("studio->street/pose").target.name
        'street/pose'
    """
    from poseshift.data.puppets.worlds import World, WorldPair

    ends, _, axis = name.partition("/")
    source_name, arrow, target_name = ends.partition("->")
    if not arrow:
        raise UserError(
            f"a pair is written 'source->target', found '{name}'", fix=nearest(name, PAIRS)
        )
    source, target = world(source_name), world(target_name)
    if source.skeleton != target.skeleton:
        raise UserError(
            f"'{source_name}' draws {source.skeleton}, '{target_name}' draws {target.skeleton}",
            where=f"pair {name}",
            fix="pair two worlds of the same figure",
        )
    if axis:
        if axis not in AXES:
            raise UserError(
                f"worlds have no axis '{axis}'", where=f"pair {name}", fix=nearest(axis, AXES)
            )
        config = replace(source.config, **{axis: getattr(target.config, axis)})
        target = World(f"{target_name}/{axis}", config)
    return WorldPair(name, source, target)
