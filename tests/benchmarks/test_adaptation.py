"""What the adaptation tables say of their rows: shares of the gap, claims, who is compared."""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import adaptation, adaptation_tables, arms, pairs, verdicts, writing
from benchmarks.ablations import WEIGHTS
from benchmarks.arms import Arm, plan
from benchmarks.common import Bench, Row
from benchmarks.methods_compared import ADAPTED, ARMS, TUNED
from benchmarks.rows import Cell, _seconds
from benchmarks.shares import closed, labels_saved, scores
from poseshift.methods.base import METHODS


def rows(**by_arm: list[float]) -> list[Row]:
    return [
        {"pair": "body", "arm": arm, "seed": seed, "pck": pck}
        for arm, values in by_arm.items()
        for seed, pck in enumerate(values)
    ]


def test_the_share_closed_is_one_of_means():
    found = rows(source_only=[0.4, 0.6], udape=[0.6, 0.7], supervised=[0.8, 1.0])
    share, (low, high) = closed(found, "udape")
    assert share == pytest.approx((0.65 - 0.5) / (0.9 - 0.5))
    assert low <= share <= high
    assert closed(found, "supervised")[0] == pytest.approx(1)
    assert closed(found, "source_only")[0] == pytest.approx(0)


def test_labels_saved_are_told_on_the_seeds_that_were_fine_tuned():
    made = {"ours": [0.5, 0.7, 0.1], "finetune-5": [0.4, 0.5], "finetune-20": [0.7, 0.6]}
    assert labels_saved(rows(**made)) == (20, pytest.approx(0.6))
    made["finetune-20"] = [0.5, 0.5]
    assert labels_saved(rows(**made))[0] is None


def test_scores_come_in_the_order_of_seeds():
    found = rows(udape=[0.1, 0.2, 0.3])
    assert scores(reversed(found), "udape") == [0.1, 0.2, 0.3]


@pytest.mark.parametrize(
    ("differences", "verdict"),
    [
        ([0.1, 0.11, 0.09], "upheld"),
        ([-0.1, -0.11, -0.09], "refuted"),
        ([0.1, -0.1, 0.05], "undecided"),
        ([0.5], "undecided"),
    ],
)
def test_a_claim_needs_an_interval_that_excludes_zero(
    differences: list[float], verdict: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("benchmarks.common.RESULTS", tmp_path)
    bench = Bench("claims", "none", quick=False)
    bench.claim("a beats b", differences)
    assert bench.claims[0]["verdict"] == verdict
    assert bench.claims[0]["n"] == len(differences)


def test_what_rows_took_is_known_beside_rows_that_tell_no_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("benchmarks.common.RESULTS", tmp_path)
    bench = Bench("rows", "none", quick=False)
    told = [{"method": "udape", "seconds": 100.0}, {"method": "udape", "step_ms": 3.0}, {}]
    bench.kept = {str(number): row for number, row in enumerate(told)}
    assert _seconds(bench, "udape") == 100.0
    assert _seconds(bench, "mla") > 0


def test_every_arm_has_the_same_budget_augmentation_and_rate():
    every = (*ARMS.values(), *TUNED.values(), *WEIGHTS.values())
    plans = [plan("body", arm, 3, Path("start")) for arm in every]
    assert {(p.train.steps, p.train.lr, p.train.batch, p.side, p.init) for p in plans} == {
        (arms.FURTHER, arms.RATE, 32, 96, "start")
    }
    views = {(p.view.rotation, p.view.scale, p.view.shift) for p in plans}
    assert views == {(15.0, (0.9, 1.1), 0.03)}
    assert {METHODS[ARMS[name].method].target for name in ADAPTED} == {"unlabeled"}


@pytest.mark.parametrize("name", TUNED)
def test_tuned_rivals_differ_in_the_weight_alone(name: str):
    tuned, plain = TUNED[name], ARMS[name.split(",")[0]]
    weight = METHODS["lodestar"].Config().consistency
    assert tuned == replace(plain, settings={**plain.settings, "consistency": weight})
    assert METHODS[plain.method].Config(**plain.settings).consistency == 1


def test_few_labels_are_drawn_by_the_seed_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("POSESHIFT_BENCH", str(tmp_path))
    drawn = {}

    def write(pack: object, indices: list[int], path: Path) -> Path:
        drawn[path.name] = indices
        path.write_text("{}")
        return path

    monkeypatch.setattr(arms, "write_frames", write)
    monkeypatch.setattr(arms, "open_pack", lambda spec, side: range(100))
    for few in (5, 20):
        file = arms.labels("body", Arm("source_only", few=few), seed=1)
        assert plan("body", Arm("source_only", few=few), 1).target_labels == file
    assert drawn["body-1-20.json"][:5] == drawn["body-1-5.json"]
    assert arms.labels("body", Arm("source_only"), seed=1) is None


def test_a_row_is_known_wherever_runs_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(arms, "write_frames", lambda pack, indices, path: path.write_text("{}"))
    monkeypatch.setattr(arms, "open_pack", lambda spec, side: range(100))
    told = []
    for place in ("here", "there"):
        monkeypatch.setenv("POSESHIFT_BENCH", str(tmp_path / place))
        cells = [Cell("body", 1, "few", Arm("source_only", few=few)) for few in (5, 20)]
        told.append([cell.what for cell in cells])
    assert told[0] == told[1]
    assert told[0][0] != told[0][1]


def test_a_lottery_pair_is_named_by_its_seed():
    assert pairs.worlds("lottery-1000") == ("lottery-1000-source", "lottery-1000-target")
    assert pairs.worlds("lottery-3-hand") == ("lottery-3-source-hand", "lottery-3-target-hand")
    assert pairs.find_pair("hand").figure == "hand21"
    assert pairs.find_pair("lottery-3-animal").figure == "animal18"
    assert all(int(pair.split("-")[1]) >= 1000 for pair in adaptation.LOTTERY)


def test_a_table_that_was_never_run_says_how(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(writing, "RESULTS", tmp_path)
    assert "--only body" in adaptation_tables.methods("body")
    assert verdicts.claims("adaptation") == "None yet.\n"
