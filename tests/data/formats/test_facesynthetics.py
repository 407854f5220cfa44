"""FaceSynthetics: 68 of 70 points, said aloud."""

from pathlib import Path

import numpy as np
import pytest

from poseshift.data.formats import ReadOptions
from poseshift.data.formats.facesynthetics import FaceSynthetics
from tests.data import tiny


def test_reads_faces_without_pupils(tmp_path: Path):
    found = FaceSynthetics().read(tiny.facesynthetics(tmp_path), ReadOptions())
    first, second = found.items
    assert "pupils" in found.notes[0]
    assert (first.id, second.frame, second.image.name) == ("000000", 1, "000001.png")
    np.testing.assert_allclose(second.keypoints_K2[[0, 67]], [[10, 21], [43.5, 37.75]])


@pytest.mark.data
def test_the_real_faces(data_folder: Path):
    found = FaceSynthetics().read(data_folder / "face" / "facesynthetics100", ReadOptions())
    items = list(found.items)
    assert len(items) == 100
    points = np.stack([item.keypoints_K2 for item in items])
    left, right = (found.skeleton.index(f"{side}_eye_outer") for side in ("left", "right"))
    assert (points[:, left, 0] > points[:, right, 0]).mean() > 0.95
