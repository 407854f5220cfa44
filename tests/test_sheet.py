"""The contact sheet shows every sample once, frames suspects, and colours the sides."""

from pathlib import Path

import numpy as np
import pytest

from poseshift.data.pack import Pack
from poseshift.data.prepare import prepare
from poseshift.sheet import GAP, TILE, contact_sheet, draw_pose
from poseshift.skeleton import skeleton
from tests.data import tiny

RED = (230, 30, 30)


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    return Pack(prepare(tiny.coco(tmp_path / "in", count=5), tmp_path / "out", side=48).pack)


@pytest.mark.parametrize(("count", "rows"), [(1, 1), (3, 1), (5, 2)])
def test_is_as_large_as_its_rows(pack: Pack, count: int, rows: int):
    sheet = contact_sheet(pack, range(count), columns=3)
    step = TILE + GAP
    assert sheet.shape == (rows * step + GAP, 3 * step + GAP, 3)


def test_frames_only_the_suspects(pack: Pack):
    sheet = contact_sheet(pack, [4, 0], columns=2, framed=[0])
    red = (sheet == RED).all(axis=2)
    assert not red[:, : TILE + GAP // 2].any()
    assert red[:, TILE + GAP :].any()


def test_left_is_warm_and_right_is_cool():
    body = skeleton("lsp14")
    points = np.full((14, 2), np.nan, np.float32)
    seen = np.zeros(14, np.uint8)
    for name, x in (("left_wrist", 20), ("right_wrist", 60)):
        points[body.index(name)], seen[body.index(name)] = (x, 40), 2
    image = np.zeros((80, 80, 3), np.uint8)
    draw_pose(image, points, seen, body)
    assert image[40, 20, 0] > image[40, 20, 2]
    assert image[40, 60, 2] > image[40, 60, 0]


def test_occluded_is_hollow_and_far_away_is_left_out():
    body = skeleton("lsp14")
    points = np.full((14, 2), 1e9, np.float32)
    seen = np.full(14, 2, np.uint8)
    points[0], seen[0] = (40, 40), 1
    image = np.zeros((80, 80, 3), np.uint8)
    draw_pose(image, points, seen, body)
    assert image[40, 40].max() < 60
    assert image[40, 43].max() > 60


def test_poses_without_images_are_drawn_on_paper(tmp_path: Path):
    (tmp_path / "a.csv").write_text("nose_X,nose_Y,tail_X,tail_Y\n1,2,30,40\n")
    pack = Pack(prepare(tmp_path / "a.csv", tmp_path / "out").pack)
    sheet = contact_sheet(pack, [0])
    assert np.median(sheet[GAP : GAP + TILE, GAP : GAP + TILE]) > 240
