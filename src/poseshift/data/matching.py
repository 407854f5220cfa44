"""Which sample of a Pack a pose in an original image belongs to: by image name, then by crop.

Legend: R poses of a file, r those of one image, S the Pack's samples of it, K keypoints.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import islice

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from poseshift.data.crops import transform
from poseshift.data.domain import Indices
from poseshift.data.formats.base import Doubles
from poseshift.data.frame_files import FrameFile
from poseshift.data.names import Names, sample_names
from poseshift.data.pack import Pack
from poseshift.data.types import Floats
from poseshift.errors import BadInput


def match_poses(
    found: FrameFile, original_RK2: Doubles, pack: Pack, *, one_each: bool
) -> tuple[Indices, Indices]:
    """Pair poses with samples, at most one of each.

    Args:
        found: The file, for names of images and messages.
        original_RK2: Its poses in pixels of the original images, NaN where not labelled.
        pack: The samples.
        one_each: Refuse two poses that want the same crop; else the one that fits better has it.

    Returns:
        Numbers of the poses and of the samples they belong to, in the order of the samples.
    """
    names = sample_names(pack)
    known, samples_of, rows_of = Names(names), defaultdict(list), defaultdict(list)
    for sample, name in enumerate(names):
        samples_of[name].append(sample)
    for row in np.flatnonzero(np.isfinite(original_RK2).any(axis=(1, 2))).tolist():
        pose = found.poses[row]
        if match := known.find(pose.image, pose.where):
            rows_of[match].append(row)
    pairs: list[tuple[int, int]] = []
    for name, rows in rows_of.items():
        samples = samples_of[name]
        fit_rS = _fits(original_RK2[rows], pack.poses.matrix_N33[samples], pack.info.side)
        chosen, places = linear_sum_assignment(fit_rS, maximize=True)
        pairs += [
            (samples[s], rows[r]) for r, s in zip(chosen, places, strict=True) if fit_rS[r, s] >= 1
        ]
        if one_each:
            _refuse_rivals(found, rows, fit_rS, original_RK2[rows], set(chosen.tolist()))
    if not pairs:
        raise BadInput(
            f"none of its {len(found.poses)} poses belongs to a sample of {pack.info.name}; images "
            f"named here: {_few(pose.image for pose in found.poses)}; in the Pack: {_few(names)}",
            where=found.path,
            fix="name images as the Pack does, in pixels of the original images",
        )
    both = np.array(sorted(pairs), dtype=np.int64)
    return both[:, 1], both[:, 0]


def _fits(original_rK2: Doubles, matrix_S33: Floats, side: int) -> Doubles:
    """How many joints each crop holds; among equals, the crop they are in the middle of."""
    fits = []
    for matrix_33 in matrix_S33:
        crop_rK2 = to_crops(original_rK2, np.repeat(matrix_33[None], len(original_rK2), axis=0))
        middle_r2 = (np.nanmin(crop_rK2, axis=1) + np.nanmax(crop_rK2, axis=1)) / 2
        off_r = np.linalg.norm(middle_r2 - (side - 1) / 2, axis=1) / side
        fits.append(inside(crop_rK2, side).sum(axis=1) + 0.5 / (1 + off_r))
    return np.stack(fits, axis=1)


def _refuse_rivals(
    found: FrameFile, rows: list[int], fit_rS: Doubles, original_rK2: Doubles, chosen: set[int]
) -> None:
    """A pose left over with most joints in a crop that another has got: which one is right?"""
    labelled_r = np.isfinite(original_rK2).all(axis=2).sum(axis=1)
    for r, row in enumerate(rows):
        if r not in chosen and fit_rS[r].max() >= 1 and 2 * fit_rS[r].max() > labelled_r[r]:
            pose = found.poses[row]
            raise BadInput(
                f"'{pose.image}' has another pose that belongs to the same crop",
                where=pose.where,
                fix="leave one pose for each crop of the Pack",
            )


def to_crops(original_MK2: Doubles, matrix_M33: Floats) -> Doubles:
    """Pixels of original images to pixels of the crops their matrices describe."""
    inverse_M33 = np.linalg.inv(matrix_M33.astype(np.float64))
    return np.stack(
        [
            transform(inverse, points)
            for inverse, points in zip(inverse_M33, original_MK2, strict=True)
        ]
    )


def inside(crop_MK2: Doubles, side: int) -> NDArray[np.bool_]:
    """Which joints lie in their crop; a missing one does not.

    Example:
        >>> inside(np.array([[[0.0, 31.4], [0.0, 31.5], [np.nan, np.nan]]]), side=32).tolist()
        [[True, False, False]]
    """
    return np.asarray(((crop_MK2 >= -0.5) & (crop_MK2 < side - 0.5)).all(axis=-1))


def _few(names: Iterable[str]) -> str:
    """The first three names, and whether there are more."""
    first = list(islice(dict.fromkeys(names), 4))
    return ", ".join(f"'{name}'" for name in first[:3]) + (", ..." if len(first) > 3 else "")
