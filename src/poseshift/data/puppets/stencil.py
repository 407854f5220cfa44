"""Parts of a figure, compiled to arrays so that drawing looks up no names.

Legend: M discs of all parts, Q parts, C capsules and hulls.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from poseshift.data.puppets.figure import Figure, Part
from poseshift.data.puppets.rig import Array, Growth


class Stencil(NamedTuple):
    """Parts of one style as arrays.

    Attributes:
        parts: The parts, in the order of their inks.
        joint_M: Joint each disc is centred on.
        part_M: Part each disc belongs to.
        radius_M: Radius in figure heights.
        grows_M: What thickens it.
        link_C2: Disc pairs to join by a capsule; a hull has one link, drawn in its place.
        links_Q: Links of each part.
        hull_discs: Discs of all hulls, one hull after the other.
        hulls: For each hull its link, and where its discs start and end among those.
        level_QP: Weights of the joints whose mean depth sorts each part.
        lift_Q: See `Part.lift`.
        inked_Q: See `Part.inked`.
        facing: Parts seen from one side only, and the arrows (from, to) that tell which.
    """

    parts: tuple[Part, ...]
    joint_M: NDArray[np.intp]
    part_M: NDArray[np.intp]
    radius_M: Array
    grows_M: tuple[Growth, ...]
    link_C2: NDArray[np.intp]
    links_Q: tuple[range, ...]
    hull_discs: NDArray[np.intp]
    hulls: tuple[tuple[int, int, int], ...]
    level_QP: Array
    lift_Q: Array
    inked_Q: NDArray[np.bool_]
    facing: tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]


@lru_cache(maxsize=64)
def stencil(figure: Figure, style: str) -> Stencil:
    """Look up names once."""
    rows = {joint.name: row for row, joint in enumerate(figure.joints)}
    parts = tuple(part for part in figure.parts if part.style in ("", style))
    facing = [(q, *part.faces) for q, part in enumerate(parts) if part.faces]
    link_C2, links_Q = _links(parts)
    hull_discs, hulls = _hulls(parts, links_Q)
    level_QP = np.zeros((len(parts), len(rows)))
    for q, part in enumerate(parts):
        for name in part.level or part.at:
            level_QP[q, rows[name]] += 1 / len(part.level or part.at)
    return Stencil(
        parts=parts,
        joint_M=np.array([rows[name] for part in parts for name in part.at]),
        part_M=np.repeat(np.arange(len(parts)), [len(part.at) for part in parts]),
        radius_M=np.array([radius for part in parts for radius in part.radius]),
        grows_M=tuple(part.grows for part in parts for _ in part.at),
        link_C2=link_C2,
        links_Q=links_Q,
        hull_discs=hull_discs,
        hulls=hulls,
        level_QP=level_QP,
        lift_Q=np.array([part.lift for part in parts]),
        inked_Q=np.array([part.inked for part in parts]),
        facing=(
            np.array([q for q, _, _ in facing], dtype=np.intp),
            np.array([rows[name] for _, name, _ in facing], dtype=np.intp),
            np.array([rows[name] for _, _, name in facing], dtype=np.intp),
        ),
    )


def _links(parts: tuple[Part, ...]) -> tuple[NDArray[np.intp], tuple[range, ...]]:
    """Disc pairs to join by a capsule, and which of them belong to each part."""
    pairs: list[tuple[int, int]] = []
    links, disc = [], 0
    for part in parts:
        first, size = len(pairs), len(part.at)
        reach = size - 1 if part.chain else 1
        pairs += [(disc + k, disc + min(k + 1, size - 1)) for k in range(reach)]
        links.append(range(first, len(pairs)))
        disc += size
    return np.array(pairs), tuple(links)


def _hulls(
    parts: tuple[Part, ...], links_Q: tuple[range, ...]
) -> tuple[NDArray[np.intp], tuple[tuple[int, int, int], ...]]:
    """Discs of all hulls, and for each hull its link and where its discs are among them."""
    discs: list[int] = []
    hulls, disc = [], 0
    for part, links in zip(parts, links_Q, strict=True):
        if len(part.at) > 2 and not part.chain:
            hulls.append((links[0], len(discs), len(discs) + len(part.at)))
            discs += range(disc, disc + len(part.at))
        disc += len(part.at)
    return np.array(discs, dtype=np.intp), tuple(hulls)
