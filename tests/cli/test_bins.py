"""``poseshift bins``: a table for people, one JSON object for programs, scores that are kept."""

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from poseshift.cli.bins import _held_out
from poseshift.data.pack import Pack
from poseshift.sampling import ray_scores
from poseshift.sampling.bins import read_bins
from poseshift.sampling.distances import MeanConfig
from tests.sampling.made import pose_pack
from tests.tiny_runs import Shell

VAE = ["--score", "vae", "--set", "steps=5", "--set", "width=8"]


@pytest.fixture
def poseshift(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    monkeypatch.setenv("COLUMNS", "250")
    return Shell(monkeypatch, capsys)


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    return pose_pack(tmp_path / "pack", 120, blank=2)


def test_a_table_says_size_and_range_and_what_to_type_next(poseshift: Shell, pack: Pack):
    said = poseshift("bins", pack.path, "--k", 4, *VAE)
    assert said.code == 0
    assert "pack: 120 poses scored (vae)" in said.out
    rows = [line.split() for line in said.out.splitlines() if " .. " in line]
    assert [row[:2] for row in rows] == [[str(b), "30"] for b in (1, 2, 3, 4)]
    assert "2 samples show too little of a pose" in said.out
    assert "the median score of poses not fitted to" in said.out
    assert f"next: poseshift adapt {pack.path} TARGET" in said.out
    assert said.out.rstrip().endswith("--sampler vae-hm")


def test_what_to_type_next_goes_by_the_score_that_was_made(poseshift: Shell, pack: Pack):
    said = poseshift("bins", pack.path, "--k", 4)
    assert "120 poses scored (knn)" in said.out
    assert said.out.rstrip().endswith("--sampler vae-hm --set sampler.score=knn")


def test_what_to_type_next_can_be_typed(poseshift: Shell, cache: Path):
    said = poseshift("bins", "world:desk?count=8", "--k", 2)
    (line,) = [line for line in said.out.splitlines() if line.startswith("next: ")]
    assert "'world:desk?count=8'" in line
    assert shlex.split(line)[3] == "world:desk?count=8"


def test_damage_is_told_and_nothing_is_written_over_it(poseshift: Shell, pack: Pack):
    assert poseshift("bins", pack.path, "--k", 4).code == 0
    (file,) = (pack.path / "bins").glob("*/bins.json")
    file.write_text("{}")
    said = poseshift("bins", pack.path, "--k", 5)
    assert said.code == 2
    assert "is damaged" in said.err
    assert f"delete {file.parent}" in said.err
    assert file.read_text() == "{}"


@pytest.mark.parametrize(
    ("score", "words"), [("vae", "learned the others by heart"), ("knn", "90 poses are too few")]
)
def test_unlike_held_out_poses_are_explained_by_what_scored_them(score: str, words: str):
    quantiles = {"fitted": [1.0, 1.0, 2.0], "held_out": [1.0, 1.6, 2.0]}
    about: dict[str, Any] = {"poses": 90, "score": {"name": score}, "held_out": quantiles}
    line, fix = _held_out(about)
    assert line.startswith("  ! ")
    assert words in line
    assert "fix: " in fix
    (line,) = _held_out({**about, "held_out": {**quantiles, "held_out": [1.0, 1.4, 2.0]}})
    assert "!" not in line
    assert _held_out({**about, "held_out": None}) == []


def test_json_is_one_object_and_scores_are_made_once(poseshift: Shell, pack: Pack):
    words = ["bins", pack.path, "--score", "mean", "--json"]
    first = json.loads(poseshift(*words, "--k", 3).out)
    assert first["sizes"] == [40, 40, 40]
    assert len(first["edges"]) == 4
    file = Path(first["folder"]) / "score.safetensors"
    before = file.stat().st_mtime_ns
    wide = json.loads(poseshift(*words, "--k", 5, "--kind", "width").out)
    assert (wide["kind"], len(wide["sizes"]), sum(wide["sizes"])) == ("width", 5, 120)
    assert wide["folder"] == first["folder"]
    assert file.stat().st_mtime_ns == before
    assert read_bins(pack, MeanConfig(), 3).size_k.tolist() == first["sizes"]


def test_a_world_is_scored_beside_its_bake(poseshift: Shell, cache: Path):
    said = json.loads(poseshift("bins", "world:desk?count=8", "--k", 2, *VAE, "--json").out)
    assert said["pack"].startswith(str(cache))
    assert Path(said["folder"]).parent.parent == Path(said["pack"])


def test_ray_is_asked_for_before_the_work(
    poseshift: Shell, pack: Pack, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(ray_scores, "find_spec", lambda name: None)
    said = poseshift("bins", pack.path, "--ray", 2)
    assert said.code == 2
    assert "poseshift[ray]" in said.err
    assert not (pack.path / "bins").exists()
