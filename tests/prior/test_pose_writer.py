"""What is written is read back the same, whole or not at all, and never over anything."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from poseshift.data.pack import Pack
from poseshift.errors import UserError
from poseshift.prior.pose_files import read_poses
from poseshift.prior.pose_writer import PER_UNIT, write_poses
from poseshift.prior.poses import PoseSet
from poseshift.skeleton import Skeleton, skeleton

BODY = skeleton("body16")
OWN = Skeleton.from_dict({"name": "own", "keypoints": ["nose", "left_ear", "tail"]}, "test")


def some(count: int, joints: Skeleton = BODY) -> torch.Tensor:
    noise = torch.randn(count, len(joints), 2, generator=torch.Generator().manual_seed(0))
    return PoseSet.of(noise, joints).points_NK2


@pytest.mark.parametrize("joints", [BODY, OWN], ids=lambda joints: joints.name)
@pytest.mark.parametrize("name", ["out.json", "out.csv", "out"])
def test_read_back(tmp_path: Path, name: str, joints: Skeleton):
    points = some(25, joints)
    count = write_poses(tmp_path / name, [points[:10], points[10:]], joints, "sample it")
    found, _ = read_poses(tmp_path / name)
    assert (count, len(found), found.skeleton.keypoints) == (25, 25, joints.keypoints)
    assert (found.points_NK2 - points).abs().max() < 1e-3 / PER_UNIT + 1e-5
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_coco_says_what_coco_tools_ask_for(tmp_path: Path):
    write_poses(tmp_path / "out.json", [some(3)], BODY, "sample it")
    data = json.loads((tmp_path / "out.json").read_text())
    assert data["info"] == {"description": "sample it"}
    assert data["categories"][0]["keypoints"] == list(BODY.keypoints)
    for number, (image, entry) in enumerate(
        zip(data["images"], data["annotations"], strict=True), 1
    ):
        assert image["id"] == entry["image_id"] == entry["id"] == number
        xy = torch.tensor(entry["keypoints"]).view(16, 3)
        left, top, width, height = entry["bbox"]
        assert (xy[:, 2] == 2).all()
        assert xy[:, 0].min() == pytest.approx(left - 0.5)
        assert xy[:, 1].max() == pytest.approx(top + height - 0.5, abs=2e-3)
        assert entry["area"] == pytest.approx(width * height, abs=1e-3)
        assert "score" not in entry  # or it would be taken for predictions


def test_a_pack_of_poses(tmp_path: Path):
    write_poses(tmp_path / "out", [some(3)], BODY, "sample it")
    pack = Pack(tmp_path / "out")
    assert (pack.info.has_images, pack.info.labeled, pack.skeleton) == (False, True, BODY)
    assert pack.info.made_by["by"] == "sample it"


@pytest.mark.parametrize("name", ["out.json", "out.csv", "out"])
def test_nothing_is_left_of_what_stopped_halfway(tmp_path: Path, name: str):
    def chunks() -> Iterator[torch.Tensor]:
        yield some(5)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_poses(tmp_path / name, chunks(), BODY)
    assert list(tmp_path.iterdir()) == []


def test_an_ending_that_says_no_kind_is_refused(tmp_path: Path):
    with pytest.raises(UserError, match=r"'\.cvs' is no ending of a file of poses"):
        write_poses(tmp_path / "out.cvs", [some(3)], BODY)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["out.csv", "out"])
def test_folders_above_are_made(tmp_path: Path, name: str):
    assert write_poses(tmp_path / "new" / "deep" / name, [some(3)], BODY) == 3
    assert len(read_poses(tmp_path / "new" / "deep" / name)[0]) == 3


@pytest.mark.parametrize("name", ["out.json", "out.csv", "out"])
def test_nothing_is_overwritten(tmp_path: Path, name: str):
    (tmp_path / name).write_text("mine")
    with pytest.raises(UserError, match="already exists"):
        write_poses(tmp_path / name, [some(3)], BODY)
    assert (tmp_path / name).read_text() == "mine"
