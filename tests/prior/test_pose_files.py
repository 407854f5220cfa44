"""Poses come out of every kind of file the same, without images, and what is decided is said."""

import json
from pathlib import Path

import numpy as np
import pytest

from poseshift.data.formats.base import Camera
from poseshift.data.pack import Pack
from poseshift.errors import BadInput
from poseshift.prior.pose_files import read_poses, shortcomings
from poseshift.skeleton import skeleton
from tests.data import tiny

LSP = skeleton("lsp14")


def csv(path: Path, rows: np.ndarray, names: tuple[str, ...]) -> Path:
    head = ",".join(f"{name}_{axis}" for name in names for axis in "xy")
    lines = [",".join("" if np.isnan(v) else f"{v:g}" for v in row.ravel()) for row in rows]
    path.write_text("\n".join([head, *lines]) + "\n")
    return path


def test_coco_needs_no_images(tmp_path: Path):
    path = tiny.write_json(tmp_path / "labels.json", tiny.coco_data())
    found, notes = read_poses(path)
    assert (len(found), found.skeleton.keypoints) == (3, ("head", "left_wing", "right_wing"))
    assert found.labeled_NK.tolist() == [[True, True, False]] * 3
    assert found.keypoints()[1, 0].tolist() == pytest.approx([11, 12], abs=1e-4)
    assert notes == []


def test_deeplabcut_tables(tmp_path: Path):
    found, notes = read_poses(tiny.dlc(tmp_path))
    assert (len(found), found.skeleton.keypoints) == (1, ("leftear", "rightear"))
    assert notes == ["1 poses left out: fewer than two labelled joints, or all in one place"]


def test_what_a_tool_is_not_sure_of_is_missing(tmp_path: Path):
    data = tiny.coco_data()
    for entry in data["annotations"]:
        entry["keypoints"] = [10, 12, 1, 30, 14, 1, 20, 30, 1]
        entry["keypoint_scores"] = [0.9, 0.8, 0.2]
    found, notes = read_poses(tiny.write_json(tmp_path / "p.json", data))
    assert found.labeled_NK.tolist() == [[True, True, False]] * 3
    assert notes == ["3 joints of less confidence than 0.5 left out"]


def test_clips(tmp_path: Path):
    (tmp_path / "walk.bvh").write_text(tiny.BVH)
    found, notes = read_poses(tmp_path / "walk.bvh")
    assert (len(found), found.skeleton.keypoints[1]) == (2, "LeftHip")
    assert notes == ["3D clips seen by one seeded camera each"]
    level = Camera(views=3, yaw=(0.0, 0.0), pitch=(0.0, 0.0))
    many, notes = read_poses(tmp_path / "walk.bvh", camera=level)
    assert notes == ["3D clips seen by 3 seeded cameras each"]
    front, again, _ = many.points_NK2.split(2)
    assert (front == again).all()
    hips = many.keypoints()[0, [1, 3]]  # one unit left and right of the root, four units of legs
    assert hips[0, 0] > 0 > hips[1, 0]
    assert (hips[:, 1]).abs().max() < 1e-3


def test_packs_and_worlds(puppet_packs: dict[str, Pack]):
    pack = puppet_packs["street"]
    found, notes = read_poses(pack.path)
    assert (len(found), found.skeleton, notes) == (24, skeleton("body16"), [])
    seen_NK = pack.poses.visibility_NK > 0
    expected = pack.poses.keypoints_NK2[seen_NK]
    assert np.abs(found.keypoints().numpy()[seen_NK] - expected).max() < 1e-3
    assert (found.labeled_NK.numpy() == seen_NK).all()


def test_joints_are_mapped_by_name_and_said(tmp_path: Path):
    rows = np.random.default_rng(0).uniform(0, 99, (5, 16, 2))
    path = csv(tmp_path / "mpii.csv", rows, skeleton("body16").keypoints)
    found, notes = read_poses(path, LSP)
    assert found.skeleton is LSP
    head = found.keypoints()[:, LSP.index("head_top")].numpy()
    assert np.allclose(head, rows[:, 9], atol=1e-2)
    assert notes == ["body16 -> lsp14: 14 of 14 keypoints; dropped: pelvis, thorax"]


def test_a_joint_that_nothing_stands_for(tmp_path: Path):
    path = csv(tmp_path / "lsp.csv", np.ones((2, 14, 2)), LSP.keypoints)
    with pytest.raises(BadInput, match="lsp14 has no pelvis, thorax, which body16 needs"):
        read_poses(path, skeleton("body16"))


