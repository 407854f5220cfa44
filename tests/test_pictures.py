"""Pictures show each joint where it is, in the colour of its side."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from poseshift.data.pack import Pack, PackWriter
from poseshift.data.types import Sample
from poseshift.errors import UserError
from poseshift.pictures import (
    COLORS,
    GAP,
    HEADING,
    INK,
    PAPER,
    SUSPECT,
    TILE,
    contact_sheet,
    draw_pose,
    grid,
    picture,
    save_picture,
)
from poseshift.skeleton import Skeleton

LEFT, RIGHT, MIDDLE = COLORS["left"], COLORS["right"], COLORS[""]
EYES = Skeleton.from_dict(
    {
        "name": "eyes",
        "keypoints": ["left_eye", "right_eye", "nose"],
        "edges": [["nose", "left_eye"]],
    },
    "test",
)
NOWHERE = (np.nan, np.nan)


def points(*places: tuple[float, float]) -> np.ndarray:
    return np.array(places, np.float32)


def canvas(side: int = 64) -> np.ndarray:
    return np.zeros((side, side, 3), np.uint8)


def spot(image: np.ndarray, color: tuple[int, int, int]) -> tuple[float, float]:
    """Middle of what has a colour."""
    y, x = np.nonzero((np.abs(image.astype(int) - color).sum(2)) < 30)
    return float(x.mean()), float(y.mean())


def test_a_joint_is_drawn_where_it_is_in_the_colour_of_its_side():
    image = canvas()
    draw_pose(image, points((16, 40), (50, 12), NOWHERE), EYES)
    assert spot(image, LEFT) == pytest.approx((16, 40), abs=0.5)
    assert spot(image, RIGHT) == pytest.approx((50, 12), abs=0.5)
    draw_pose(image, points(NOWHERE, NOWHERE, (30, 30)), EYES)
    assert spot(image, MIDDLE) == pytest.approx((30, 30), abs=0.5)


def test_limbs_take_the_colour_of_their_side():
    image = canvas()
    draw_pose(image, points((8, 32), NOWHERE, (56, 32)), EYES)
    assert image[32, 32].tolist() == list(LEFT)


@pytest.mark.parametrize("far", [np.nan, np.inf, 1e30, -1e9])
def test_a_joint_that_is_nowhere_is_left_out_with_its_limbs(far: float):
    image = canvas()
    draw_pose(image, points((far, far), (far, 5), (32, 32)), EYES)
    assert image[32, 32].tolist() == list(MIDDLE)
    assert not image[:, :26].any()


def test_a_joint_a_little_outside_still_holds_its_limb():
    image = canvas()
    draw_pose(image, points((-20, 32), NOWHERE, (40, 32)), EYES)
    assert image[32, 0].tolist() == list(LEFT)


def test_visibility_fills_hollows_and_hides():
    filled, hollow, hidden = canvas(), canvas(), canvas()
    place = points((32, 32), NOWHERE, NOWHERE)
    for image, seen in ((filled, 2), (hollow, 1), (hidden, 0)):
        draw_pose(image, place, EYES, np.array([seen, 2, 2], np.uint8))
    assert filled[32, 32].tolist() == list(LEFT)
    assert hollow[32, 32].tolist() == list(INK)
    assert hollow.max() > 100
    assert not hidden.any()


@pytest.mark.parametrize(("crop", "side"), [(32, 64), (32, 96), (64, 48)])
def test_an_enlarged_crop_has_its_pose_at_the_right_place(crop: int, side: int):
    image = picture(canvas(crop), points((8, 20), (25, 6), NOWHERE), EYES, side=side)
    assert image.shape == (side, side, 3)
    for place, color in (((8, 20), LEFT), ((25, 6), RIGHT)):
        expected = [(v + 0.5) * side / crop - 0.5 for v in place]
        assert spot(image, color) == pytest.approx(expected, abs=0.8)


@pytest.mark.parametrize("side", [16, 32])
def test_the_crop_is_left_alone(side: int):
    crop = np.full((16, 16, 3), 9, np.uint8)
    assert (picture(crop, points((8, 8), NOWHERE, NOWHERE), EYES, side=side) != 9).any()
    assert (crop == 9).all()


def test_a_grid_holds_every_picture_at_its_place():
    tiles = [np.full((10, 20, 3), 10 * k, np.uint8) for k in range(1, 6)]
    sheet = grid([tiles[:3], tiles[3:]])
    assert sheet.shape == (GAP + 2 * (10 + GAP), GAP + 3 * (20 + GAP), 3)
    for k, tile in enumerate(tiles):
        y, x = GAP + (k // 3) * (10 + GAP), GAP + (k % 3) * (20 + GAP)
        assert (sheet[y : y + 10, x : x + 20] == tile).all()
    assert (sheet[-10 - GAP :, -20 - GAP :] == 255).all(), "a short row ends in white"


def test_headings_stand_over_their_columns():
    tile = np.zeros((10, 60, 3), np.uint8)
    bare, named = grid([[tile, tile]], ["", ""]), grid([[tile, tile]], ["", "two"])
    assert named.shape[0] == HEADING + 10 + GAP
    changed = np.nonzero((bare != named).any(axis=(0, 2)))[0]
    assert changed.min() > GAP + 60
    assert (bare[HEADING:] == named[HEADING:]).all()


def test_a_frame_is_around_its_picture_and_no_other():
    tile = np.zeros((10, 10, 3), np.uint8)
    red = (grid([[tile, tile], [tile, tile]], framed=[(1, 0)]) == SUSPECT).all(2)
    rows, columns = np.nonzero(red)
    assert (rows.min(), columns.min()) == (2 * GAP + 10 - GAP // 2, GAP - GAP // 2)
    assert (rows.max(), columns.max()) == (2 * GAP + 20 + GAP // 2 - 1, GAP + 10 + GAP // 2 - 1)


def test_a_contact_sheet_shows_the_samples_asked_for(puppet_packs: dict[str, Pack]):
    pack = puppet_packs["studio"]
    sheet = contact_sheet(pack, [3, 9, 1], columns=2, framed=[1])
    poses = pack.poses
    for n, i in enumerate((3, 9, 1)):
        y, x = (GAP + place * (TILE + GAP) for place in divmod(n, 2))
        pose = (poses.keypoints_NK2[i], pack.skeleton, poses.visibility_NK[i])
        assert (sheet[y : y + TILE, x : x + TILE] == picture(pack.crops.image(i), *pose)).all()
        framed = (sheet[y - 1, x : x + TILE] == SUSPECT).all()
        assert framed == (i == 1)


def test_poses_without_images_are_drawn_on_paper(tmp_path: Path):
    with PackWriter(tmp_path / "pack", EYES, 32) as writer:
        writer.add(Sample("a", None, points((8, 8), (9, 9), (20, 20)), np.full(3, 2, np.uint8)))
    sheet = contact_sheet(Pack(tmp_path / "pack"), [0])
    assert (sheet[-GAP - 1, GAP : GAP + TILE] == PAPER).all()
    assert (sheet == LEFT).all(2).any()


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.b.PNG"])
def test_a_saved_picture_is_the_picture(tmp_path: Path, name: str):
    smooth = np.linspace(0, 200, 9, dtype=np.uint8)[None, :, None]
    image = np.broadcast_to(smooth, (7, 9, 3)) + np.array([0, 20, 50], np.uint8)
    save_picture(tmp_path / name, image)
    read = cv2.imread(str(tmp_path / name))[..., ::-1].astype(int)
    assert np.abs(read - image).max() <= (0 if name.lower().endswith("png") else 12)


@pytest.mark.parametrize("name", ["a.xyz", "a", "a.txt"])
def test_a_format_that_is_not_written(tmp_path: Path, name: str):
    with pytest.raises(UserError, match="images are not written in this format") as error:
        save_picture(tmp_path / name, canvas())
    assert error.value.where == tmp_path / name
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there(tmp_path: Path):
    with pytest.raises(UserError, match="could not be written"):
        save_picture(tmp_path / "nowhere" / "a.png", canvas())
