"""Frames of the target among the source's batches: how a few labels reach any method.

The extra frames take the place of some source samples, spread evenly over the step so that every
micro-batch of every process gets its share. The method sees one batch of labelled crops, as ever.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import cv2
import numpy as np
import torch

from poseshift.data.domain import Domain, Indices, LabeledDomain
from poseshift.data.draws import Draws, mix
from poseshift.data.frames import Frames
from poseshift.data.loader import Sampler, UniformSampler
from poseshift.data.pack import Crops
from poseshift.data.types import Bytes, Floats, LabeledBatch
from poseshift.data.views import apply, resize_matrix


def mix_frames(
    source: LabeledDomain,
    sampler: Sampler,
    extras: Sequence[Frames],
    *,
    share: float,
    steps: int,
    seed: int,
) -> tuple[Domain[LabeledBatch], Sampler]:
    """The source and its sampler with frames of the target mixed in; as they are without any."""
    if not extras:
        return source, sampler
    parts = [
        Extra(
            len(frames),
            UniformSampler(len(frames), mix(seed, number)),
            partial(frames.share_at, steps=steps, share=share),
        )
        for number, frames in enumerate(extras)
    ]
    return MixedDomain(source, extras), MixedSampler(sampler, len(source), parts)


class MixedDomain:
    """The source, and after it the frames; all crops at the source's side.

    Args:
        source: Sets the side and the joints.
        extras: Frames in the source's joints.
    """

    def __init__(self, source: LabeledDomain, extras: Sequence[Frames]) -> None:
        self.crops: Crops = MixedCrops([source.crops, *(frames.crops for frames in extras)])
        moved = [
            _resized(frames.keypoints_MK2, frames.crops.side, source.side) for frames in extras
        ]
        self._first = len(source)
        # The source's own batch(), on longer tables.
        self._tables = copy.copy(source)
        self._tables.keypoints_NK2 = np.concatenate([source.keypoints_NK2, *moved])
        self._tables.visibility_NK = np.concatenate(
            [source.visibility_NK, *(frames.visibility_MK for frames in extras)]
        )

    def __len__(self) -> int:
        return len(self.crops)

    def batch(self, index_B: Indices, crop_BHWC: Bytes, draws: Draws) -> LabeledBatch:
        """Crops with their keypoints and visibility, and which domain they are from."""
        batch = self._tables.batch(index_B, crop_BHWC, draws)
        target_B = torch.from_numpy((index_B >= self._first).astype(np.float32))
        return replace(batch, target_B=target_B.to(draws.device))


class MixedCrops(Crops):
    """Several domains' images in a row, at the side of the first."""

    def __init__(self, parts: Sequence[Crops]) -> None:
        super().__init__(parts[0].path, parts[0].side, sum(map(len, parts)))
        self.parts = parts
        self._first_P = np.cumsum([0, *map(len, parts)])

    def encoded(self, index: int) -> memoryview:
        """The encoded crop, at its own side."""
        part, row = self._place(index)
        return part.encoded(row)

    def image(self, index: int) -> Bytes:
        """The decoded crop."""
        part, row = self._place(index)
        image_HWC = part.image(row)
        if part.side == self.side:
            return image_HWC
        how = cv2.INTER_AREA if part.side > self.side else cv2.INTER_LINEAR
        resized_HWC = cv2.resize(image_HWC, (self.side, self.side), interpolation=how)
        return np.asarray(resized_HWC, dtype=np.uint8)

    def _place(self, index: int) -> tuple[Crops, int]:
        number = int(np.searchsorted(self._first_P, index, side="right")) - 1
        return self.parts[number], index - int(self._first_P[number])


def _resized(keypoints_MK2: Floats, from_side: int, to_side: int) -> Floats:
    """Keypoints of a crop of one side on the same crop at another."""
    if from_side == to_side:
        return keypoints_MK2
    moved = apply(resize_matrix(from_side, to_side), torch.from_numpy(keypoints_MK2))
    return np.asarray(moved.numpy(), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Extra:
    """Samples that join a sampler's.

    Attributes:
        length: How many there are.
        order: Which come next.
        share_at: Their share of the step with this number.
    """

    length: int
    order: Sampler
    share_at: Callable[[int], float]


class MixedSampler:
    """Extra samples in the place of some of the others; a pure function of the step.

    A share that is no whole number of samples is made up for over the steps, and the extras of
    later ``parts`` take no place of earlier ones.

    Args:
        base: Samples of the first domain.
        length: How many that has; the extras are numbered on from it.
        parts: Who joins.

    Example:
        >>> extra = Extra(length=2, order=UniformSampler(2, seed=0), share_at=lambda step: 0.25)
        >>> sampler = MixedSampler(UniformSampler(100, seed=0), 100, [extra])
        >>> [int((sampler.indices(step, 6) >= 100).sum()) for step in range(4)]
        [2, 1, 2, 1]
    """

    def __init__(self, base: Sampler, length: int, parts: Sequence[Extra]) -> None:
        self.base, self.length, self.parts = base, length, parts
        self._sums: list[list[float]] = [[0.0] for _ in parts]

    def indices(self, step: int, count: int) -> Indices:
        """The ``count`` sample numbers of one step."""
        index = self.base.indices(step, count).copy()
        first = self.length
        for number, part in enumerate(self.parts):
            begin, end = (self._before(number, s, count) for s in (step, step + 1))
            own = np.flatnonzero(index < self.length)
            end = min(end, begin + len(own))  # a step of one sample cannot hold two kinds
            drawn = [first + int(part.order.indices(i, 1)[0]) for i in range(begin, end)]
            index[own[spread(end - begin, len(own))]] = np.array(drawn, dtype=np.int64)
            first += part.length
        return index

    def _before(self, number: int, step: int, count: int) -> int:
        """How many samples of a part came before a step; sums of shares are kept as they grow."""
        sums, share_at = self._sums[number], self.parts[number].share_at
        while len(sums) <= step:
            sums.append(sums[-1] + share_at(len(sums) - 1))
        return int(sums[step] * count + 0.5)


def spread(part: int, count: int) -> Indices:
    """``part`` of ``count`` places, as evenly as can be.

    Example:
        >>> spread(2, 8).tolist(), spread(3, 8).tolist()
        ([3, 7], [2, 5, 7])
    """
    return np.flatnonzero(np.diff(np.arange(count + 1) * part // max(count, 1)))
