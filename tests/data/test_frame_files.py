"""Labels and predictions in the forms tools write them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from poseshift.data.frame_files import FrameFile, read_frames
from poseshift.errors import BadInput
from poseshift.skeleton import Skeleton, skeleton
from tests.data import tiny

BODY = skeleton("body16")
EARS = Skeleton.from_dict({"name": "ears", "keypoints": ["leftear", "rightear"]}, "here")
LIKELY = (
    "scorer,net,net,net,net,net,net\n"
    "bodyparts,leftear,leftear,leftear,rightear,rightear,rightear\n"
    "coords,x,y,likelihood,x,y,likelihood\n"
)


def read(folder: Path, name: str, content: Any, wanted: Skeleton = BODY) -> FrameFile:
    file = folder / name
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return read_frames(file, wanted)


def coco(folder: Path, change: Callable[[dict[str, Any]], object] = lambda data: None) -> FrameFile:
    data = tiny.coco_data()
    change(data)
    return read(folder, "labels.json", data)


def test_coco_labels_need_no_images(tmp_path: Path):
    found = coco(tmp_path)
    assert found.skeleton.keypoints == ("head", "left_wing", "right_wing")
    assert [pose.image for pose in found.poses] == ["img00.png", "img01.png", "img02.png"]
    pose = found.poses[1]
    np.testing.assert_array_equal(pose.keypoints_K2, [[11, 12], [30, 15], [np.nan, np.nan]])
    assert pose.visibility_K.tolist() == [2, 1, 0]
    assert pose.confidence_K.tolist() == [1, 1, 1]
    assert not found.predicted


def test_a_third_number_that_is_no_flag_is_a_confidence(tmp_path: Path):
    points = [1, 2, 0.25, 3, 4, 0.75, 0, 0, 0]
    found = coco(tmp_path, lambda data: data["annotations"][0].update(keypoints=points))
    assert found.predicted
    assert found.poses[0].confidence_K.tolist() == [0.25, 0.75, 0]
    assert found.poses[0].visibility_K.tolist() == [2, 2, 0]


def test_keypoint_scores_and_a_poses_score_are_confidences(tmp_path: Path):
    def change(data: dict[str, Any]) -> None:
        data["annotations"][0]["keypoint_scores"] = [0.1, 0.2, 0.3]
        data["annotations"][1]["score"] = 0.6

    first, second, third = coco(tmp_path, change).poses
    assert first.confidence_K.tolist() == [0.1, 0.2, 0.3]
    assert second.confidence_K.tolist() == [0.6] * 3
    assert third.confidence_K.tolist() == [1] * 3


def test_a_joint_with_a_score_and_a_place_is_there_whatever_the_tools_own_threshold(tmp_path: Path):
    def change(data: dict[str, Any]) -> None:
        points = [1, 2, 2, 3, 4, 0, 0, 0, 0]
        data["annotations"][0].update(keypoints=points, keypoint_scores=[0.9, 0.2, 0.1])

    pose = coco(tmp_path, change).poses[0]
    assert pose.visibility_K.tolist() == [2, 2, 0]
    assert pose.keypoints_K2[1].tolist() == [3, 4]
    assert np.isnan(pose.keypoints_K2[2]).all()


def test_crowds_are_no_poses(tmp_path: Path):
    found = coco(tmp_path, lambda data: data["annotations"][0].update(iscrowd=1))
    assert len(found.poses) == 2


def test_results_are_coco_joints_unless_the_run_has_as_many(tmp_path: Path):
    entry = {"image_id": "a.png", "category_id": 1, "keypoints": [1, 2, 0.5] * 17, "score": 0.7}
    found = read(tmp_path, "a.json", [entry])
    assert (found.skeleton.name, found.predicted) == ("coco17", True)
    assert found.notes == ["17 joints without names taken as coco17"]
    assert read(tmp_path, "b.json", [entry], skeleton("h36m17")).skeleton.name == "h36m17"


def test_results_with_a_table_of_images(tmp_path: Path):
    entry = {"image_id": 7, "keypoints": [1, 2, 0.5] * 16, "score": 0.7}
    data = {"images": [{"id": 7, "file_name": "a/b.png"}], "annotations": [entry]}
    assert read(tmp_path, "a.json", data).poses[0].image == "a/b.png"
    with pytest.raises(BadInput, match=r"image_id 7 is not among the images[\s\S]*file_name"):
        read(tmp_path, "b.json", [entry])


def test_dlc_labels(tmp_path: Path):
    found = read(tmp_path, "a.csv", tiny.DLC_HEADER + tiny.DLC_ROWS)
    assert found.skeleton.keypoints == ("leftear", "rightear")
    assert [pose.image for pose in found.poses] == [f"labeled-data/a/img0{i}.png" for i in (0, 1)]
    assert found.poses[1].visibility_K.tolist() == [2, 0]
    assert not found.predicted


def test_dlc_predictions_have_likelihoods(tmp_path: Path):
    found = read(
        tmp_path, "a.csv", f"{LIKELY}a/img00.png,1,2,0.9,3,4,0.1\na/img01.png,1,2,,3,4,1\n"
    )
    assert found.predicted
    assert found.poses[0].confidence_K.tolist() == [0.9, 0.1]
    np.testing.assert_array_equal(found.poses[0].keypoints_K2, [[1, 2], [3, 4]])
    assert found.poses[1].visibility_K.tolist() == [0, 2]


def test_dlc_animals_are_poses_of_one_image(tmp_path: Path):
    header = "scorer,m,m,m,m\nindividuals,a,a,b,b\nbodyparts,e,e,e,e\ncoords,x,y,x,y\n"
    found = read(tmp_path, "a.csv", header + "i.png,1,2,3,4\n")
    assert [pose.keypoints_K2.tolist() for pose in found.poses] == [[[1, 2]], [[3, 4]]]


def test_plain_tables_with_and_without_confidences(tmp_path: Path):
    plain = read(
        tmp_path, "a.csv", "image,leftear_x,leftear_y,rightear_x,rightear_y\ni.png,1,2,,\n"
    )
    assert (plain.poses[0].image, plain.predicted) == ("i.png", False)
    assert plain.poses[0].visibility_K.tolist() == [2, 0]
    head = "image,leftear.x,leftear.y,leftear.score,rightear.x,rightear.y,rightear.score\n"
    scored = read(tmp_path, "b.csv", f"{head}i.png,1,2,0.3,3,4,\n")
    assert scored.poses[0].confidence_K.tolist() == [0.3, 0]
    assert (scored.predicted, scored.notes) == (True, [])


def test_a_list_of_points(tmp_path: Path):
    found = read(tmp_path, "a.json", [{"image": "i.png", "points": {"leftear": [1, 2]}}])
    assert (found.poses[0].image, found.poses[0].confidence_K.tolist()) == ("i.png", [1])


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.json", [{"image_id": "a", "keypoints": [1, 2, 1] * 5}], "5 joints have no names"),
        ("a.json", [{"image_id": "a", "keypoints": [float("nan"), 2, 1] * 16}], "found nan"),
        ("a.json", {"annotations": []}, "holds no pose"),
        ("a.json", {"annotations": [3]}, "list of objects under 'annotations'"),
        ("a.json", [{"image_id": "a", "keypoints": None}], "0 joints have no names"),
        ("a.csv", LIKELY, "holds no frame"),
        ("a.csv", f"{LIKELY}i.png,1,2\n", "line 4: 3 cells, the header has 7"),
        ("a.csv", f"{LIKELY}i.png,1,,1,3,4,1\n", "leftear has one coordinate but not the other"),
        ("a.csv", f"{LIKELY}i.png,x,2,1,3,4,1\n", "leftear: expected a number, found 'x'"),
        ("a.csv", "scorer,m\nbodyparts,e\ncoords,x\ni.png,1\n", "lacks the x or the y of e"),
        ("a.csv", "scorer,m,m\ncoords,x,y\ni.png,1,2\n", "its header is not scorer"),
        ("a.csv", "a_x,a_y,b_x,b_y\n1,2,3,4\n", "which image each pose belongs to"),
        ("a.txt", "hello", "in no format"),
    ],
)
def test_what_cannot_be_read_is_told(tmp_path: Path, name: str, content: Any, words: str):
    with pytest.raises(BadInput) as error:
        read(tmp_path, name, content)
    assert words in str(error.value)
    assert name in str(error.value)


def test_different_keypoints_in_one_file_are_refused(tmp_path: Path):
    other = {"id": 2, "name": "cat", "keypoints": ["nose", "tail"]}
    with pytest.raises(BadInput, match="different keypoints"):
        coco(tmp_path, lambda data: data["categories"].append(other))
