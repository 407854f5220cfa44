"""Figures of priors: for every skeleton, the same bytes again, showing what they should."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from matplotlib.figure import Figure

from poseshift.report.prior_figures import (
    curve_figure,
    draw_skeleton,
    map_figure,
    morph_figure,
    sheet_figure,
)
from poseshift.skeleton import Skeleton, skeleton

SPECKS = Skeleton.from_dict({"name": "specks", "keypoints": ["a", "b", "c"]}, "test")


def poses(count: int, joints: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, joints, 2))


def pixels(stem: Path) -> np.ndarray:
    image = cv2.imread(str(stem.with_name(f"{stem.name}.png")))
    assert image is not None
    return image


def test_the_same_poses_give_the_same_bytes(tmp_path: Path):
    near, far = poses(40, 21).reshape(40, -1), poses(40, 21, 1).reshape(40, -1) + 3
    for name in ("one", "two"):
        map_figure(tmp_path / name, near, far, {"kde": near + 0.1})
    for kind in ("png", "svg"):
        one, two = (tmp_path / f"{name}.{kind}" for name in ("one", "two"))
        assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize("joints", [skeleton("body16"), skeleton("face68"), SPECKS],
                         ids=lambda joints: joints.name)  # fmt: skip
def test_sheets_of_any_skeleton(tmp_path: Path, joints: Skeleton):
    some = poses(7, len(joints))
    some[0, 0] = np.nan
    sheet_figure(tmp_path / "sheet", {"target": some, "kde": some[:2]}, joints, columns=5)
    assert (pixels(tmp_path / "sheet") < 250).any()


def test_a_missing_joint_takes_its_lines_with_it():
    hand = skeleton("hand21")
    points = poses(1, 21)[0]
    points[hand.index("wrist")] = np.nan
    axes = Figure().subplots()
    draw_skeleton(axes, points, hand)
    (lines,) = axes.collections
    assert len(lines.get_paths()) == len(hand.edges) - 5


def test_left_and_right_have_the_colours_they_have_on_pictures():
    body = skeleton("body16")
    axes = Figure().subplots()
    draw_skeleton(axes, poses(1, 16)[0], body)
    (lines,) = axes.collections
    colours = dict(zip(body.edges, np.asarray(lines.get_colors()) * 255, strict=True))
    knee = {
        side: (body.index(f"{side}_ankle"), body.index(f"{side}_knee"))
        for side in ("left", "right")
    }
    assert colours[knee["left"]][:3].round().tolist() == [50, 130, 250]
    assert colours[knee["right"]][:3].round().tolist() == [240, 90, 50]


def test_a_morph_shows_where_a_pose_came_from(tmp_path: Path):
    hand = skeleton("hand21")
    first, last = poses(2, 21), poses(2, 21, 1)
    morph_figure(tmp_path / "morph", [first, (first + last) / 2, last], hand, ("a", "b"))
    morph_figure(tmp_path / "still", [first, first, first], hand, ("a", "b"))
    faint = np.array([232, 230, 228])  # LINE of the look, as OpenCV orders it
    found = [(np.abs(pixels(tmp_path / name).astype(int) - faint).max(-1) < 3).sum()
             for name in ("morph", "still")]  # fmt: skip
    assert found[0] > 10 * max(found[1], 1)  # under a pose that has not moved it is hidden


def test_curves_end_in_the_order_of_their_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    texts: list[str] = []
    monkeypatch.setattr(
        "matplotlib.axes.Axes.legend",
        lambda axes, **_: texts.extend(line.get_label() for line in axes.lines),
    )
    curves = {"low": [(10, 0.2), (50, 0.1), (50, 0.12)], "high": [(10, 0.1), (50, 0.3)]}
    curve_figure(tmp_path / "curve", curves, floor=0.0, unadapted=0.4, metric="MMD²")
    assert [text for text in texts if not text.startswith("_")] == ["high", "low"]
