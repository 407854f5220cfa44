"""Poses of a file find their samples, exactly, or the message says why not."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from poseshift.data.frames import (
    Frames,
    TargetLabels,
    TeacherPredictions,
    match_frames,
    write_frames,
)
from poseshift.data.pack import Pack
from poseshift.errors import BadInput, UserError
from poseshift.skeleton import Skeleton, skeleton
from tests.data.framed import BODY, NAMES, SIDE, original, placement, target
from tests.data.tiny import write_json


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    return target(tmp_path_factory.mktemp("target") / "pack")


def labels(file: Path, pack: Pack, joints: Skeleton = BODY) -> TargetLabels:
    return match_frames(TargetLabels, file, pack, joints)


def assert_rows(frames: Frames, pack: Pack, rows: list[int]) -> None:
    np.testing.assert_allclose(
        frames.keypoints_MK2, pack.poses.keypoints_NK2[rows], atol=1e-3, rtol=0
    )
    np.testing.assert_array_equal(frames.visibility_MK, pack.poses.visibility_NK[rows])


def spoilt(file: Path, change: Any) -> Path:
    data = json.loads(file.read_text())
    change(data)
    file.write_text(json.dumps(data))
    return file


def test_what_is_written_is_what_is_read_back(pack: Pack, tmp_path: Path):
    file = write_frames(pack, [4, 1, 2], tmp_path / "few.json")
    frames = labels(file, pack)
    assert_rows(frames, pack, [1, 2, 4])
    assert [image.name for image in frames.images] == [NAMES[1], NAMES[2], NAMES[4]]
    assert frames.said == "few.json: 3 of 3 poses matched"
    np.testing.assert_array_equal(frames.crops.image(2), pack.crops.image(4))
    assert (len(frames), len(frames.crops), frames.crops.side) == (3, 3, SIDE)


def test_the_file_is_in_pixels_of_the_original_images(pack: Pack, tmp_path: Path):
    data = json.loads(write_frames(pack, [3], tmp_path / "one.json").read_text())
    triples = np.reshape(data["annotations"][0]["keypoints"], (-1, 3))
    seen = pack.poses.visibility_NK[3] > 0
    np.testing.assert_allclose(triples[seen, :2], original(pack, 3)[seen], atol=1e-3)
    assert (triples[~seen] == 0).all()
    assert data["images"] == [{"id": 0, "file_name": NAMES[3]}]


def test_nothing_is_overwritten(pack: Pack, tmp_path: Path):
    file = write_frames(pack, [0], tmp_path / "few.json")
    with pytest.raises(UserError, match="already exists"):
        write_frames(pack, [1], file)


def test_a_world_is_named_by_its_ids(puppet_packs: dict[str, Pack], tmp_path: Path):
    street = puppet_packs["street"]
    frames = labels(write_frames(street, [5, 0], tmp_path / "few.json"), street)
    assert_rows(frames, street, [0, 5])
    assert [image.name for image in frames.images] == ["street/train/000000", "street/train/000005"]


def test_joints_are_mapped_by_name(pack: Pack, tmp_path: Path):
    joints = skeleton("lsp14")
    frames = labels(write_frames(pack, [0], tmp_path / "few.json"), pack, joints)
    wrist, old = joints.index("left_wrist"), BODY.index("left_wrist")
    np.testing.assert_allclose(
        frames.keypoints_MK2[0, wrist], pack.poses.keypoints_NK2[0, old], atol=1e-3
    )
    assert "dropped: pelvis, thorax" in frames.said


def test_what_is_not_matched_is_counted(pack: Pack, tmp_path: Path):
    def change(data: dict[str, Any]) -> None:
        data["images"][0]["file_name"] = "elsewhere/nothing.png"
        data["annotations"][1]["keypoints"] = [0] * 48
        data["annotations"][2]["keypoints"][:3] = [9999, 0, 2]

    file = write_frames(pack, [0, 1, 2, 3], tmp_path / "few.json")
    frames = labels(spoilt(file, change), pack)
    assert [image.name for image in frames.images] == NAMES[2:4]
    for said in ("2 of 4 poses matched", "1 of no sample of pack", "1 without", "1 joints outside"):
        assert said in frames.said


def test_only_the_name_counts_where_it_is_the_only_one(pack: Pack, tmp_path: Path):
    def change(data: dict[str, Any]) -> None:
        data["images"][0]["file_name"] = ".\\other\\img01.png"

    frames = labels(spoilt(write_frames(pack, [1], tmp_path / "few.json"), change), pack)
    assert [image.name for image in frames.images] == [NAMES[1]]


def test_a_name_that_could_be_two_images_is_refused(tmp_path: Path):
    pack = target(tmp_path / "pack", ["a/1.png", "b/1.png"])

    def change(data: dict[str, Any]) -> None:
        data["images"][0]["file_name"] = "1.png"

    file = spoilt(write_frames(pack, [1], tmp_path / "few.json"), change)
    with pytest.raises(BadInput, match=r"'1.png' could be a/1.png or b/1.png") as error:
        labels(file, pack)
    assert "pose 0" in str(error.value.where)


def test_nothing_matched_names_both_sides(pack: Pack, tmp_path: Path):
    other = target(tmp_path / "other", ["x.png", "y.png"])
    with pytest.raises(BadInput, match=r"'x.png', 'y.png'; in the Pack: 'clip0/img00.png'.*\.\.\."):
        labels(write_frames(other, [0, 1], tmp_path / "few.json"), pack)


def test_joints_of_another_kind_are_refused(tmp_path: Path, pack: Pack):
    hands = target(tmp_path / "hands", NAMES, joints=skeleton("hand21"))
    with pytest.raises(BadInput, match="no keypoint in common"):
        labels(write_frames(hands, [0], tmp_path / "few.json"), pack)


# --- several people in an image -------------------------------------------------------------------


def crowd(path: Path) -> Pack:
    """Three in one image; the crops of the first two overlap."""
    places = [placement(0, 2.0, 0, 0), placement(0, 2.0, 20, 0), placement(0, 1.0, 300, 0)]
    return target(path, ["crowd.png"] * 3, places)


def test_people_are_told_apart_by_their_crops(tmp_path: Path):
    pack = crowd(tmp_path / "pack")
    frames = labels(write_frames(pack, [2, 1, 0], tmp_path / "few.json"), pack)
    assert_rows(frames, pack, [0, 1, 2])
    assert_rows(labels(write_frames(pack, [1], tmp_path / "one.json"), pack), pack, [1])


def test_a_person_without_a_crop_is_left_over(tmp_path: Path):
    pack = crowd(tmp_path / "pack")
    file = write_frames(pack, [0, 2], tmp_path / "few.json")
    alone = target(tmp_path / "alone", ["crowd.png"], [placement(0, 2.0, 0, 0)])
    frames = labels(file, alone)
    assert_rows(frames, alone, [0])
    assert "1 of 2 poses matched" in frames.said


def test_labels_given_twice_are_refused_and_predictions_are_not(pack: Pack, tmp_path: Path):
    def twice(data: dict[str, Any]) -> None:
        data["annotations"].append({**data["annotations"][0], "id": 9})

    file = spoilt(write_frames(pack, [1, 2], tmp_path / "few.json"), twice)
    with pytest.raises(BadInput, match="another pose that belongs to the same crop") as error:
        labels(file, pack)
    assert "pose 2" in str(error.value.where)
    assert len(match_frames(TeacherPredictions, file, pack, BODY)) == 2


# --- predictions ----------------------------------------------------------------------------------


def predictions(pack: Pack, rows: list[int], confidence: list[float], file: Path) -> Path:
    """A COCO results list: the true joints, with confidences by joint."""
    points = [np.nan_to_num(original(pack, row)) for row in rows]
    return write_json(
        file,
        [
            {"image_id": NAMES[row], "category_id": 1, "score": 0.9,
             "keypoints": np.column_stack([xy, confidence]).ravel().tolist()}
            for row, xy in zip(rows, points, strict=True)
        ],
    )  # fmt: skip


def test_joints_of_little_confidence_count_as_not_labelled(pack: Pack, tmp_path: Path):
    sure = [0.9, 0.6, 0.5, *[0.4] * 13]
    file = predictions(pack, [0, 3], sure, tmp_path / "tool.json")
    frames = match_frames(TeacherPredictions, file, pack, BODY)
    assert (frames.visibility_MK > 0).sum(axis=1).tolist() == [3, 3]
    np.testing.assert_allclose(
        frames.keypoints_MK2[:, :2], pack.poses.keypoints_NK2[[0, 3], :2], atol=1e-3
    )
    assert np.isnan(frames.keypoints_MK2[:, 3:]).all()
    assert "16 joints without names taken as body16" in frames.said
    stricter = match_frames(TeacherPredictions, file, pack, BODY, least=0.7)
    assert (stricter.visibility_MK > 0).sum(axis=1).tolist() == [1, 1]
    assert stricter.fingerprint != frames.fingerprint


def test_predictions_cannot_pass_for_labels(pack: Pack, tmp_path: Path):
    file = predictions(pack, [0], [0.9] * 16, tmp_path / "tool.json")
    with pytest.raises(BadInput, match=r"a tool predicted it[\s\S]*--teacher-predictions"):
        labels(file, pack)


def test_the_packs_own_labels_are_not_read(tmp_path: Path, pack: Pack):
    places = list(pack.poses.matrix_N33)
    file = write_frames(pack, [0, 1], tmp_path / "few.json")
    other = target(tmp_path / "a" / "other", NAMES, places, joints=skeleton("hand21"))
    np.testing.assert_array_equal(
        labels(file, other).keypoints_MK2, labels(file, pack).keypoints_MK2
    )
