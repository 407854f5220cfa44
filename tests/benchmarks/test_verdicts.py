"""What became of aims and claims, counted and named."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks import verdicts

DATA: dict[str, Any] = {
    "checks": [
        {"metric": "good", "value": 0.5, "op": ">=", "target": 0.4, "ok": True},
        {"metric": "poor", "value": 0.25, "op": ">=", "target": 0.3, "ok": False},
    ],
    "claims": [
        {"claim": "a beats b", "verdict": "refuted", "effect": -0.125},
        {"claim": "b beats c", "verdict": "upheld", "effect": 0.5},
    ],
}


@pytest.fixture(autouse=True)
def _one_benchmark(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(verdicts, "NAMES", ("made_up",))
    monkeypatch.setattr(verdicts, "results", lambda name: DATA)


def test_counts_targets_and_claims():
    assert "| `python -m benchmarks.made_up` | 1 of 2 | 1 | 0 | 1 |" in verdicts.counted()


def test_names_what_was_missed_or_refuted_and_nothing_else():
    told = verdicts.against()
    assert "| `poor` | 0.25 | >= 0.3 |" in told
    assert "| a beats b | -0.125 | claimed above 0 |" in told
    assert "good" not in told
    assert "b beats c" not in told
