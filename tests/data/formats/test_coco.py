"""COCO: keypoints as they are, boxes half a pixel off, images where COCO puts them."""

import os
from pathlib import Path

import numpy as np
import pytest

from poseshift.data.formats import Annotation, ReadOptions, Skipped
from poseshift.data.formats.coco import Coco
from poseshift.errors import BadInput
from poseshift.skeleton import skeleton
from tests.data import tiny


def read(path: Path, **options):
    found = Coco().read(path, ReadOptions(**options))
    return found, list(found.items)


def test_reads_points_boxes_and_joints(tmp_path: Path):
    found, items = read(tiny.coco(tmp_path))
    assert (found.crop_from, found.count) == ("user", 3)
    assert found.skeleton.keypoints == ("head", "left_wing", "right_wing")
    assert found.skeleton.edges == ((0, 1), (0, 2))
    first = items[0]
    np.testing.assert_array_equal(first.keypoints_K2[:2], [[10, 12], [30, 14]])
    assert np.isnan(first.keypoints_K2[2]).all()
    assert first.visibility_K.tolist() == [2, 1, 0]
    assert first.box_xywh == (7.5, 7.5, 32, 32)
    assert (first.category, first.source, first.size_wh) == ("bug", "img00.png", (64, 48))


def test_its_own_seventeen_joints_are_coco17(tmp_path: Path):
    def change(data):
        names = list(skeleton("coco17").keypoints)
        data["categories"][0].update(keypoints=names, skeleton=[])
        for entry in data["annotations"]:
            entry["keypoints"] = [5, 5, 2] * 17

    found, _ = read(tiny.coco(tmp_path, change))
    assert found.skeleton is skeleton("coco17")


@pytest.mark.parametrize(
    "images", [".", "images", "../val2017", "../images/val2017", "../images", ".."]
)
def test_images_are_found_where_people_put_them(tmp_path: Path, images: str):
    path = tiny.write_json(tmp_path / "annotations" / "keypoints_val2017.json", tiny.coco_data())
    tiny.photos(Path(os.path.normpath(path.parent / images)))
    _, items = read(path)
    assert all(item.image.is_file() for item in items)


def test_images_can_be_named(tmp_path: Path):
    path = tiny.write_json(tmp_path / "labels.json", tiny.coco_data())
    with pytest.raises(BadInput, match="--images"):
        read(path)
    _, items = read(path, images=tiny.photos(tmp_path / "elsewhere"))
    assert items[0].image == tmp_path / "elsewhere" / "img00.png"


def test_crowds_are_skipped_and_bad_entries_do_not_stop_the_others(tmp_path: Path):
    def change(data):
        data["annotations"][0]["iscrowd"] = 1
        data["annotations"][1]["keypoints"] = "none"

    _, items = read(tiny.coco(tmp_path, change))
    assert [type(item) for item in items] == [Skipped, BadInput, Annotation]


def test_categories_without_keypoints_do_not_disturb(tmp_path: Path):
    found, _ = read(tiny.coco(tmp_path, lambda d: d["categories"].append({"id": 2, "name": "car"})))
    assert len(found.skeleton) == 3


def test_categories_must_agree(tmp_path: Path):
    other = {"id": 2, "name": "fly", "keypoints": ["head", "tail"]}
    with pytest.raises(BadInput, match="'bug' and 'fly'"):
        read(tiny.coco(tmp_path, lambda d: d["categories"].append(other)))


def test_a_folder_with_two_label_files_asks_which(tmp_path: Path):
    for split in ("train", "val"):
        tiny.write_json(tmp_path / "annotations" / f"keypoints_{split}.json", tiny.coco_data())
    with pytest.raises(BadInput, match="2 annotation files") as caught:
        read(tmp_path)
    assert "keypoints_train.json, keypoints_val.json" in str(caught.value)


@pytest.mark.data
def test_the_real_subset(data_folder: Path):
    labels = data_folder / "body" / "coco_mini" / "annotations"
    for split, people in (("train", 86), ("val", 68)):
        found, items = read(labels / f"person_keypoints_{split}2017.json")
        assert found.skeleton is skeleton("coco17")
        labeled = [i for i in items if isinstance(i, Annotation) and i.visibility_K.any()]
        assert len(labeled) == people
