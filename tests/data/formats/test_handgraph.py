"""Hand-Graph: cameras put 3D joints where the hand is seen."""

from pathlib import Path

import numpy as np
import pytest

from poseshift.data.formats import ReadOptions
from poseshift.data.formats.handgraph import HandGraph, project_into_crop, see
from tests.data import tiny


def test_reads_real_hands(tmp_path: Path):
    found = HandGraph().read(tiny.handgraph(tmp_path), ReadOptions())
    items = list(found.items)
    assert (found.crop_from, len(items)) == ("image", 2)
    assert items[1].image == tmp_path / "images" / "00001.jpg"
    assert ((items[0].keypoints_K2 > 0) & (items[0].keypoints_K2 < 256)).all()


def test_the_middle_of_the_box_is_the_middle_of_the_crop():
    camera, box = np.array([[900.0, 900, 640, 360]]), np.array([[600.0, 300, 80, 80]])
    # The pixel (639.5, 339.5) is the centre of an 80 px box that starts at pixel (600, 300).
    point = np.array([[[-0.5 / 900, -20.5 / 900, 1.0]]])
    np.testing.assert_allclose(project_into_crop(point, camera, box), [[[127.5, 127.5]]])


def test_reads_gestures_seen_by_every_camera(tmp_path: Path):
    found = HandGraph().read(tiny.gestures(tmp_path), ReadOptions())
    items = list(found.items)
    assert [item.id for item in items] == [
        "gesture0000-cam01",
        "gesture0000-cam02",
        "gesture0001-cam01",
        "gesture0001-cam02",
    ]
    assert found.count == 4
    assert "left hands" in found.notes[0]


def test_a_camera_turned_by_a_quarter_looks_along_x():
    # Turned about y by 90 degrees, -z becomes -x, and what was ahead is now to the right.
    camera = np.array([100.0, 0, 0, 0, 0, 90, 0])
    np.testing.assert_allclose(see(np.array([[-10.0, 0, 0]]), camera), [[128, 128]])
    assert see(np.array([[-10.0, 0, -1]]), camera)[0, 0] > 128


@pytest.mark.data
def test_the_real_hands_and_gestures(data_folder: Path):
    folder = data_folder / "hand" / "hand_graph"
    real = np.stack([i.keypoints_K2 for i in HandGraph().read(folder, ReadOptions()).items])
    assert real.shape == (583, 21, 2)
    assert real.min() > 0
    assert real.max() < 256
    path = folder / "handGestures.txt"
    poses = np.stack([i.keypoints_K2 for i in HandGraph().read(path, ReadOptions()).items])
    assert len(poses) == 12_500
    # Every camera was aimed at the hand.
    assert np.abs(poses.mean(axis=(0, 1)) - 128).max() < 30
    assert np.quantile(np.abs(poses - 128), 0.99) < 160
