"""Boxes: half a pixel off the file's numbers, and matched to images by name."""

from pathlib import Path

import pytest

from poseshift.data.boxes import Boxes, read_boxes
from poseshift.errors import BadInput
from tests.data import tiny


def test_a_table_in_any_order_of_columns(tmp_path: Path):
    path = tmp_path / "boxes.csv"
    path.write_text("score,h,w,y,x,image\n0.9,40,30,20,10,a\\1.png\n0.8,4,3,2,1,a/1.png\n")
    assert read_boxes(path).of_image == {"a/1.png": [(9.5, 19.5, 30, 40), (0.5, 1.5, 3, 4)]}


def test_a_coco_file_has_numbers_and_images_without_anyone(tmp_path: Path):
    data = tiny.coco_data()
    del data["annotations"][1]
    data["annotations"][1]["iscrowd"] = 1
    boxes = read_boxes(tiny.write_json(tmp_path / "boxes.json", data))
    assert boxes.ids == {"img00.png": 0, "img01.png": 1, "img02.png": 2}
    assert boxes.of_image == {"img00.png": [(7.5, 7.5, 32, 32)], "img01.png": [], "img02.png": []}


ONE, TWO = [(0.0, 0.0, 1.0, 1.0)], [(0.0, 0.0, 2.0, 2.0)]


@pytest.mark.parametrize(
    ("theirs", "ours", "expected"),
    [
        ({"1.png": ONE, "2.png": TWO}, ["1.png", "3.png"], {"1.png": ONE}),
        ({"far/1.png": ONE}, ["near/1.png"], {"near/1.png": ONE}),
        ({"a/1.png": ONE, "b/1.png": TWO}, ["b/1.png"], {"b/1.png": TWO}),
        ({"a/1.png": ONE, "2.png": TWO}, ["b/1.png", "c/1.png", "2.png"], {"2.png": TWO}),
        ({"a/1.png": ONE, "b/1.png": TWO, "2.png": TWO}, ["c/1.png", "2.png"], {"2.png": TWO}),
    ],
)
def test_names(theirs: dict, ours: list[str], expected: dict):
    """By whole path, else by a file name that is alone on both sides."""
    found = Boxes(Path("b.csv"), theirs, dict.fromkeys(theirs, 5)).named(ours)
    assert found.of_image == expected
    assert found.ids == dict.fromkeys(expected, 5)


def test_names_of_which_none_is_there():
    boxes = Boxes(Path("b.csv"), {f"{i}.png": ONE for i in range(5)})
    with pytest.raises(BadInput, match=r"0.png, 1.png, 2.png \.\.\.; given: x.png"):
        boxes.named(["x.png"])
