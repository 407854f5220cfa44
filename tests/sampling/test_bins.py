"""Bins: exact counts, stable ties, equal widths, and what is kept beside a Pack."""

import json
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poseshift.data.pack import Pack, PackWriter
from poseshift.data.types import Sample
from poseshift.errors import BadInput, UserError
from poseshift.sampling import ray_scores
from poseshift.sampling.bins import bins_folder, cut, open_bins, read_about, read_bins, write_bins
from poseshift.sampling.distances import KnnConfig, MeanConfig
from poseshift.sampling.making import make_scores, score_pack
from poseshift.sampling.pose_vae import VaeConfig
from poseshift.sampling.ray_scores import ChunkScorer, chunk_table, score_on_ray
from poseshift.sampling.scores import fit_score, load_score
from tests.sampling.made import HAND, QUICK, pose_pack, poses

MEAN, VAE = MeanConfig(), VaeConfig(**QUICK)
few = settings(deadline=None, max_examples=50)


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    """200 hands, two of them blank, scored by their distance to the mean."""
    made = pose_pack(tmp_path_factory.mktemp("bins") / "pack", 200, blank=2)
    make_scores(made, MEAN)
    return made


# --- cutting --------------------------------------------------------------------------------------


@few
@given(st.lists(st.integers(0, 9), min_size=1, max_size=60), st.data())
def test_equal_counts_are_equal_and_ties_stay_in_order(values: list[int], data: st.DataObject):
    k = data.draw(st.integers(1, len(values)))
    score = np.float32(values)
    bins, edges = cut(score, k, "count")
    sizes = np.bincount(bins, minlength=k)
    assert sizes.max() - sizes.min() <= 1
    for value in set(values):
        assert (np.diff(bins[score == value]) >= 0).all()
    order = np.argsort(score, kind="stable")
    assert (np.diff(bins[order]) >= 0).all()
    assert (np.diff(edges) >= 0).all()
    assert (score >= edges[bins]).all()
    assert (score <= edges[bins + 1]).all()


def test_equal_widths_are_equal_in_log_score():
    score = np.exp(np.random.default_rng(0).uniform(-6, 0, 5000)).astype(np.float32)
    bins, edges = cut(score, 6, "width")
    np.testing.assert_allclose(np.diff(np.log(edges))[1:-1], 1, atol=0.02)
    np.testing.assert_allclose(np.bincount(bins) / 5000, 1 / 6, atol=0.03)


def test_broken_labels_do_not_take_the_bins():
    score = np.exp(np.random.default_rng(0).normal(size=5000)).astype(np.float32)
    broken = score.copy()
    broken[:3] = 1e9, 1e12, 0
    assert (cut(broken, 10, "width")[0][3:] == cut(score, 10, "width")[0][3:]).mean() > 0.9
    assert cut(broken, 10, "width")[0][:3].tolist() == [9, 9, 0]


@pytest.mark.parametrize("kind", ["count", "width"])
def test_samples_without_a_score_are_easy(kind: Any):
    score = np.float32([np.nan, 1, 2, 4, np.nan, 8])
    bins, edges = cut(score, 3, kind)
    assert bins[[0, 4]].tolist() == [0, 0]
    assert np.isfinite(edges).all()


def test_equal_scores_are_one_width():
    bins, _ = cut(np.full(9, 0.5, np.float32), 3, "width")
    assert len(set(bins.tolist())) == 1


def test_more_bins_than_samples_are_refused():
    with pytest.raises(UserError, match=r"5 bins of 4 samples(.|\n)*--k"):
        cut(np.ones(4, np.float32), 5, "count")


def test_further_scores_find_their_bins(pack: Pack):
    for kind in ("count", "width"):
        bins = read_bins(pack, MEAN, 7, kind)
        known = np.isfinite(bins.score_N)
        np.testing.assert_array_equal(bins.find(bins.score_N[known]), bins.bin_N[known])
        assert bins.find(np.float32([-1, 1e9])).tolist() == [0, 6]


