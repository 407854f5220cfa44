"""What a user reads when something is wrong."""

from pathlib import Path

import pytest

from poseshift.errors import BadInput, UserError, nearest


@pytest.mark.parametrize(
    ("where", "fix", "text"),
    [
        (None, None, "it is broken"),
        ("a.json", None, "a.json: it is broken"),
        (Path("b") / "c", "mend it", "b/c: it is broken\n  fix: mend it"),
        (None, "mend it", "it is broken\n  fix: mend it"),
    ],
)
def test_an_error_says_what_where_and_how_to_mend_it(
    where: str | Path | None, fix: str | None, text: str
):
    error = BadInput("it is broken", where=where, fix=fix)
    assert str(error) == text
    assert (error.problem, error.where, error.fix) == ("it is broken", where, fix)
    assert isinstance(error, UserError)


@pytest.mark.parametrize(
    ("word", "known", "text"),
    [
        ("streat", ["studio", "street"], "did you mean 'street'? known: street, studio"),
        ("zzz", ("b", "a"), "known: a, b"),
        ("zzz", {}, "known: none"),
    ],
)
def test_the_nearest_word(word: str, known: list[str], text: str):
    assert nearest(word, known) == text


def test_nearest_reads_any_iterable_once():
    assert nearest("x", iter(["y", "x1"])) == "did you mean 'x1'? known: x1, y"
