"""Figures of a diagnosis: as many as there is evidence for, the same every time."""

from pathlib import Path

import pytest

from poseshift.data.pack import Pack
from poseshift.gap import pose
from poseshift.gap.diagnose import diagnose
from poseshift.report.gap_figures import draw_distances, write_gap_figures
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


def test_what_is_not_known_is_not_drawn(worlds: dict[str, Pack], tmp_path: Path):
    source, street = str(worlds["studio"].path), worlds["street"]
    bare = relabelled(street, tmp_path / "bare", street.poses.keypoints_NK2, images=False)
    looks = write_gap_figures(diagnose(source, str(street.path)), tmp_path / "looks")
    assert [path.name for path in looks] == ["appearance.png", "distances.png"]
    poses = write_gap_figures(diagnose(source, str(bare.path), use_labels=True), tmp_path / "poses")
    assert [path.name for path in poses] == ["distances.png", "poses.png"]
