"""Crops are where their matrix says, to a fraction of a pixel, and shrink without aliasing."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poseshift.data.crops import (
    crop_matrix,
    cut,
    image_box,
    keypoint_box,
    square_around,
    transform,
)

boxes = st.tuples(st.floats(-50, 300), st.floats(-50, 300), st.floats(5, 400), st.floats(5, 400))
relaxed = settings(deadline=None, max_examples=50)


@relaxed
@given(boxes, st.floats(1, 3), st.sampled_from([32, 96, 256]))
def test_matrix_and_inverse_return_every_point(box, margin, side):
    matrix = crop_matrix(square_around(box, margin), side)
    points = np.random.default_rng(0).uniform(-100, 500, (20, 2))
    back = transform(matrix, transform(np.linalg.inv(matrix), points))
    np.testing.assert_allclose(back, points, atol=1e-6)


@relaxed
@given(boxes, st.floats(1, 3), st.sampled_from([32, 96, 256]))
def test_crop_edges_are_the_edges_of_the_square(box, margin, side):
    left, top, width, _ = square = square_around(box, margin)
    corners = transform(crop_matrix(square, side), np.array([[-0.5, -0.5], [side - 0.5] * 2]))
    np.testing.assert_allclose(corners, [[left, top], [left + width, top + width]], atol=1e-6)


@relaxed
@given(boxes, st.floats(1, 3))
def test_square_holds_its_box_around_the_same_centre(box, margin):
    left, top, side, height = square_around(box, margin)
    assert side == height == pytest.approx(max(box[2:]) * margin)
    assert left + side / 2 == pytest.approx(box[0] + box[2] / 2)
    assert top + side / 2 == pytest.approx(box[1] + box[3] / 2)


def blob(width, height, x, y, sigma):
    """A bright Gaussian dot with its centre at a sub-pixel place."""
    columns, rows = np.meshgrid(np.arange(width), np.arange(height))
    value = 255 * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * sigma**2))
    return np.repeat(value[..., None], 3, axis=2).round().astype(np.uint8)


def centre(image):
    weight = image[..., 0].astype(float)
    rows, columns = np.indices(weight.shape)
    return (weight * columns).sum() / weight.sum(), (weight * rows).sum() / weight.sum()


@relaxed
@given(
    st.floats(150, 250),
    st.floats(120, 180),
    st.floats(60, 700),
    st.floats(-0.2, 0.2),
    st.floats(-0.2, 0.2),
)
def test_a_dot_drawn_at_a_keypoint_appears_at_the_mapped_keypoint(x, y, size, right, down):
    side = 96
    scale = size / side
    image = blob(400, 300, x, y, sigma=max(2.0, 1.5 * scale))
    square = (x - size * (0.5 + right), y - size * (0.5 + down), size, size)
    matrix = crop_matrix(square, side)
    wanted = transform(np.linalg.inv(matrix), np.array([[x, y]]))[0]
    np.testing.assert_allclose(centre(cut(image, matrix, side)), wanted, atol=0.2)


@pytest.mark.parametrize("factor", [2, 3, 5.3, 8])
def test_fine_stripes_fade_when_shrunk(factor):
    stripes = np.zeros((512, 512, 3), np.uint8)
    stripes[:, ::2] = 255
    size = 64 * factor
    crop = cut(stripes, crop_matrix((0, 0, size, size), 64), 64)[2:-2, 2:-2].astype(float)
    assert crop.mean() == pytest.approx(127.5, abs=6)
    # Without averaging, samples would hit stripes at random and the crop would be full contrast.
    assert crop.std() < 30


def test_whole_image_at_its_own_size_is_unchanged():
    image = np.random.default_rng(0).integers(0, 255, (40, 40, 3), dtype=np.uint8)
    same = cut(image, crop_matrix(square_around(image_box(40, 40), 1), 40), 40)
    np.testing.assert_array_equal(same, image)


def test_halving_equals_the_area_average():
    image = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    half = cut(image, crop_matrix(image_box(64, 64), 32), 32)
    wanted = cv2.resize(image, (32, 32), interpolation=cv2.INTER_AREA)
    np.testing.assert_allclose(half.astype(int), wanted.astype(int), atol=1)


def test_beyond_the_image_is_black():
    image = np.full((20, 20, 3), 200, np.uint8)
    crop = cut(image, crop_matrix((10, -0.5, 40, 40), 40), 40)
    assert (crop[:18, :8] == 200).all()
    assert (crop[:, 12:] == 0).all()


@pytest.mark.parametrize(
    ("points", "visibility"),
    [([[1, 2], [3, 4]], [0, 0]), ([[1, 2], [3, 4]], [2, 0]), ([[1, 2], [1, 2]], [2, 2])],
    ids=["none labelled", "one labelled", "all at one place"],
)
def test_points_that_span_nothing_make_no_box(points, visibility):
    assert keypoint_box(np.array(points, float), np.array(visibility, np.uint8)) is None