def test_poses_that_say_nothing_are_left_out_aloud(tmp_path: Path):
    rows = np.random.default_rng(0).uniform(0, 99, (6, 14, 2))
    rows[1, 1:] = np.nan  # one joint
    rows[2, :-1] = np.nan  # another
    rows[3] = 7.0  # all in one place
    rows[4, 3] = np.nan  # one missing is fine
    found, notes = read_poses(csv(tmp_path / "poses.csv", rows, LSP.keypoints))
    assert len(found) == 3
    assert notes == ["3 poses left out: fewer than two labelled joints, or all in one place"]
    with pytest.raises(BadInput, match="no pose that can be used"):
        read_poses(csv(tmp_path / "none.csv", rows[1:4], LSP.keypoints))


def test_categories(tmp_path: Path):
    entries = [
        {"category": name, "points": {"nose": [i, 1], "tail": [5, i]}}
        for i, name in enumerate(["cat", "dog", "cow", "cat"])
    ]
    path = tmp_path / "animals.json"
    path.write_text(json.dumps(entries))
    found, _ = read_poses(path, categories=["cat", "cow"])
    assert found.keypoints()[:, 0, 0].tolist() == pytest.approx([0, 2, 3], abs=1e-5)
    with pytest.raises(BadInput, match="no pose of category 'horse'") as stop:
        read_poses(path, categories=["cat", "horse"])
    assert stop.value.fix == "known: cat, cow, dog"


def test_images_are_no_poses(tmp_path: Path):
    with pytest.raises(BadInput, match="images without poses"):
        read_poses(tiny.photos(tmp_path / "photos"), LSP)


def test_a_bad_row_stops_with_its_place(tmp_path: Path):
    path = tmp_path / "bad.csv"
    path.write_text("nose_x,nose_y,tail_x,tail_y\n1,2,3,4\n1,2,x,4\n")
    with pytest.raises(BadInput, match="'x'") as stop:
        read_poses(path)
    assert stop.value.where == f"{path}: row 2, tail"


def test_a_joint_far_from_its_pose_is_told(tmp_path: Path):
    rows = np.random.default_rng(0).uniform(0, 99, (4, 14, 2))
    rows[1, 3] = 1e6, 50
    rows[2, 3:] = np.nan  # three joints say too little of what is far
    rows[2, 0] = 1e6, 50
    found, notes = read_poses(csv(tmp_path / "poses.csv", rows, LSP.keypoints))
    assert len(found) == 4
    (note,) = notes
    assert note.startswith(f"pose 2 of 4: {LSP.keypoints[3]} lies ")


@pytest.mark.parametrize("value", [1e9, 1e300])
def test_a_coordinate_of_no_picture_is_refused(tmp_path: Path, value: float):
    rows = np.random.default_rng(0).uniform(0, 99, (4, 14, 2))
    rows[2, 5] = value
    path = csv(tmp_path / "poses.csv", rows, LSP.keypoints)
    with pytest.raises(BadInput, match=f"{LSP.keypoints[5]} lies at .*, beyond 1e") as stop:
        read_poses(path)
    assert stop.value.where == f"{path}: pose 3 of 4"


def test_options_that_are_of_no_use_are_told(tmp_path: Path):
    rows = np.random.default_rng(0).uniform(0, 99, (4, 14, 2))
    path = csv(tmp_path / "poses.csv", rows, LSP.keypoints)
    with pytest.raises(BadInput, match="no such file"):
        read_poses(path, LSP, aliases=tmp_path / "none.yaml")
    _, notes = read_poses(path, LSP, camera=Camera(views=8))
    assert notes == ["the camera is not used: it sees 3D clips (BVH) alone"]


def test_what_a_handful_lacks(tmp_path: Path):
    rows = np.random.default_rng(0).uniform(0, 99, (5, 14, 2))
    assert shortcomings(read_poses(csv(tmp_path / "a.csv", rows, LSP.keypoints))[0]) == []
    rows[0, :6], rows[1:4] = np.nan, rows[4]
    found, _ = read_poses(csv(tmp_path / "b.csv", rows, LSP.keypoints))
    assert shortcomings(found) == [
        "1 of 5 poses left out, they lack right_ankle, right_knee, right_hip, left_hip and 2 more",
        "3 of 4 poses repeat another",
    ]


@pytest.mark.data
def test_real_files(data_folder: Path):
    leeds, notes = read_poses(data_folder / "body" / "lspet", LSP)
    assert (len(leeds), int(leeds.labeled_NK.all(1).sum())) == (2000, 779)
    assert "later poses unused" in notes[0]
    people, notes = read_poses(
        data_folder / "body/coco_mini/annotations/person_keypoints_val2017.json"
    )
    assert (len(people), people.skeleton.name) == (64, "coco17")
