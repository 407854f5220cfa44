"""Two tiny worlds on disk for diagnoses, drawn in this process."""

from pathlib import Path

import numpy as np

from poseshift.data.baked import WorldSpec
from poseshift.data.pack import Pack, PackWriter
from poseshift.data.types import Bytes, Floats, Sample

COUNT, SIDE = 64, 32


def draw(spec: str, path: Path, side: int = SIDE) -> Pack:
    """A world as a Pack."""
    for _ in WorldSpec.parse(spec).write(path, side, "test", workers=0):
        pass
    return Pack(path)


def relabelled(
    pack: Pack,
    path: Path,
    points_NK2: Floats | None,
    images: bool = True,
    seen_NK: Bytes | None = None,
) -> Pack:
    """The same crops with other labels, or with none; or the poses alone."""
    with PackWriter(path, pack.skeleton, pack.info.side, name=pack.info.name) as writer:
        for i, name in enumerate(pack.poses.id_N):
            empty = np.full((len(pack.skeleton), 2), np.nan, np.float32)
            seen = (pack.poses.visibility_NK if seen_NK is None else seen_NK)[i]
            seen = seen * (points_NK2 is not None)
            writer.add(
                Sample(
                    name,
                    bytes(pack.crops.encoded(i)) if images else None,
                    empty if points_NK2 is None else points_NK2[i],
                    seen.astype(np.uint8),
                    source=pack.poses.source_N[i],
                )
            )
    return Pack(path)
