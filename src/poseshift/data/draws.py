"""Random numbers that depend on (seed, step, stream) alone.

They are drawn for the whole step and sliced to the rows of one micro-batch, so N processes draw
what one process accumulating N micro-batches draws, and a resumed run draws what it would have
drawn.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


def mix(*words: int) -> int:
    """Hash integers into one 63-bit seed; near words give unrelated seeds.

    Example:
        >>> mix(0, 1) == mix(0, 1), mix(0, 1) == mix(1, 0)
        (True, False)
    """
    state = np.random.SeedSequence([w & 0xFFFFFFFFFFFFFFFF for w in words]).generate_state(2)
    return (int(state[0]) << 31) ^ int(state[1])


class Draws:
    """The random numbers of one micro-batch.

    Args:
        seed: Of the run.
        step: Optimiser step.
        stream: One number per use (source, target), so that they draw apart.
        rows: Which rows of the step's samples this micro-batch holds.
        total: Samples in the whole step, over all processes and micro-batches.
        device: Where the numbers are needed; they are always drawn on the CPU.

    Example:
        >>> whole = Draws(seed=0, step=7, stream=0, rows=slice(0, 4), total=4).uniform(0, 1)
        >>> half = Draws(seed=0, step=7, stream=0, rows=slice(2, 4), total=4).uniform(0, 1)
        >>> bool((whole[2:] == half).all())
        True
    """

    def __init__(
        self,
        seed: int,
        step: int,
        stream: int,
        rows: slice,
        total: int,
        device: torch.device | str = "cpu",
    ) -> None:
        self.step, self.rows, self.total = step, rows, total
        self.device = torch.device(device)
        self._generator = torch.Generator().manual_seed(mix(seed, step, stream))

    def uniform(self, low: float, high: float, *shape: int) -> Tensor:
        """Uniform numbers in [low, high), one row of ``shape`` a sample."""
        drawn = torch.rand((self.total, *shape), generator=self._generator)[self.rows]
        return (low + (high - low) * drawn).to(self.device, non_blocking=True)

    def normal(self, *shape: int) -> Tensor:
        """Standard normal numbers, one row of ``shape`` a sample."""
        drawn = torch.randn((self.total, *shape), generator=self._generator)[self.rows]
        return drawn.to(self.device, non_blocking=True)

    def once(self) -> float:
        """One uniform number in [0, 1) for the whole micro-batch: a coin thrown per batch."""
        size = self.rows.stop - self.rows.start
        drawn = torch.rand(self.total // size, generator=self._generator)
        return float(drawn[self.rows.start // size])
