"""What figures of bins show is computed right; the drawing itself goes through."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes

from poseshift.data.pack import Pack
from poseshift.report.bin_figures import (
    Curve,
    draw_curves,
    draw_scores,
    draw_similarity,
    draw_variation,
    similarity,
    spread,
    variation,
)
from poseshift.report.bin_sheets import arrange, draw_sheet, shown_bins
from poseshift.sampling.bins import Bins, cut

BINS = 4
RNG = np.random.default_rng(0)
POSE, MASK = RNG.normal(size=(40, 5, 2)), RNG.uniform(size=(40, 5)) > 0.3
BIN = np.arange(40) % BINS
ROWS = [np.flatnonzero(np.arange(40) % BINS == number) for number in range(BINS)]
ANGLE = np.where(RNG.uniform(size=(40, 8)) > 0.2, RNG.uniform(0, 180, (40, 8)), np.nan)


def test_variation_is_the_distance_from_the_mean_of_what_is_labelled():
    found = variation(POSE, MASK, BIN, BINS)
    for number, values in enumerate(found):
        poses, masks = POSE[ROWS[number]], MASK[ROWS[number]]
        mean = [poses[masks[:, k], k].mean(0) for k in range(5)]
        for pose, mask, value in zip(poses, masks, values, strict=True):
            square = [((pose[k] - mean[k]) ** 2).sum() for k in range(5) if mask[k]]
            assert value == pytest.approx(np.sqrt(np.mean(square)))


def test_joints_without_a_label_do_not_matter():
    spoilt = np.where(MASK[..., None], POSE, np.nan)
    clean = np.where(MASK[..., None], POSE, 0)
    for a, b in zip(
        variation(np.nan_to_num(spoilt, nan=7.0), MASK, BIN, BINS),
        variation(clean, MASK, BIN, BINS),
        strict=True,
    ):
        assert a == pytest.approx(b)


def test_similarity_is_the_mean_cosine_over_angles_both_have():
    found = similarity(ANGLE, BIN, BINS)
    for i in range(BINS):
        for j in range(BINS):
            cosines = []
            for a in ROWS[i]:
                for b in ROWS[j]:
                    both = np.isfinite(ANGLE[a]) & np.isfinite(ANGLE[b])
                    if a != b and both.any():
                        x, y = ANGLE[a, both], ANGLE[b, both]
                        cosines.append(x @ y / np.linalg.norm(x) / np.linalg.norm(y))
            assert found[i, j] == pytest.approx(np.mean(cosines))


def test_an_empty_bin_is_like_nothing():
    found = similarity(ANGLE, BIN, BINS + 1)
    assert np.isnan(found[BINS]).all()
    assert np.isfinite(found[:BINS, :BINS]).all()


def test_a_bin_is_stood_for_by_poses_from_all_over_it():
    assert spread(np.arange(1000), 64)[[0, -1]].tolist() == [0, 999]
    assert len(set(spread(np.arange(1000), 64))) == 64


def test_bins_that_are_shown_are_those_of_the_paper():
    assert shown_bins(25) == [1, 9, 17, 25]
    assert shown_bins(1) == [1]


def curve(name: str, alike: float) -> Curve:
    values = np.tile([0.5, 0.4, 0.6], (BINS, 1))
    return Curve(name, values, np.full((BINS, 3), alike))


def test_all_of_it_is_drawn_gaps_and_all(tmp_path: Path, worlds: dict[str, Pack]):
    score = RNG.lognormal(size=40)
    score[3] = np.nan
    some = variation(POSE, MASK, np.where(BIN == 1, 0, BIN), BINS)  # one bin is empty
    draw_variation(tmp_path / "variation", some)
    draw_similarity(tmp_path / "similarity", ANGLE, BIN, BINS)
    draw_scores(tmp_path / "scores", score, BIN, BINS, RNG.lognormal(1, size=20))
    draw_curves(tmp_path / "runs", [curve("one", 0.3), curve("two", np.nan)], "street")
    draw_sheet(tmp_path / "sheet", worlds["studio"], BIN, ["0.1 .. 0.2"] * BINS)
    files = sorted(path.name for path in tmp_path.iterdir())
    assert files == sorted(
        f"{name}.{kind}"
        for name in ("variation", "similarity", "scores", "runs", "sheet")
        for kind in ("png", "svg")
    )


def height(file: Path) -> int:
    return int(np.frombuffer(file.read_bytes()[20:24], ">u4")[0])


def test_a_sheet_reserves_no_rows_for_samples_there_are_not(
    worlds: dict[str, Pack], tmp_path: Path
):
    few, many = (np.repeat(range(4), count) for count in (4, 16))
    for name, number in (("few", few), ("many", many)):
        draw_sheet(tmp_path / name, worlds["studio"], number, [""] * 4)
    # One row of five places, 246 px each, and two of ten, 120 px each.
    assert height(tmp_path / "few.png") == pytest.approx(4 * (246 + 12 + 80) + 26, abs=4)
    assert height(tmp_path / "many.png") == pytest.approx(4 * (2 * 126 + 6 + 80) + 26, abs=4)
    assert arrange(8) == (8, 1, 151)


def test_a_sheet_tells_the_ranges_of_the_table(
    worlds: dict[str, Pack], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    score = np.float32(np.arange(1, 65) / 1e4)
    bins = Bins(score, *cut(score, 4, "count"), "count", tmp_path)
    assert bins.range_k[0] == "0.100 .. 1.700"
    titles: list[str] = []
    monkeypatch.setattr(Axes, "set_title", lambda self, text, **_: titles.append(text))
    draw_sheet(tmp_path / "sheet", worlds["studio"], bins.bin_N, bins.range_k)
    assert [title for title in titles if "score" in title] == [
        f"16 samples, score x 1000: {text}" for text in bins.range_k
    ]


def test_a_run_without_angles_gets_one_panel(tmp_path: Path):
    draw_curves(tmp_path / "one", [curve("one", np.nan)], "street")
    draw_curves(tmp_path / "two", [curve("one", 0.1)], "street")
    sizes = [
        np.frombuffer((tmp_path / f"{n}.png").read_bytes()[16:20], ">u4")[0] for n in ("one", "two")
    ]
    assert sizes[1] > 1.7 * sizes[0]
