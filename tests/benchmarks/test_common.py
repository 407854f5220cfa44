"""Benchmarks keep what was measured, and measure again what changed."""

import json
from pathlib import Path

import pytest

from benchmarks import common, writing


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for module in (common, writing):
        monkeypatch.setattr(module, "RESULTS", tmp_path)
    return tmp_path


def bench(part: str) -> common.Bench:
    made = common.Bench("toy", "python -m benchmarks.toy", quick=False)
    made.start(part)
    return made


def test_a_row_is_measured_once(results: Path):
    bench("speed").row({"case": "a"}, lambda: {"value": 1})
    again = bench("speed").row({"case": "a"}, lambda: {"value": 2})
    fresh = bench("speed").row({"case": "a"}, lambda: {"value": 3}, fresh=True)
    assert (again["value"], fresh["value"]) == (1, 3)


def test_parts_not_run_keep_their_rows_and_checks(results: Path):
    first = bench("gap")
    first.row({"case": "a"}, lambda: {"value": 1})
    first.check("body_gap", 0.3, ">=", 0.25)
    first.write()
    second = bench("speed")
    second.row({"case": "b"}, lambda: {"value": 2})
    second.check("help_seconds", 0.9, "<=", 0.5)
    second.write()
    data = json.loads((results / "toy.json").read_text())
    assert [row["value"] for row in data["rows"]] == [1, 2]
    assert [(check["metric"], check["ok"]) for check in data["checks"]] == [
        ("body_gap", True),
        ("help_seconds", False),
    ]


def test_the_code_hash_ignores_comments_and_docstrings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(common, "SOURCE", tmp_path)

    def hashed(a: str, b: str = "", c: str = "") -> str:
        for name, text in (("a", a), ("b", b), ("c", c)):
            (tmp_path / f"{name}.py").write_text(text)
        common.code_hash.cache_clear()
        common._bare.cache_clear()
        return common.code_hash(entries=("poseshift.a",))

    one = "from poseshift.b import f\nx = f(1)\n"
    two = "def f(n):\n    return n\n"
    try:
        plain = hashed(one, two, "y = 1\n")
        assert hashed(one, 'def f(n):\n    """Same."""\n    return n  # n\n') == plain
        assert hashed(one.replace("f(1)", "f(1, description='a')"), two) == plain
        assert hashed(one, two, "y = 2\n") == plain  # nobody imports it
        assert hashed(one, two.replace("return n", "return 2 * n")) != plain
        assert hashed(one.replace("1", "2"), two) != plain
    finally:
        common.code_hash.cache_clear()
        common._bare.cache_clear()


def test_a_spread_is_a_mean_and_a_deviation_in_percent():
    assert writing.spread([0.5, 0.7]) == "60.0 ± 14.1"
    assert writing.spread([]) == "-"


def test_a_table_of_markdown():
    assert writing.markdown(["a"], [["1"]]) == "| a |\n| --- |\n| 1 |\n"
