"""AnimalPose: species and split from the keys, zeros are missing, boxes hold their last pixel."""

from collections import Counter
from pathlib import Path

import pytest

from poseshift.data.formats import ReadOptions
from poseshift.data.formats.animalpose import AnimalPose
from tests.data import tiny


def test_reads_animals(tmp_path: Path):
    found = AnimalPose().read(tiny.animalpose(tmp_path), ReadOptions())
    cat, dog = found.items
    assert found.skeleton.name == "animal20"
    assert (cat.id, cat.category, dog.id, dog.category) == (
        "cat_train-0000",
        "cat",
        "dog_test-0000",
        "dog",
    )
    assert cat.visibility_K.tolist() == [2, 2, 2, 0, *[2] * 16]
    assert cat.box_xywh == (1.5, 3.5, 40, 60)
    assert not dog.visibility_K.any()


@pytest.mark.data
def test_the_real_file(data_folder: Path):
    path = data_folder / "animal" / "animalpose_20kp.json"
    found = AnimalPose().read(path, ReadOptions())
    counts = Counter(item.category for item in found.items)
    assert counts == {"cat": 1466, "dog": 1771, "cow": 842, "horse": 960, "sheep": 1078}
