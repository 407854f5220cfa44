"""Work on threads, in order and a little ahead: what OpenCV and Pillow do holds no lock."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def thread_count() -> int:
    """How many threads are worth having here."""
    return min(8, os.cpu_count() or 1)


def map_ahead(
    function: Callable[[T], R], items: Iterable[T], threads: int
) -> Generator[R, None, None]:
    """Map in order, a few items ahead: a dataset larger than memory never piles up.

    Example:
        >>> list(map_ahead(abs, [-1, 2, -3], threads=2))
        [1, 2, 3]
    """
    own = set[int]()
    pool = ThreadPoolExecutor(threads, initializer=lambda: own.add(threading.get_ident()))
    waiting: deque[Future[R]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) >= 4 * threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        # Left half-way by an error, it may be closed where garbage is collected: on one of its own
        # threads too, and no thread can wait for itself.
        pool.shutdown(wait=threading.get_ident() not in own, cancel_futures=True)