# --- beside the Pack ------------------------------------------------------------------------------


def test_what_is_kept_is_what_was_scored(pack: Pack):
    bins = read_bins(pack, MEAN, 10)
    assert np.isnan(bins.score_N[:2]).all()
    assert bins.size_k.tolist() == [20] * 10
    score = load_score(bins.folder)
    np.testing.assert_array_equal(score_pack(pack, score), bins.score_N)
    about = read_about(bins)
    assert about["pack"] == "pack"
    assert about["poses"] == 178  # every tenth of 198 is held out
    assert sorted(p.name for p in bins.folder.iterdir()) == [
        "bins.arrow", "bins.json", "score.json", "score.safetensors",
    ]  # fmt: skip


def test_other_settings_and_other_data_are_other_scores(pack: Pack, tmp_path: Path):
    folders = {bins_folder(pack, c) for c in (MEAN, VAE, KnnConfig(), MeanConfig(seed=1))}
    assert len(folders) == 4
    other = pose_pack(tmp_path / "pack", 200, seed=1)
    assert bins_folder(other, MEAN).name != bins_folder(pack, MEAN).name


def test_missing_bins_say_what_to_type(pack: Pack):
    with pytest.raises(UserError) as caught:
        read_bins(pack, VAE)
    assert f"poseshift bins {pack.path} --score vae --set width=16 --set latent=4" in str(
        caught.value
    )
    with pytest.raises(UserError, match=r"/pack --set seed=3$"):
        read_bins(pack, KnnConfig(seed=3))


def test_bins_are_made_once_and_that_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("COLUMNS", "250")
    pack = pose_pack(tmp_path / "pack", 60)
    first = open_bins(pack, VAE, 5, "count")
    assert "pack: scoring 60 poses (vae)" in capsys.readouterr().err
    again = open_bins(pack, VAE, 5, "count")
    assert capsys.readouterr().err == ""
    assert again.fingerprint == first.fingerprint
    assert open_bins(pack, VAE, 6, "count").fingerprint != first.fingerprint


def test_a_failure_leaves_nothing(tmp_path: Path):
    pack = pose_pack(tmp_path / "pack", 30)

    def fail(*_: Any) -> Any:
        raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        make_scores(pack, MEAN, scoring=fail)
    assert list((pack.path / "bins").iterdir()) == []


def test_another_process_may_be_first(tmp_path: Path):
    pack, elsewhere = (pose_pack(tmp_path / name, 30) for name in ("pack", "elsewhere"))
    theirs = make_scores(elsewhere, MEAN)

    def overtaken(*given: Any) -> Any:
        shutil.copytree(theirs, bins_folder(pack, MEAN))
        return score_pack(*given)

    make_scores(pack, MEAN, scoring=overtaken)
    assert [p.name for p in (pack.path / "bins").iterdir()] == [bins_folder(pack, MEAN).name]
    assert read_bins(pack, MEAN, 3).k == 3


def test_cutting_anew_keeps_the_scores(tmp_path: Path):
    pack = pose_pack(tmp_path / "pack", 30)
    make_scores(pack, MEAN)
    before = read_bins(pack, MEAN, 3)
    other = read_bins(pack, MEAN, 5, "width")
    write_bins(other, read_about(before))
    said = json.loads((before.folder / "bins.json").read_text())
    assert (said["k"], said["kind"], said["pack"]) == (5, "width", "pack")
    assert read_bins(pack, MEAN, 3).fingerprint == before.fingerprint


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda said: "{}", "'format': Field required"),
        (lambda said: "[", "is not JSON"),
        (lambda said: json.dumps({**said, "held_out": {"fitted": []}}), "held_out"),
        (lambda said: json.dumps({**said, "fingerprint": "else"}), "other data or settings"),
    ],
)
def test_what_is_told_of_scores_is_checked(spoil: Any, why: str, tmp_path: Path):
    pack = pose_pack(tmp_path / "pack", 30)
    file = make_scores(pack, MEAN) / "bins.json"
    file.write_text(spoil(json.loads(file.read_text())))
    with pytest.raises(BadInput, match=r"bins\.json: is damaged(.|\n)*delete") as caught:
        read_about(read_bins(pack, MEAN, 3))
    assert why in str(caught.value)


