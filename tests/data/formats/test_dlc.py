"""DeepLabCut and Lightning-Pose: one file or a project, one animal or several, old rows or new."""

from pathlib import Path

import numpy as np
import pytest

from poseshift.data.formats import Annotation, ReadOptions, Skipped
from poseshift.data.formats.dlc import Dlc
from poseshift.errors import BadInput
from tests.data import tiny

TWO_ANIMALS = """scorer,me,me,me,me,me,me,me,me,me,me
individuals,ann,ann,ann,ann,bob,bob,bob,bob,single,single
bodyparts,leftear,leftear,rightear,rightear,leftear,leftear,rightear,rightear,corner,corner
coords,x,y,x,y,x,y,x,y,x,y
labeled-data/a/img00.png,1,2,3,4,5,6,7,8,0,0
labeled-data/a/img01.png,1,2,3,4,,,,,0,0
"""


def read(path: Path, **options):
    found = Dlc().read(path, ReadOptions(**options))
    return found, list(found.items)


@pytest.mark.parametrize("project", [False, True])
def test_reads_a_file_or_a_project(tmp_path: Path, project: bool):
    path = tiny.dlc(tmp_path)
    found, items = read(tmp_path if project else path)
    assert found.skeleton.keypoints == ("leftear", "rightear")
    assert found.skeleton.flip == (1, 0)
    assert found.skeleton.edges == ((0, 1),)  # the other edge of config.yaml has no such point
    assert [item.id for item in items] == ["labeled-data/a/img00", "labeled-data/a/img01"]
    assert items[1].visibility_K.tolist() == [2, 0]
    np.testing.assert_array_equal(items[0].keypoints_K2, [[10, 12], [30, 14]])
    assert all(item.image.is_file() for item in items)
    assert (items[1].track, items[1].frame) == ("labeled-data/a", 1)
    assert found.crop_from == "image"


def test_reads_paths_in_three_columns_and_of_windows(tmp_path: Path):
    text = (
        "scorer,,,me,me\nbodyparts,,,nose,nose\ncoords,,,x,y\n"
        "labeled-data,a,img00.png,1,2\nlabeled-data\\a\\img01.png,,,3,4\n"
    )
    _, items = read(tiny.dlc(tmp_path, text))
    assert [item.source for item in items] == [
        "labeled-data/a/img00.png",
        "labeled-data/a/img01.png",
    ]
    assert all(item.image.is_file() for item in items)


def test_several_animals_are_several_samples(tmp_path: Path):
    found, items = read(tiny.dlc(tmp_path, TWO_ANIMALS))
    assert found.crop_from == "keypoints"
    assert found.notes == ["points of no animal dropped: corner"]
    assert [item.id for item in items if isinstance(item, Annotation)] == [
        "labeled-data/a/img00:ann",
        "labeled-data/a/img00:bob",
        "labeled-data/a/img01:ann",
    ]
    assert isinstance(items[3], Skipped)
    np.testing.assert_array_equal(items[1].keypoints_K2, [[5, 6], [7, 8]])


def test_label_files_of_one_project_must_agree(tmp_path: Path):
    tiny.dlc(tmp_path)
    other = tmp_path / "labeled-data" / "b" / "CollectedData_me.csv"
    tiny.photo(other.parent / "img00.png")
    other.write_text(
        "scorer,me,me\nbodyparts,tail,tail\ncoords,x,y\nlabeled-data/b/img00.png,1,2\n"
    )
    with pytest.raises(BadInput, match="bodyparts tail differ"):
        read(tmp_path)


def test_a_column_told_twice_is_refused(tmp_path: Path):
    text = "scorer,m,m,m\nbodyparts,a,a,a\ncoords,x,y,y\nlabeled-data/a/img00.png,1,2,3\n"
    with pytest.raises(BadInput, match="column 4 repeats a y"):
        read(tiny.dlc(tmp_path, text))


def test_a_column_not_told_is_refused(tmp_path: Path):
    text = "scorer,m,m,m\nbodyparts,a,a,b\ncoords,x,y,x\nlabeled-data/a/img00.png,1,2,3\n"
    with pytest.raises(BadInput, match="no column b y"):
        read(tiny.dlc(tmp_path, text))


@pytest.mark.data
def test_the_real_projects(data_folder: Path):
    found, items = read(data_folder / "animal" / "mirror_mouse")
    assert (len(found.skeleton), len(items)) == (17, 90)
    found, items = read(data_folder / "animal" / "openfield")
    assert (len(found.skeleton), len(items)) == (4, 116)
    assert found.skeleton.flip == (0, 2, 1, 3)
    assert all(isinstance(item, Annotation) and item.image.is_file() for item in items)
