"""Work on threads: in order, only a little ahead, and over when the reader leaves."""

import threading
import time

import pytest

from poseshift.threads import map_ahead, thread_count


def test_the_order_is_that_of_the_items():
    def slow_first(i: int) -> int:
        time.sleep(0.01 * (i == 0))
        return i

    assert list(map_ahead(slow_first, range(30), threads=3)) == list(range(30))


def test_it_runs_only_a_little_ahead():
    taken = []
    found = map_ahead(abs, (taken.append(i) or i for i in range(1000)), threads=2)
    next(found)
    assert len(taken) <= 8
    found.close()
    assert len(taken) <= 8


def test_an_error_is_that_of_the_function():
    with pytest.raises(ZeroDivisionError):
        list(map_ahead(lambda i: 1 // i, [1, 0], threads=2))


def test_there_is_a_thread():
    assert 1 <= thread_count() <= 8


def test_one_of_its_own_threads_may_close_it():
    left, closed = threading.Event(), threading.Event()

    def close(i: int) -> int:
        if i == 1:
            left.wait(10)
            found.close()  # as the garbage collector does, wherever it happens to run
            closed.set()
        return i

    found = map_ahead(close, range(30), threads=2)
    assert next(found) == 0
    left.set()
    assert closed.wait(10)
