"""One signal asks, a second one does not ask again."""

import os
import signal
import threading

import pytest

from poseshift.interrupt import Interrupted, stop_flag


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_a_request(number: signal.Signals):
    with stop_flag() as stop:
        assert not stop.is_set()
        os.kill(os.getpid(), number)
        assert stop.wait(5)


def test_a_second_ctrl_c_stops_at_once():
    with pytest.raises(KeyboardInterrupt) as caught, stop_flag() as stop:  # noqa: PT012
        os.kill(os.getpid(), signal.SIGINT)
        assert stop.wait(5)
        os.kill(os.getpid(), signal.SIGINT)
        threading.Event().wait(5)
    assert not isinstance(caught.value, Interrupted)


def test_handlers_are_put_back():
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with pytest.raises(ZeroDivisionError), stop_flag():
        _ = 1 / 0
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_other_threads_get_a_flag_that_nobody_sets():
    before, seen = signal.getsignal(signal.SIGINT), []

    def work() -> None:
        with stop_flag() as stop:
            seen.append((stop.is_set(), signal.getsignal(signal.SIGINT)))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [(False, before)]
