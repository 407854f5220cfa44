"""Rules of choice are judged by what they lose to a peek."""

import pytest

from benchmarks import choosing
from benchmarks.common import Bench, holm, sign_flip


def row(pair, curve, sharpness, start=0.5, peek=None):
    steps = [str(step) for step in range(len(curve))]
    scores = {name: dict(zip(steps, curve, strict=True)) for name in ("consistency", "source")}
    return {
        "pair": pair,
        "curve": dict(zip(steps, curve, strict=True)),
        "scores": scores
        | {"sharpness": dict(zip(steps, sharpness, strict=True))}
        | {name: dict.fromkeys(steps, 0.0) for name in ("infomax", "prior", "agreement", "snd")},
        "pck_last": curve[-1],
        "pck_start": start,
        "pck_peek": max(curve) if peek is None else peek,
    }


def test_regret_is_what_a_rule_loses_to_the_peek():
    found = row("a", [0.5, 0.8, 0.7], [0.9, 0.1, 0.2])
    assert choosing.regret(found, choosing.last) == pytest.approx(0.1)
    assert choosing.regret(found, choosing.rules()["consistency"]) == pytest.approx(0)
    assert choosing.regret(found, choosing.rules()["sharpness"]) == pytest.approx(0.3)
    assert choosing.random_regret(found) == pytest.approx(0.8 - 2 / 3)


def test_the_rule_for_a_pair_is_chosen_on_the_others():
    honest = [row(pair, [0.5, 0.8, 0.7], [0.1, 0.9, 0.2]) for pair in "ab"]
    fooled = row("c", [0.5, 0.8, 0.6], [0.1, 0.2, 0.9])
    told = choosing.left_out([*honest, fooled])
    assert told["c"]["rule"] in {"consistency", "sharpness", "source", "default"}
    assert told["a"]["rule"] != "sharpness"  # pair c has shown what fools it
    assert told["a"]["regrets"] == [pytest.approx(0)]


def test_harm_is_a_clear_loss_and_caught_when_the_choice_escapes_it():
    fallen = row("a", [0.5, 0.3, 0.1], [0.5, 0.3, 0.1])
    assert choosing.harms(fallen)
    assert choosing.caught(fallen)
    assert choosing.alarmed(fallen)
    risen = row("a", [0.5, 0.6, 0.7], [0.5, 0.6, 0.7])
    assert not choosing.harms(risen)
    assert not choosing.alarmed(risen)


def test_runs_that_collapse_and_runs_that_harm_less_are_told_apart():
    collapsed = row("a", [0.5, 0.3, 0.1], [0.5, 0.3, 0.1])
    milder = row("b", [0.5, 0.49, 0.45], [0.5, 0.5, 0.5])
    told = choosing.harm_told([collapsed, milder, row("c", [0.5, 0.6], [0.5, 0.6])])
    assert told["collapsed"] == {"runs": 1, "caught": 1, "kept_start": 1}
    assert told["milder"]["runs"] == 1


def test_the_sign_flip_test_counts_all_flips():
    assert sign_flip([1.0] * 6) == pytest.approx(2 / 64)
    assert sign_flip([1.0, -1.0]) == 1.0


def test_claims_made_together_are_corrected_together(tmp_path, monkeypatch):
    assert holm([0.02, 0.02, 0.5]) == pytest.approx([0.06, 0.06, 0.5])
    monkeypatch.setattr("benchmarks.common.RESULTS", tmp_path)
    bench = Bench("claims", "none", quick=False)
    bench.claims_together({"sure": [0.1] * 12, "not": [0.1, -0.1] * 6, "worse": [-0.1] * 12})
    verdicts = {claim["claim"]: claim["verdict"] for claim in bench.claims}
    assert verdicts == {"sure": "upheld", "not": "undecided", "worse": "refuted"}
