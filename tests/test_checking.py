"""``check`` names what was planted in a Pack, and nothing in a sound one."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from poseshift.checking import check, draw_sheet, to_dict
from poseshift.data.pack import Pack, PackWriter
from poseshift.data.prepare import prepare
from poseshift.data.types import Sample
from poseshift.errors import UserError
from poseshift.skeleton import Skeleton
from tests.data import tiny

EYES = Skeleton.from_dict(
    {"name": "eyes", "keypoints": ["left_eye", "right_eye", "nose", "chin"]}, "test"
)
FACE = np.array([[80, 40], [40, 40], [60, 60], [60, 90]], np.float32)
SIDE = 128


def faces(count: int = 60) -> list[dict]:
    """Sound samples as dictionaries, to be spoilt one by one."""
    rng = np.random.default_rng(0)
    return [
        {
            "id": f"face{i}",
            "image": rng.integers(0, 255, (SIDE, SIDE, 3), dtype=np.uint8),
            "keypoints_K2": FACE + rng.normal(0, 2, (4, 2)).astype(np.float32),
            "visibility_K": np.full(4, 2, np.uint8),
        }
        for i in range(count)
    ]


def write(path: Path, samples: list[dict], **options) -> Pack:
    with PackWriter(path, EYES, SIDE, **options) as writer:
        for fields in samples:
            writer.add(Sample(**fields))
    return Pack(path)


def unlabel(fields: dict, joints=slice(None)) -> None:
    fields["keypoints_K2"][joints] = np.nan
    fields["visibility_K"][joints] = 0


def test_a_sound_pack_has_no_findings(tmp_path: Path):
    report = check(write(tmp_path / "p", faces()))
    assert report.findings == []
    assert (report.count, report.labeled, report.skeleton) == (60, True, "eyes")


def swap(samples):
    for i in (7, 30):
        samples[i]["keypoints_K2"][:2] = samples[i]["keypoints_K2"][1::-1]
    return {"face7", "face30"}


def stray(samples):
    samples[5]["keypoints_K2"][3] = (127, 3)
    samples[5]["keypoints_K2"][:3] = FACE[:3] * 0.05 + 10
    return {"face5"}


def off_the_crop(samples):
    samples[9]["keypoints_K2"] += 500
    return {"face9"}


def same_crop(samples):
    samples[4]["image"] = samples[40]["image"]
    return {"face4", "face40"}


def same_pose(samples):
    samples[4]["keypoints_K2"] = samples[40]["keypoints_K2"]
    return {"face4", "face40"}


def no_label(samples):
    unlabel(samples[11])
    return {"face11"}


@pytest.mark.parametrize(
    ("kind", "spoil", "level"),
    [
        ("wrong_flip", swap, "warning"),
        ("outlier", stray, "warning"),
        ("all_zero_target", off_the_crop, "error"),
        ("joints_outside", off_the_crop, "note"),
        ("duplicate_images", same_crop, "warning"),
        ("duplicate_poses", same_pose, "warning"),
        ("unlabelled", no_label, "note"),
    ],
)
def test_finds_exactly_the_planted_samples(tmp_path: Path, kind: str, spoil, level: str):
    samples = faces()
    planted = spoil(samples)
    report = check(write(tmp_path / "p", samples))
    finding = next(f for f in report.findings if f.kind == kind)
    assert set(finding.samples) == planted
    assert finding.level == level


def test_finds_joints_that_never_occur_or_never_move(tmp_path: Path):
    samples = faces()
    for fields in samples:
        unlabel(fields, 3)
        fields["keypoints_K2"][2] = (64, 64)
    findings = {f.kind: f.message for f in check(write(tmp_path / "p", samples)).findings}
    assert "chin" in findings["joint_never"]
    assert "nose" in findings["joint_constant"]


def test_warns_of_crops_that_tell_the_labels_of_tiny_sets_and_of_skips(tmp_path: Path):
    with PackWriter(tmp_path / "p", EYES, SIDE, crop_from="keypoints") as writer:
        for fields in faces(5):
            writer.add(Sample(**fields))
        writer.skip("face9: a crowd")
    assert check(tmp_path / "p").kinds() == ["crop_leak", "tiny", "skipped"]


def test_findings_come_worst_first(tmp_path: Path):
    samples = faces()
    off_the_crop(samples)
    same_crop(samples)
    levels = [f.level for f in check(write(tmp_path / "p", samples)).findings]
    assert levels == sorted(levels, key=["error", "warning", "note"].index)


def test_an_unlabelled_pack_is_checked_too(tmp_path: Path):
    path = tiny.photos(tmp_path / "in", 4)
    (path / "copy.png").write_bytes((path / "img00.png").read_bytes())
    report = check(prepare(path, tmp_path / "out", skeleton="hand21", side=32).pack)
    assert report.kinds() == ["tiny", "duplicate_images"]
    assert report.findings[1].samples == ["copy.png", "img00.png"]


def test_poses_without_images_are_checked_too(tmp_path: Path):
    (tmp_path / "a.csv").write_text("a_X,a_Y,b_X,b_Y,c_X,c_Y\n1,2,30,40,5,6\n1,2,30,40,5,6\n")
    report = check(prepare(tmp_path / "a.csv", tmp_path / "out").pack)
    assert "duplicate_poses" in report.kinds()


def test_a_world_may_turn_around(puppet_packs: dict[str, Pack]):
    assert "wrong_flip" not in check(puppet_packs["studio"]).kinds()


def test_the_sheet_is_a_picture_with_suspects_framed_first(tmp_path: Path):
    samples = faces()
    swap(samples)
    pack = write(tmp_path / "p", samples)
    draw_sheet(pack, check(pack), tmp_path / "sheet.png")
    sheet = cv2.imread(str(tmp_path / "sheet.png"))
    framed = (sheet[4] == (30, 30, 230)).all(axis=1)
    assert framed[: sheet.shape[1] // 6].any()
    assert not framed[sheet.shape[1] // 2 :].any()
    with pytest.raises(UserError, match=r"\.png"):
        draw_sheet(pack, check(pack), tmp_path / "sheet.jpeg")


def test_the_report_is_plain_data(tmp_path: Path):
    import json

    samples = faces()
    swap(samples)
    told = json.loads(json.dumps(to_dict(check(write(tmp_path / "p", samples)))))
    assert told["findings"][0]["samples"] == ["face7", "face30"]


@pytest.mark.data
def test_finds_the_frame_of_openfield_whose_ears_are_swapped(tmp_path: Path, data_folder: Path):
    report = check(prepare(data_folder / "animal" / "openfield", tmp_path / "p").pack)
    flips = next(f for f in report.findings if f.kind == "wrong_flip")
    assert flips.samples == ["labeled-data/m4s1/img0102"]


@pytest.mark.data
def test_real_people_who_turn_around_are_not_suspected(tmp_path: Path, data_folder: Path):
    path = data_folder / "body" / "mpii.csv"
    report = check(prepare(path, tmp_path / "p", rows="0:4000").pack)
    assert "wrong_flip" not in report.kinds()
