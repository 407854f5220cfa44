"""Bars go to standard error, one a task, and are silent for programs."""

from __future__ import annotations

import pytest

from poseshift.cli.bars import bars


def test_a_bar_each_thing_that_is_done(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("TTY_COMPATIBLE", "1")  # as if on a terminal
    with bars(show=True) as tell:
        tell("learning", 1, None)
        tell("learning", 3, 10, "loss .5")
        tell("scoring", 2, 4)
    told = capsys.readouterr()
    assert told.out == ""
    for words in ("learning", "3/10", "loss .5", "scoring", "2/4"):
        assert words in told.err, words


def test_nothing_is_shown_to_programs(capsys: pytest.CaptureFixture[str]):
    with bars(show=False) as tell:
        tell("learning", 1, 10)
    assert capsys.readouterr() == ("", "")
