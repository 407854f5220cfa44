"""Figures of a Pack's bins: written by the verb; runs are told bin by bin as evaluate does."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from poseshift.data.pack import Pack
from poseshift.errors import BadInput, UserError
from poseshift.evaluation import evaluate
from poseshift.nn.posenet import PoseNet
from poseshift.report.bins import read_predictions, run_curve, write_bin_figures
from poseshift.run import Run, write_manifest
from poseshift.sampling.bins import Bins, bins_folder, cut, read_bins
from poseshift.sampling.making import make_scores
from poseshift.sampling.pose_vae import VaeConfig
from poseshift.skeleton import skeleton
from tests.tiny_runs import Shell, tiny

CONFIG = VaeConfig(steps=20)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, worlds: dict[str, Pack]) -> Run:
    run = Run.create(tmp_path_factory.mktemp("runs") / "one", tiny())
    write_manifest(run, {}, skeleton("body16"))
    torch.manual_seed(0)
    run.save_checkpoint(PoseNet(run.config.network, 16), 4)
    evaluate(run, worlds["street"])
    return run


@pytest.fixture(scope="module")
def bins(worlds: dict[str, Pack]) -> Bins:
    make_scores(worlds["studio"], CONFIG)
    return read_bins(worlds["studio"], CONFIG, k=4)


def test_one_bin_of_all_is_what_evaluate_says(run: Run, worlds: dict[str, Pack]):
    street = worlds["street"]
    (told,) = evaluate(run, street)
    found = run_curve(run, street, np.zeros(64, dtype=np.int64), 1)
    assert found.name == "one"
    assert found.pck_k3[0] == pytest.approx([told.metrics["pck"], *told.metrics["pck_interval"]])
    assert found.evalpose_k3[0, 0] == pytest.approx(told.metrics["evalpose_centred"], abs=1e-6)
    assert found.evalpose_k3[0, 1] < found.evalpose_k3[0, 0] < found.evalpose_k3[0, 2]


def test_samples_of_no_bin_do_not_count(run: Run, worlds: dict[str, Pack]):
    number = np.full(64, -1)
    number[:30] = 0
    found = run_curve(run, worlds["street"], number, 2)
    assert np.isfinite(found.pck_k3[0]).all()
    assert np.isnan(found.pck_k3[1]).all()
    assert np.isnan(found.evalpose_k3[1]).all()


def test_predictions_are_those_of_the_chosen_checkpoint(run: Run, worlds: dict[str, Pack]):
    rows, points = read_predictions(run, worlds["street"])
    assert rows.tolist() == list(range(64))
    assert points.shape == (64, 16, 2)
    with pytest.raises(UserError, match="was not evaluated on") as error:
        read_predictions(run, worlds["studio"])
    assert f"poseshift evaluate {run.path}" in str(error.value)


def test_damaged_predictions_are_named(tmp_path: Path, worlds: dict[str, Pack]):
    run = Run.create(tmp_path / "two", tiny())
    write_manifest(run, {}, skeleton("body16"))
    run.save_checkpoint(PoseNet(run.config.network, 16), 4)
    evaluate(run, worlds["street"])
    (file,) = run.path.glob("evaluations/*/*/predictions.arrow")
    file.write_bytes(file.read_bytes()[:200])
    with pytest.raises(BadInput, match="is damaged") as error:
        read_predictions(run, worlds["street"])
    assert str(file) in str(error.value)


def test_all_figures_of_a_pack_a_target_and_its_runs(
    worlds: dict[str, Pack], bins: Bins, run: Run, tmp_path: Path
):
    drawn = write_bin_figures(
        worlds["studio"], bins, tmp_path / "all", target=worlds["street"], runs=[run]
    )
    names = [path.name for path in drawn]
    assert names == ["runs.png", "scores.png", "sheet.png", "similarity.png", "variation.png"]
    assert all(path.is_file() and path.with_suffix(".svg").is_file() for path in drawn)


def test_the_verb_draws_them(
    worlds: dict[str, Pack], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):  # fmt: skip
    poseshift = Shell(monkeypatch, capsys)
    path = worlds["studio"].path
    words = ["--k", "4", "--score", "vae", "--set", "steps=20"]
    said = poseshift("bins", path, *words, "--figures", tmp_path / "f", "--json")
    assert said.code == 0, said.err
    found = json.loads(said.out)["figures"]
    assert [Path(name).name for name in found] == [
        "scores.png", "sheet.png", "similarity.png", "variation.png",
    ]  # fmt: skip
    assert (bins_folder(worlds["studio"], CONFIG) / "bins.json").is_file()


def test_cut_is_what_the_figures_count(bins: Bins):
    assert cut(bins.score_N, 4, "count")[0].tolist() == bins.bin_N.tolist()
