"""From the joints a file names, or merely counts, to a Skeleton."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from poseshift.errors import BadInput
from poseshift.keypoint_names import meaning
from poseshift.skeleton import Skeleton, builtin_skeletons, skeleton


def skeleton_for(
    names: Sequence[str],
    where: str | Path,
    edges: Sequence[tuple[str, str]] = (),
) -> Skeleton:
    """The built-in skeleton with these joints in this order, or a new one made of the names.

    Args:
        names: Joint names as the file writes them.
        where: The file, for messages.
        edges: Lines of a new skeleton; its flip pairs are read off the names.

    Example:
        >>> skeleton_for(["snout", "leftear", "rightear"], "x.csv").flip
        (0, 2, 1)
        >>> names = [joint.replace("_", " ") for joint in skeleton("lsp14").keypoints]
        >>> skeleton_for(names, "x.csv").name
        'lsp14'
    """
    wanted = [meaning(joint) for joint in names]
    for known in map(skeleton, builtin_skeletons()):
        if [meaning(joint) for joint in known.keypoints] == wanted:
            return known
    data = {
        "name": f"joints{len(names)}",
        "keypoints": list(names),
        "edges": [list(edge) for edge in edges],
    }
    return Skeleton.from_dict(data, where)


def skeleton_of_size(count: int, where: str | Path) -> Skeleton:
    """The one built-in skeleton with so many joints, for files that only number them.

    Example:
        >>> skeleton_of_size(68, "faces.csv").name
        'face68'
    """
    found = [name for name in builtin_skeletons() if len(skeleton(name)) == count]
    if len(found) == 1:
        return skeleton(found[0])
    known = f"could be {' or '.join(found)}" if found else "fit no built-in skeleton"
    raise BadInput(
        f"its {count} joints have no names and {known}",
        where=where,
        fix="say which joints they are: --skeleton NAME_OR_YAML",
    )
