"""``prepare``: what is in the files is in the Pack, in the right place of every crop."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from poseshift.data.crops import transform
from poseshift.data.pack import Pack
from poseshift.data.prepare import prepare
from poseshift.errors import BadInput, UserError
from tests.data import tiny


def test_crops_and_matrices_bring_back_the_labels_of_the_file(tmp_path: Path):
    report = prepare(tiny.coco(tmp_path / "in"), tmp_path / "out", side=64)
    pack = Pack(report.pack)
    assert (report.count, report.crop_from, pack.info.crop_from) == (3, "user", "user")
    assert pack.poses.id_N == ["100", "101", "102"]
    assert pack.poses.visibility_NK.tolist() == [[2, 1, 0]] * 3
    for i in range(3):
        original = transform(
            pack.poses.matrix_N33[i].astype(float), pack.poses.keypoints_NK2[i].astype(float)
        )
        np.testing.assert_allclose(original[:2], [[10 + i, 12], [30, 14 + i]], atol=1e-4)
        assert np.isnan(original[2]).all()


def test_the_box_of_the_user_makes_the_crop(tmp_path: Path):
    pack = Pack(prepare(tiny.coco(tmp_path / "in"), tmp_path / "out", side=64, margin=1.5).pack)
    # COCO's box (8, 8, 32, 32) starts at an edge; 1.5 times as wide it spans 0 to 48.
    corners = transform(
        pack.poses.matrix_N33[0].astype(float), np.array([[-0.5, -0.5], [63.5, 63.5]])
    )
    np.testing.assert_allclose(corners, [[-0.5, -0.5], [47.5, 47.5]], atol=1e-4)


@settings(deadline=None, max_examples=10)
@given(st.integers(20, 100), st.integers(20, 100), st.integers(80, 200), st.integers(16, 120))
def test_a_dot_in_the_image_is_at_its_keypoint_in_the_crop(
    tmp_path_factory, x: int, y: int, box: int, side: int
):
    folder = tmp_path_factory.mktemp("dot")
    image = np.zeros((240, 320, 3), np.uint8)
    cv2.circle(image, (x, y), 6, (255, 255, 255), -1)
    data = tiny.coco_data(1)
    data["images"][0].update(width=320, height=240)
    data["annotations"][0].update(
        bbox=[x - 30, y - 25, box, box], keypoints=[x, y, 2, x + 9, y, 2, 0, 0, 0]
    )
    cv2.imwrite(str(folder / "img00.png"), image)
    path = tiny.write_json(folder / "labels.json", data)
    pack = Pack(prepare(path, folder / "out", side=side).pack)
    weight = pack.crops.image(0)[..., 0].astype(float)
    weight[weight < 40] = 0  # JPEG ripples
    rows, columns = np.indices(weight.shape)
    seen = [(weight * columns).sum() / weight.sum(), (weight * rows).sum() / weight.sum()]
    np.testing.assert_allclose(seen, pack.poses.keypoints_NK2[0, 0], atol=0.5)


def test_boxes_of_keypoints_are_marked_as_such(tmp_path: Path):
    report = prepare(tiny.coco(tmp_path / "in"), tmp_path / "out", box="keypoints", side=32)
    assert Pack(report.pack).info.crop_from == "keypoints"


def test_joints_that_are_not_wanted_do_not_widen_the_box(tmp_path: Path):
    def change(data):
        data["annotations"][0]["keypoints"] = [2, 2, 2, 30, 20, 2, 40, 28, 2]

    path = tiny.coco(tmp_path / "in", change)
    two = {"name": "wings", "keypoints": ["left_wing", "right_wing"]}
    (tmp_path / "two.yaml").write_text(yaml.safe_dump(two))
    report = prepare(path, tmp_path / "out", box="keypoints", skeleton=tmp_path / "two.yaml")
    pack = Pack(report.pack)
    joints_K2 = pack.poses.keypoints_NK2[0]
    reach = np.ptp(joints_K2, axis=0).max() / pack.info.side
    assert reach == pytest.approx(1 / 1.25, abs=0.01)


def test_whole_images_are_padded_to_a_square(tmp_path: Path):
    path = tiny.photos(tmp_path / "in")
    report = prepare(path, tmp_path / "out", skeleton="hand21", side=64)
    pack = Pack(report.pack)
    assert (pack.info.crop_from, pack.info.labeled, len(pack)) == ("image", False, 3)
    crop = pack.crops.image(0)
    assert crop[:7].max() < 20  # 64 x 48: eight black rows above and below
    assert crop[10:54].mean() > 60
    assert pack.poses.source_N == ["img00.png", "img01.png", "img02.png"]


def test_joints_are_mapped_by_name_and_it_is_said(tmp_path: Path):
    wanted = {"name": "two", "keypoints": ["right_wing", "snout"]}
    (tmp_path / "two.yaml").write_text(yaml.safe_dump(wanted))
    (tmp_path / "alias.yaml").write_text("snout: head\n")
    report = prepare(
        tiny.coco(tmp_path / "in"),
        tmp_path / "out",
        skeleton=tmp_path / "two.yaml",
        alias=tmp_path / "alias.yaml",
    )
    assert Pack(report.pack).poses.visibility_NK.tolist() == [[0, 2]] * 3
    assert any("dropped: left_wing" in note for note in report.notes)


def test_people_without_labels_are_counted_and_listed(tmp_path: Path):
    def change(data):
        data["annotations"][0]["keypoints"] = [0] * 9
        data["annotations"][2]["iscrowd"] = 1

    report = prepare(tiny.coco(tmp_path / "in", change), tmp_path / "out")
    assert report.count == 1
    assert report.skipped == [
        "100: no labelled keypoint",
        "annotation 102: a crowd, not one individual",
    ]
    assert Pack(report.pack).info.skipped == report.skipped


def test_skip_bad_lists_what_it_leaves_out_and_keeps_the_rest(tmp_path: Path):
    path = tiny.coco(tmp_path / "in", count=5)
    (tmp_path / "in" / "img01.png").write_bytes(b"?")
    (tmp_path / "in" / "img03.png").unlink()
    with pytest.raises(BadInput, match="img01"):
        prepare(path, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    report = prepare(path, tmp_path / "out", skip_bad=True)
    assert Pack(report.pack).poses.id_N == ["100", "102", "104"]
    assert [("img01" in line, "img03" in line) for line in report.skipped] == [
        (True, False),
        (False, True),
    ]


def test_skip_bad_does_not_excuse_a_broken_file(tmp_path: Path):
    path = tiny.coco(tmp_path / "in", lambda data: data.pop("images"))
    with pytest.raises(BadInput, match="images"):
        prepare(path, tmp_path / "out", format="coco", skip_bad=True)


@pytest.mark.parametrize(
    ("rows", "ids"),
    [("1:3", ["101", "102"]), (":2", ["100", "101"]), ("3:", ["103", "104"])],
)
def test_rows_choose_a_slice(tmp_path: Path, rows: str, ids: list[str]):
    path = tiny.coco(tmp_path / "in", count=5)
    told = []
    report = prepare(path, tmp_path / "out", rows=rows, progress=lambda *done: told.append(done))
    assert Pack(report.pack).poses.id_N == ids
    assert told == [(i + 1, 2) for i in range(2)]


def test_the_number_of_threads_changes_nothing(tmp_path: Path):
    path = tiny.coco(tmp_path / "in", count=20)
    prints = {
        Pack(prepare(path, tmp_path / f"{n}", workers=n).pack).info.fingerprint for n in (1, 2, 7)
    }
    assert len(prints) == 1


def test_notes_tell_the_joints_and_pairs_of_a_file_nobody_knows(tmp_path: Path):
    report = prepare(tiny.coco(tmp_path / "in"), tmp_path / "out")
    assert report.notes == [
        "joints of the file: head, left_wing, right_wing; left/right pairs left_wing/right_wing"
    ]


def test_a_world_becomes_a_pack(tmp_path: Path):
    report = prepare("world:studio/test?count=3", tmp_path / "out", side=48)
    pack = Pack(report.pack)
    assert (len(pack), pack.info.side, pack.info.crop_from) == (3, 48, "world")
    assert pack.info.name == "studio/test"


def test_a_world_without_samples_is_refused(tmp_path: Path):
    with pytest.raises(UserError, match="no samples"):
        prepare("world:studio?count=0", tmp_path / "out")


def test_twins_of_one_file_name_in_two_folders_keep_apart(tmp_path: Path):
    for folder in ("a", "b"):
        tiny.photos(tmp_path / "in" / folder, 2)
    pack = Pack(prepare(tmp_path / "in", tmp_path / "out", skeleton="hand21").pack)
    assert pack.poses.id_N == ["a/img00.png", "a/img01.png", "b/img00.png", "b/img01.png"]
    assert pack.poses.track_N == ["a", "a", "b", "b"]
    assert pack.poses.frame_N.tolist() == [0, 1, 0, 1]


def test_pack_json_is_plain_and_tells_where_it_came_from(tmp_path: Path):
    path = tiny.coco(tmp_path / "in")
    prepare(path, tmp_path / "out")
    told = json.loads((tmp_path / "out" / "pack.json").read_text())
    assert told["made_by"]["by"] == f"prepare {path}"
    assert told["skeleton"]["keypoints"] == ["head", "left_wing", "right_wing"]
