"""Figures of a diagnosis: as many as there is evidence for, the same every time."""

from pathlib import Path
from typing import Any

import pytest
from matplotlib.axes import Axes

from poseshift.data.pack import Pack
from poseshift.gap import pose
from poseshift.gap.diagnose import diagnose
from poseshift.gap.distance import Distance
from poseshift.report.figure import drawing
from poseshift.report.gap_figures import _bar, draw_distances, unit_notes, write_gap_figures
from poseshift.sampling.pose_vae import VaeConfig
from tests.gap.made import relabelled


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pose, "VAE", VaeConfig(steps=20))


def test_all_that_is_known_is_drawn_and_again_the_same(worlds: dict[str, Pack], tmp_path: Path):
    gap = diagnose(str(worlds["studio"].path), str(worlds["street"].path), use_labels=True)
    drawn = write_gap_figures(gap, tmp_path / "a")
    assert [path.name for path in drawn] == ["appearance.png", "distances.png", "poses.png"]
    draw_distances(tmp_path / "again", gap)
    for kind in (".png", ".svg"):
        one, other = drawn[1].with_suffix(kind), (tmp_path / "again").with_suffix(kind)
        assert one.read_bytes() == other.read_bytes()


def test_the_figures_say_the_numbers_of_the_table(
    worlds: dict[str, Pack], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    gap = diagnose(str(worlds["studio"].path), str(worlds["street"].path), use_labels=True)
    written: list[str] = []
    marked = Axes.annotate

    def annotate(self: Axes, text: str, *given: Any, **more: Any) -> Any:
        written.append(text)
        return marked(self, text, *given, **more)

    monkeypatch.setattr(Axes, "annotate", annotate)
    write_gap_figures(gap, tmp_path / "figures")
    looks = [d for d in gap.sections[0].distances if d.unit == "share"]
    largest = sorted((d.value for d in looks), reverse=True)[:2]
    for value in (*largest, *(angle.value for angle in gap.angles[:3])):
        assert f"{value:.2f}" in written


def test_values_stand_in_a_column_and_other_units_are_explained(
    worlds: dict[str, Pack], tmp_path: Path
):
    gap = diagnose(str(worlds["studio"].path), str(worlds["street"].path))
    draw_distances(tmp_path / "d", gap)
    with drawing(tmp_path / "bar", 7, 3) as axes:
        axes.set_xlim(0, 1.2)
        _bar(axes, 0, Distance("noise", value=0.1, floor=0.4, matters=0.3))
        (text,) = axes.texts
        assert text.get_text() == "0.10"
        assert text.get_position()[0] > 1  # not beside the floor
    assert unit_notes(gap.sections) == ["of an accuracy a: 2a - 1", "of v variances: v / (1 + v)"]


def test_what_is_not_known_is_not_drawn(worlds: dict[str, Pack], tmp_path: Path):
    source, street = str(worlds["studio"].path), worlds["street"]
    bare = relabelled(street, tmp_path / "bare", street.poses.keypoints_NK2, images=False)
    looks = write_gap_figures(diagnose(source, str(street.path)), tmp_path / "looks")
    assert [path.name for path in looks] == ["appearance.png", "distances.png"]
    poses = write_gap_figures(diagnose(source, str(bare.path), use_labels=True), tmp_path / "poses")
    assert [path.name for path in poses] == ["distances.png", "poses.png"]
