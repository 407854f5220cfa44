"""Sheets show every sample once, frame suspects, and colour the sides."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from poseshift.data.pack import Pack
from poseshift.data.prepare import prepare
from poseshift.pictures import GAP, HEADING, TILE, contact_sheet, draw_pose, grid, save_picture
from poseshift.skeleton import skeleton
from tests.data import tiny

RED = (230, 30, 30)


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    return Pack(prepare(tiny.coco(tmp_path / "in", count=5), tmp_path / "out", side=48).pack)


@pytest.mark.parametrize(("count", "rows", "columns"), [(1, 1, 1), (3, 1, 3), (5, 2, 3)])
def test_is_as_large_as_its_rows(pack: Pack, count: int, rows: int, columns: int):
    sheet = contact_sheet(pack, range(count), columns=3)
    step = TILE + GAP
    assert sheet.shape == (rows * step + GAP, columns * step + GAP, 3)


def test_frames_only_the_suspects(pack: Pack):
    sheet = contact_sheet(pack, [4, 0], columns=2, framed=[0])
    red = (sheet == RED).all(axis=2)
    assert not red[:, : TILE + GAP // 2].any()
    assert red[:, TILE + GAP :].any()


def test_left_is_cool_and_right_is_warm():
    body = skeleton("lsp14")
    points = np.full((14, 2), np.nan, np.float32)
    for name, x in (("left_wrist", 20), ("right_wrist", 60)):
        points[body.index(name)] = (x, 40)
    image = np.zeros((80, 80, 3), np.uint8)
    draw_pose(image, points, body)
    assert image[40, 20, 2] > image[40, 20, 0]
    assert image[40, 60, 0] > image[40, 60, 2]


def test_occluded_is_hollow_and_far_away_is_left_out():
    body = skeleton("lsp14")
    points = np.full((14, 2), 1e9, np.float32)
    seen = np.full(14, 2, np.uint8)
    points[0], seen[0] = (40, 40), 1
    image = np.zeros((80, 80, 3), np.uint8)
    draw_pose(image, points, body, seen)
    assert image[40, 40].max() < 60
    assert image[40, 43].max() > 60


def test_unlabelled_joints_are_not_drawn():
    body = skeleton("lsp14")
    image = np.zeros((80, 80, 3), np.uint8)
    draw_pose(image, np.full((14, 2), 40, np.float32), body, np.zeros(14, np.uint8))
    assert not image.any()


def test_poses_without_images_are_drawn_on_paper(tmp_path: Path):
    (tmp_path / "a.csv").write_text("nose_X,nose_Y,tail_X,tail_Y\n1,2,30,40\n")
    pack = Pack(prepare(tmp_path / "a.csv", tmp_path / "out").pack)
    sheet = contact_sheet(pack, [0])
    assert (sheet[GAP : GAP + TILE, GAP : GAP + TILE] == (245, 245, 242)).all(axis=2).mean() > 0.9


def test_headings_stand_over_their_columns():
    tile = np.zeros((40, 60, 3), np.uint8)
    sheet = grid([[tile, tile]], headings=["one", "two"])
    assert sheet.shape[0] == HEADING + 40 + GAP
    assert (sheet[:HEADING, : GAP + 60] < 200).any()
    assert (sheet[:HEADING, GAP + 66 :] < 200).any()


def test_saves_what_it_was_given(tmp_path: Path):
    image = np.zeros((4, 4, 3), np.uint8)
    image[..., 0] = 200
    save_picture(tmp_path / "red.png", image)
    assert cv2.imread(str(tmp_path / "red.png"))[0, 0].tolist() == [0, 0, 200]
