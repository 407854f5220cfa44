"""Figures come out whole, byte for byte the same, and over nobody's files."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from matplotlib import rcParams

from poseshift.errors import UserError
from poseshift.report.figure import (
    COLORS,
    DPI,
    drawing,
    ensure_free,
    figure_folder,
    shades,
    subtitle,
)


def draw(stem: Path) -> list[bytes]:
    with drawing(stem, 3, 2, ncols=2) as (left, right):
        left.plot([0, 1], [1, 0], color=COLORS[0], label="a")
        left.legend()
        right.imshow(np.eye(4))
        subtitle(right, "Title", "and what to see")
    return [stem.with_name(f"{stem.name}.{kind}").read_bytes() for kind in ("png", "svg")]


def test_the_same_figure_is_the_same_file(tmp_path: Path):
    one, other = draw(tmp_path / "a"), draw(tmp_path / "b")
    assert one == other
    assert b"<dc:date>" not in one[1]
    assert b"Software" not in one[0]


def test_a_figure_is_as_large_as_was_said_and_the_look_stays_inside(tmp_path: Path):
    before = dict(rcParams)
    draw(tmp_path / "a.b")
    assert dict(rcParams) == before
    image = cv2.imread(str(tmp_path / "a.b.png"))
    assert image is not None
    assert image.shape[:2] == (2 * DPI, 3 * DPI)
    assert (image[0, 0] == 255).all()


def test_a_figure_that_fails_leaves_nothing(tmp_path: Path):
    with pytest.raises(ZeroDivisionError), drawing(tmp_path / "a", 3, 2):
        _ = 1 / 0
    assert not list(tmp_path.iterdir())


def test_shades_go_from_dark_to_light():
    light = [sum(color[:3]) for color in shades(25)]
    assert light == sorted(light)
    assert len(shades(1)) == 1


def test_a_folder_is_filled_as_a_whole_or_not_at_all(tmp_path: Path):
    with figure_folder(tmp_path / "new" / "deep") as partial:
        (partial / "a.png").write_text("x")
        assert not (tmp_path / "new" / "deep").exists()
    assert (tmp_path / "new" / "deep" / "a.png").read_text() == "x"
    with pytest.raises(ZeroDivisionError), figure_folder(tmp_path / "other"):
        _ = 1 / 0
    assert not (tmp_path / "other").exists()


def test_a_folder_that_holds_anything_is_left_alone(tmp_path: Path):
    ensure_free(None)
    ensure_free(tmp_path / "missing")
    (tmp_path / "mine.txt").write_text("mine")
    for taken in (tmp_path, tmp_path / "mine.txt"):
        with pytest.raises(UserError, match="is not empty"), figure_folder(taken):
            pass
    assert (tmp_path / "mine.txt").read_text() == "mine"
