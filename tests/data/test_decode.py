"""Images are decoded whole or refused; deep grey ones keep their contrast."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from poseshift.data.decode import read_image
from poseshift.errors import BadInput
from tests.data import tiny


def test_is_rgb_as_every_other_decoder_sees_it(tmp_path: Path):
    path = tiny.photo(tmp_path / "a.png")
    np.testing.assert_array_equal(read_image(path), cv2.imread(str(path))[..., ::-1])


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".bmp", ".tif", ".webp"])
@pytest.mark.parametrize("keep", [0.5, 0.9])
def test_a_cut_off_file_is_refused(tmp_path: Path, suffix: str, keep: float):
    path = tmp_path / f"a{suffix}"
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    cv2.imwrite(str(path), noise)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])
    with pytest.raises(BadInput, match="damaged") as caught:
        read_image(path)
    assert str(path) in str(caught.value)


def test_sixteen_bits_are_scaled_not_clipped(tmp_path: Path):
    grey = np.array([[0, 256 * 100], [256 * 200, 65535]], np.uint16)
    cv2.imwrite(str(tmp_path / "a.png"), grey)
    np.testing.assert_array_equal(read_image(tmp_path / "a.png")[..., 1], [[0, 100], [200, 255]])


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "CMYK", "1"])
def test_other_kinds_of_colour_become_rgb(tmp_path: Path, mode: str):
    path = tmp_path / ("a.tif" if mode == "CMYK" else "a.png")
    Image.new("RGB", (5, 4), (250, 250, 250)).convert(mode).save(path)
    image = read_image(path)
    assert image.shape == (4, 5, 3)
    assert image.mean() > 240


def test_orientation_is_applied_only_on_request(tmp_path: Path):
    image = Image.new("RGB", (6, 4))
    exif = image.getexif()
    exif[0x0112] = 6  # turned by a quarter
    image.save(tmp_path / "a.jpg", exif=exif)
    assert read_image(tmp_path / "a.jpg").shape == (4, 6, 3)
    assert read_image(tmp_path / "a.jpg", upright=True).shape == (6, 4, 3)


def test_an_image_over_the_limit_is_refused_before_it_is_decoded(tmp_path: Path):
    path = tmp_path / "a.png"
    Image.new("1", (40_000, 10)).save(path)
    with pytest.raises(BadInput, match="40000 x 10 pixels"):
        read_image(path)
