"""What the sampling and prior tables say of their rows, and what their rows depend on."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import hard, prior, prior_tables, sampling, sampling_tables, writing
from benchmarks.common import told_modules
from benchmarks.hard import hardest
from benchmarks.methods_compared import ARMS
from benchmarks.pairs import Pair
from benchmarks.pose_pairs import TRUNK, halves, part
from poseshift.config import load_config
from poseshift.engine import fit
from poseshift.files import write_json
from poseshift.prior.poses import PoseSet
from poseshift.sampling.pose_vae import VaeConfig
from poseshift.skeleton import skeleton
from tests.tiny_runs import tiny


def told(sampler: dict[str, Any] | str) -> tuple[str, ...]:
    return told_modules(load_config(source="a", method="source_only", sampler=sampler))


def test_a_row_depends_on_its_sampler_and_its_score():
    assert told("uniform") == ("poseshift.sampling.uniform",)
    assert told("vae-hm") == ("poseshift.sampling.vae_hm", "poseshift.sampling.pose_vae")
    by_neighbours = {"name": "vae-hm", "score": {"name": "knn"}}
    assert told(by_neighbours)[1] == "poseshift.sampling.distances"
    assert told("target-aware")[1] == "poseshift.sampling.distances"


def test_gains_are_paired_by_seed():
    rows = [
        {"arm": f"ours, {sampler}", "seed": seed, "pck": pck}
        for sampler, scores in {"uniform": [0.5, 0.6], "vae-hm": [0.6, 0.6]}.items()
        for seed, pck in reversed(list(enumerate(scores)))
    ]
    assert sampling.gains(rows, "ours", "vae-hm", "uniform", "pck") == pytest.approx([0.1, 0])


def test_arms_differ_by_their_sampler_alone():
    found = sampling.arms(("ours",), ("uniform", "vae-cl"))
    assert found["ours, uniform"] == ARMS["ours"]
    assert found["ours, vae-cl"].sets == (*ARMS["ours"].sets, "sampler.name=vae-cl")


def test_the_hardest_third_leaves_out_what_has_no_score():
    score = np.array([1.0, np.nan, 3.0, 2.0, 0.0, 4.0])
    assert hardest(score, np.arange(10, 16)).tolist() == [12, 15]


def test_a_checkpoint_is_measured_on_all_and_on_either_hardest_third(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    test = "world:street/test?count=14"
    pair = Pair("world:studio?count=30", "world:street", ((test, 0, 12), (test, 12, 14)))
    monkeypatch.setattr(hard, "find_pair", lambda name: pair)
    monkeypatch.setattr(hard, "VaeConfig", lambda: VaeConfig(steps=2, width=8))
    hard.hard_thirds.cache_clear()
    try:
        run = fit(tiny("source_only"), tmp_path / "run", progress=False)
        told = hard.measure_hard(run, run.last(), "body")
        thirds = hard.hard_thirds("body")
    finally:
        hard.hard_thirds.cache_clear()
    assert {name: len(rows) for name, rows in thirds.items()} == {"vae": 4, "rarity": 4}
    parts = ("all", "vae", "rarity")
    names = {f"{metric}_{part}" for metric in ("pck", "evalpose") for part in parts}
    assert set(told) == names | {f"{name}_last" for name in names}
    assert all(isinstance(value, float) for value in told.values())


def test_tables_that_were_never_run_say_how(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(writing, "RESULTS", tmp_path)
    assert "--only claims" in sampling_tables.samplers("claims", "grid")
    assert "--only score" in sampling_tables.scores()
    assert "POSESHIFT_DATA" in sampling_tables.real_scores()
    assert "--only twenty" in prior_tables.transfers("twenty", "ten")
    assert "benchmarks.annotation" in prior_tables.annotation()
    assert "benchmarks.prior_loop" in prior_tables.loop()


def test_pairs_of_draws_average_over_seeds():
    high = {"mmd2": [0.2, 0.4, 0.4, 0.6], "draws": 2}
    low = {"mmd2": [0.1, 0.1, 0.1, 0.1], "draws": 2}
    assert prior.paired(high, low, "mmd2") == pytest.approx([0.2, 0.4])


def test_drawn_and_held_out_poses_are_apart():
    poses = PoseSet.of(np.random.default_rng(0).normal(size=(9, 21, 2)), skeleton("hand21"))
    pool, held_out = halves(poses)
    assert (len(pool), len(held_out)) == (4, 5)
    assert not any(one.equal(other) for one in pool.points_NK2 for other in held_out.points_NK2)


def test_a_part_of_a_skeleton_keeps_poses_that_have_it_whole():
    animal = skeleton("animal20")
    points = np.random.default_rng(0).normal(size=(3, 20, 2))
    points[0, animal.keypoints.index("nose")] = np.nan
    points[1, animal.keypoints.index("left_back_paw")] = np.nan
    found = part(PoseSet.of(points, animal), TRUNK, "trunk8")
    assert (len(found), found.skeleton.keypoints) == (2, TRUNK)


def test_a_transfer_stands_between_floor_and_unadapted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    said = {"part": "twenty", "pair": "body"}
    bounds = {**said, "arm": "bounds", "floor": {"mmd2": 0.0}, "unadapted": {"mmd2": 0.4}}
    row = {**said, "arm": "ours", "n": 20, "mmd2": [0.1, 0.3], "copying": [1.0, 1.0]}
    about = {"rows": [row, bounds], "checks": [], "date": "today", "hardware": {}, "command": "x"}
    write_json(tmp_path / "prior.json", about)
    monkeypatch.setattr(writing, "RESULTS", tmp_path)
    table = prior_tables.transfers("twenty")
    assert "body, n = 20:" in table
    assert "| *unadapted* | 0.400 | - | - | - |" in table
    assert "| ours | 0.200 ± 0.141 | 1.000 ± 0.000 | 50 % | 2 |" in table