@pytest.mark.parametrize("spoil", [lambda f: f.write_bytes(b"x"), lambda f: f.unlink()])
def test_damaged_scores_are_told(spoil: Any, tmp_path: Path):
    pack = pose_pack(tmp_path / "pack", 30)
    folder = make_scores(pack, MEAN)
    spoil(folder / "bins.arrow")
    with pytest.raises(BadInput, match=r"bins\.arrow: is damaged(.|\n)*delete"):
        read_bins(pack, MEAN, 3)


def test_poses_without_labels_cannot_be_scored(tmp_path: Path):
    with pytest.raises(UserError, match="has no labels"):
        make_scores(pose_pack(tmp_path / "none", 5, blank=5), MEAN)
    with PackWriter(tmp_path / "dots", HAND, 64) as writer:
        for i in range(3):
            seen = np.array([2] + [0] * 20, np.uint8)
            spots = np.where(seen[:, None] > 0, np.full((21, 2), 5), np.nan)
            writer.add(Sample(str(i), None, spots.astype(np.float32), seen))
    with pytest.raises(BadInput, match="no sample has two labelled joints"):
        make_scores(Pack(tmp_path / "dots"), MEAN)


# --- shared out over machines ---------------------------------------------------------------------


def test_chunks_scored_apart_are_the_scores_of_one_process(tmp_path: Path):
    pack = pose_pack(tmp_path / "pack", 9000)
    score = fit_score(poses(300), VAE)
    table = chunk_table(pack)
    assert [row["first"] for row in table] == [0, 4096, 8192]
    found = np.zeros(9000, np.float32)
    worker = ChunkScorer(str(pack.path), score)
    for rows in ([2, 0], [1]):
        batch = {key: np.array([table[i][key] for i in rows]) for key in ("chunk", "first")}
        said = worker(batch)
        found[said["row"]] = said["score"]
    np.testing.assert_array_equal(found, score_pack(pack, score))


def test_without_ray_the_extra_is_named(pack: Pack, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ray_scores, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"not installed(.|\n)*poseshift\[ray\]"):
        score_on_ray(pack, fit_score(poses(30), MEAN), 2)


def test_ray_is_asked_for_every_chunk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A stand-in that follows Ray Data's interface, one block after another."""

    class Dataset:
        def __init__(self, rows: list[dict[str, int]]) -> None:
            self.rows = rows

        def map_batches(self, kind: Any, *, fn_constructor_args: Any, compute: Any) -> Any:
            assert compute.size == 2
            worker = kind(*fn_constructor_args)
            batches = [{key: np.array([r[key]]) for key in r} for r in reversed(self.rows)]
            self.done = [worker(batch) for batch in batches]
            return self

        def iter_batches(self, **_: Any) -> Any:
            return iter(self.done)

    data = SimpleNamespace(
        from_items=lambda rows, override_num_blocks: Dataset(rows),
        ActorPoolStrategy=lambda size: SimpleNamespace(size=size),
    )
    monkeypatch.setattr(ray_scores, "find_spec", lambda name: True)
    monkeypatch.setitem(sys.modules, "ray", SimpleNamespace(data=data))
    pack, score = pose_pack(tmp_path / "pack", 5000), fit_score(poses(100), MEAN)
    np.testing.assert_array_equal(score_on_ray(pack, score, 2), score_pack(pack, score))


def test_ray_gives_the_scores_of_one_process(tmp_path: Path):
    pytest.importorskip("ray", reason="ray is not installed")
    pack, score = pose_pack(tmp_path / "pack", 9000), fit_score(poses(100), VAE)
    np.testing.assert_array_equal(score_on_ray(pack, score, 2), score_pack(pack, score))
