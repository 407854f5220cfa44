"""Batches for the loop: which samples, decoded once, ahead of time, on threads.

JPEG decoding releases the interpreter lock, so threads give all cores without copies between
processes, and an error in one is raised in the loop with the sample it happened at. The order is a
pure function of the step: resuming is starting at a later step.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, Protocol, TypeVar

import numpy as np
import torch

from poseshift.data.domain import Domain, Indices
from poseshift.data.draws import Draws, mix
from poseshift.data.types import Bytes

Batch = TypeVar("Batch")

CHUNK = 8  # images a decoding task: large enough to hide the cost of handing it over
AHEAD = 3  # steps decoded before they are asked for


class Sampler(Protocol):
    """Which source samples come next; a pure function of the step."""

    def indices(self, step: int, count: int) -> Indices:
        """The ``count`` sample numbers of one step."""


class UniformSampler:
    """Every sample once an epoch, in an order drawn from (seed, epoch).

    Example:
        >>> sampler = UniformSampler(length=5, seed=0)
        >>> seen = np.concatenate([sampler.indices(step, 2) for step in range(5)])
        >>> sorted(seen[:5].tolist()), sorted(seen[5:].tolist())
        ([0, 1, 2, 3, 4], [0, 1, 2, 3, 4])
    """

    def __init__(self, length: int, seed: int) -> None:
        self.length, self.seed = length, seed
        self._order = lru_cache(maxsize=2)(self._permutation)

    def _permutation(self, epoch: int) -> Indices:
        return np.random.default_rng(mix(self.seed, epoch)).permutation(self.length)

    def indices(self, step: int, count: int) -> Indices:
        """The ``count`` sample numbers of one step; an epoch may end inside a step."""
        epoch, place = np.divmod(np.arange(step * count, (step + 1) * count), self.length)
        return np.array([self._order(int(e))[p] for e, p in zip(epoch, place, strict=True)])


@dataclass(frozen=True, slots=True)
class Plan:
    """How the samples of one step are dealt out.

    ``world * accumulate`` micro-batches of ``batch`` samples; process ``rank`` takes number
    ``rank, rank + world, ...``, so that N processes see what one process accumulating N sees.
    """

    batch: int
    accumulate: int = 1
    world: int = 1
    rank: int = 0

    @property
    def total(self) -> int:
        """Samples in one step, over all processes."""
        return self.batch * self.accumulate * self.world

    def mine(self) -> list[slice]:
        """Rows of this process's micro-batches among the step's samples."""
        numbers = range(self.rank, self.accumulate * self.world, self.world)
        return [slice(n * self.batch, (n + 1) * self.batch) for n in numbers]


class Loader(Generic[Batch]):
    """Yields, step after step, this process's micro-batches.

    Args:
        domain: Where crops (and labels) come from.
        sampler: Which samples.
        plan: How they are dealt out.
        seed: Of the run, for augmentation draws.
        stream: Keeps source and target draws apart.
        workers: Decoding threads.
        device: Where batches go.
    """

    def __init__(
        self,
        domain: Domain[Batch],
        sampler: Sampler,
        plan: Plan,
        *,
        seed: int,
        stream: int,
        workers: int = 2,
        device: torch.device | str = "cpu",
    ) -> None:
        self.domain, self.sampler, self.plan = domain, sampler, plan
        self.seed, self.stream = seed, stream
        self.workers, self.device = max(1, workers), torch.device(device)

    def steps(self, start: int, stop: int) -> Iterator[list[Batch]]:
        """Micro-batches of the steps ``start`` to ``stop - 1``, decoded a few steps ahead."""
        waiting: deque[tuple[int, Indices, list[Future[Bytes]]]] = deque()
        with ThreadPoolExecutor(self.workers, thread_name_prefix="decode") as pool:
            try:
                for step in range(start, min(start + AHEAD, stop)):
                    waiting.append(self._submit(pool, step))
                while waiting:
                    step, indices, futures = waiting.popleft()
                    crops = np.concatenate([future.result() for future in futures])
                    if step + AHEAD < stop:
                        waiting.append(self._submit(pool, step + AHEAD))
                    yield self._batches(step, indices, crops)
            finally:
                pool.shutdown(wait=False, cancel_futures=True)

    def _submit(
        self, pool: ThreadPoolExecutor, step: int
    ) -> tuple[int, Indices, list[Future[Bytes]]]:
        whole = self.sampler.indices(step, self.plan.total)
        mine = np.concatenate([whole[rows] for rows in self.plan.mine()])
        chunks = [mine[i : i + CHUNK] for i in range(0, len(mine), CHUNK)]
        return step, mine, [pool.submit(self._decode, chunk) for chunk in chunks]

    def _decode(self, indices: Indices) -> Bytes:
        return np.stack([self.domain.crops.image(int(i)) for i in indices])

    def _batches(self, step: int, indices: Indices, crops: Bytes) -> list[Batch]:
        size = self.plan.batch
        return [
            self._batch(step, rows, indices[i * size : (i + 1) * size], crops[i * size :][:size])
            for i, rows in enumerate(self.plan.mine())
        ]

    def _batch(self, step: int, rows: slice, index: Indices, crops: Bytes) -> Batch:
        draws = Draws(self.seed, step, self.stream, rows, self.plan.total, self.device)
        return self.domain.batch(index, crops, draws)
