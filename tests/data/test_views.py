"""Views: every picture, point and map of a view went through the one matrix it tells of."""

import math

import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from poseshift.data.draws import Draws
from poseshift.data.heatmap import decode, encode
from poseshift.data.types import CropBatch, LabeledBatch
from poseshift.data.views import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    ViewConfig,
    affine_matrix,
    apply,
    inverted,
    labeled_view,
    normalize,
    photometric,
    plain_view,
    random_view,
    resample,
    resize_matrix,
    to_float,
    warp_maps,
)
from poseshift.skeleton import skeleton

few = settings(deadline=None, max_examples=30)
WHOLE = ViewConfig(rotation=180, scale=(0.5, 1.5), shear=30, shift=0.1, flip=0.5)
STILL = ViewConfig(rotation=0, scale=(1, 1), shift=0, brightness=0, contrast=0, saturation=0)
BODY = skeleton("body16")


def drawn(count: int, seed: int = 0) -> Draws:
    return Draws(seed, 0, 0, slice(0, count), count)


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def bilinear(image_CHW: np.ndarray, x: float, y: float) -> np.ndarray:
    """The value at one place, zero outside, in float64 and slowly."""
    value, (height, width) = np.zeros(len(image_CHW)), image_CHW.shape[1:]
    for row in (math.floor(y), math.floor(y) + 1):
        for column in (math.floor(x), math.floor(x) + 1):
            if 0 <= row < height and 0 <= column < width:
                value += image_CHW[:, row, column] * (1 - abs(y - row)) * (1 - abs(x - column))
    return value


def slow_resample(image_CHW: torch.Tensor, matrix_33: np.ndarray, side: int) -> np.ndarray:
    back, image = np.linalg.inv(matrix_33), image_CHW.numpy().astype(np.float64)
    out = np.zeros((len(image), side, side))
    for i in range(side):
        for j in range(side):
            x, y, _ = back @ (j, i, 1)
            out[:, i, j] = bilinear(image, x, y)
    return out


def batch(crop_BHWC: torch.Tensor, seed: int = 0) -> CropBatch:
    return CropBatch(torch.arange(len(crop_BHWC)), crop_BHWC, drawn(len(crop_BHWC), seed))


def labeled(crop: torch.Tensor, keypoints: torch.Tensor, visibility: torch.Tensor) -> LabeledBatch:
    return LabeledBatch(torch.arange(len(crop)), crop, drawn(len(crop)), keypoints, visibility)


# --- matrices -----------------------------------------------------------------------------------


@few
@given(a=st.integers(8, 300), b=st.integers(8, 300))
def test_resizing_sends_edges_to_edges_and_back(a: int, b: int):
    edges = torch.tensor([[-0.5, a - 0.5]])
    torch.testing.assert_close(apply(resize_matrix(a, b), edges), torch.tensor([[-0.5, b - 0.5]]))
    torch.testing.assert_close(resize_matrix(b, a) @ resize_matrix(a, b), torch.eye(3))


@few
@given(seed=st.integers(0, 10_000))
def test_the_affine_matrix_is_its_formula(seed: int):
    config, side, count = WHOLE, 96, 5
    matrix_B33 = affine_matrix(drawn(count, seed), config, side, flip=True).numpy()
    draws = drawn(count, seed)
    angle = np.radians(draws.uniform(-180, 180).double().numpy())
    zoom = np.exp(draws.uniform(math.log(0.5), math.log(1.5)).double().numpy())
    shift = draws.uniform(-0.1, 0.1, 2).double().numpy() * side
    shear = np.tan(np.radians(draws.uniform(-30, 30).double().numpy()))
    mirror = np.where(draws.uniform(0, 1).numpy() < 0.5, -1, 1)
    middle = np.array([(side - 1) / 2] * 2)
    for b in range(count):
        cos, sin = np.cos(angle[b]), np.sin(angle[b])
        linear = zoom[b] * np.array([[cos, -sin], [sin, cos]])
        linear = linear @ np.array([[1, shear[b]], [0, 1]]) @ np.diag([mirror[b], 1])
        point = np.array([10.0, 70.0])
        expected = linear @ (point - middle) + middle + shift[b]
        np.testing.assert_allclose((matrix_B33[b] @ [*point, 1])[:2], expected, atol=1e-3)
        assert (np.linalg.det(matrix_B33[b]) < 0) == (mirror[b] < 0)


def test_only_labelled_views_are_mirrored():
    config = ViewConfig(flip=1)
    assert (torch.linalg.det(affine_matrix(drawn(8), config, 64)) > 0).all()
    assert (torch.linalg.det(affine_matrix(drawn(8), config, 64, flip=True)) < 0).all()


def test_lengths_are_fractions_of_the_side():
    small, large = (affine_matrix(drawn(6), WHOLE, side) for side in (48, 96))
    torch.testing.assert_close(small[:, :2, :2], large[:, :2, :2])
    there = resize_matrix(48, 96)
    torch.testing.assert_close(there @ small @ torch.linalg.inv(there), large, atol=1e-3, rtol=0)


def test_geometry_is_not_rounded_by_autocast():
    """bfloat16 has 8 bits: a place in a crop of 256 px would be off by a pixel and more."""
    crop, points = (noise(4, 64, 64, 3) * 255).byte(), noise(4, 16, 2) * 250
    exact = random_view(batch(crop), WHOLE, 96)
    with torch.autocast("cpu", torch.bfloat16):
        view = random_view(batch(crop), WHOLE, 96)
        placed = apply(view.matrix_B33, points)
        carried = warp_maps(noise(4, 2, 24, 24), view.matrix_B33, torch.eye(3).expand(4, 3, 3), 96)
    assert torch.equal(view.matrix_B33, exact.matrix_B33)
    assert torch.equal(placed, apply(exact.matrix_B33, points))
    assert torch.equal(
        carried, warp_maps(noise(4, 2, 24, 24), view.matrix_B33, torch.eye(3).expand(4, 3, 3), 96)
    )


# --- resampling ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("size", "side"), [((20, 20), 20), ((24, 24), 15), ((14, 22), 18)])
def test_resample_is_the_slow_double_loop(size: tuple[int, int], side: int):
    image, matrix_B33 = noise(3, 2, *size), affine_matrix(drawn(3), WHOLE, side, flip=True)
    for b, out in enumerate(resample(image, matrix_B33, side)):
        expected = slow_resample(image[b], matrix_B33[b].double().numpy(), side)
        np.testing.assert_allclose(out, expected, atol=2e-4)


def test_resample_without_a_change_changes_nothing():
    image = noise(2, 3, 17, 17)
    torch.testing.assert_close(resample(image, torch.eye(3).expand(2, 3, 3), 17), image)


@few
@given(seed=st.integers(0, 10_000), x=st.floats(16, 47), y=st.floats(16, 47))
def test_a_painted_dot_lands_where_apply_says(seed: int, x: float, y: float):
    row, column = np.mgrid[:64, :64]
    dot = 255 * np.exp(-((column - x) ** 2 + (row - y) ** 2) / (2 * 1.5**2))
    crop = torch.tensor(dot).byte()[None, :, :, None].expand(1, 64, 64, 3)
    view = random_view(batch(crop, seed), WHOLE.model_copy(update=COLOURLESS), 96)
    image = view.image_BCHW[0, 1] * IMAGENET_STD[1] + IMAGENET_MEAN[1]
    expected = apply(view.matrix_B33, torch.tensor([[[x, y]]]))[0, 0]
    weight = image.clamp(min=0) / image.clamp(min=0).sum()
    ticks = torch.arange(96.0)
    middle = torch.stack([(weight.sum(0) * ticks).sum(), (weight.sum(1) * ticks).sum()])
    if ((expected > 10) & (expected < 85)).all():
        assert (middle - expected).norm() < 0.1


COLOURLESS = {"brightness": 0, "contrast": 0, "saturation": 0}


# --- maps between views -------------------------------------------------------------------------


@pytest.mark.parametrize("cells", [None, 10])
def test_warp_maps_is_the_exact_inverse_sampled_bilinearly(cells: int | None):
    """Against float64 matrices and a double loop; unknown, so zero, beyond the outermost cells."""
    side, size, count = 64, 16, 4
    first, second = (affine_matrix(drawn(count, seed), WHOLE, side) for seed in (1, 2))
    maps = noise(count, 2, size, size)
    carried = warp_maps(maps, first, second, side, cells)
    out = cells or size
    assert carried.shape == (count, 2, out, out)
    for b in range(count):
        there = resize_matrix(side, out).double().numpy() @ second[b].double().numpy()
        here = resize_matrix(side, size).double().numpy() @ first[b].double().numpy()
        step = there @ np.linalg.inv(here)
        expected = slow_resample(maps[b], step, out)
        row, column = np.mgrid[:out, :out]
        grid = np.stack([column, row, np.ones_like(row)]).reshape(3, -1)
        x, y, _ = np.linalg.inv(step) @ grid
        edge = np.minimum(np.minimum(x, y), size - 1 - np.maximum(x, y)).reshape(out, out)
        sure = np.abs(edge) > 0.01  # on the very border either answer is right
        known = np.where(edge > 0, expected, 0)
        np.testing.assert_allclose((carried[b].numpy() * sure), known * sure, atol=1e-3)


def test_warping_to_the_same_view_changes_nothing():
    view, maps = affine_matrix(drawn(3), WHOLE, 64), noise(3, 2, 16, 16)
    torch.testing.assert_close(warp_maps(maps, view, view, 64), maps, atol=1e-4, rtol=0)


def test_maps_and_image_of_a_view_move_alike():
    """A map rendered in the view and one rendered in the crop and carried there agree."""
    side, cells = 96, 48
    view = affine_matrix(drawn(16), ViewConfig(rotation=180, scale=(1, 1), shift=0), side)
    crop, middle = torch.eye(3).expand(16, 3, 3), torch.full((16, 1, 2), 47.5)
    points = middle + 20 * (noise(16, 1, 2) - 0.5)
    to_cells = resize_matrix(side, cells)
    there = encode(apply(to_cells, apply(view, points)), cells)
    carried = warp_maps(encode(apply(to_cells, points), cells), crop, view, side)
    assert (there - carried).abs().max() < 0.12  # bilinear sampling flattens the peak
    torch.testing.assert_close(decode(there)[0], decode(carried)[0], atol=0.05, rtol=0)


def test_half_precision_maps_travel_as_exactly_as_full_ones():
    view, crop = affine_matrix(drawn(4), WHOLE, 96), torch.eye(3).expand(4, 3, 3)
    maps = noise(4, 2, 48, 48).bfloat16()
    carried = warp_maps(maps, view, crop, 96)
    assert torch.equal(carried, warp_maps(maps.float(), view, crop, 96))


# --- colour -------------------------------------------------------------------------------------


def test_photometric_is_brightness_then_contrast_then_saturation():
    config = ViewConfig(brightness=0.4, contrast=0.3, saturation=0.5)
    image = noise(5, 3, 12, 12)
    out = photometric(image, drawn(5), config).double().numpy()
    draws = drawn(5)
    bright, contrast, colour = (
        draws.uniform(1 - s, 1 + s, 1, 1, 1).double().numpy().ravel() for s in (0.4, 0.3, 0.5)
    )
    for b in range(5):
        expected = image[b].double().numpy() * bright[b]
        luma = np.array([0.299, 0.587, 0.114]) @ expected.reshape(3, -1)
        expected = contrast[b] * expected + (1 - contrast[b]) * luma.mean()
        luma = (np.array([0.299, 0.587, 0.114]) @ expected.reshape(3, -1)).reshape(12, 12)
        expected = colour[b] * expected + (1 - colour[b]) * luma
        np.testing.assert_allclose(out[b], expected.clip(0, 1), atol=1e-5)


def test_no_colour_settings_leave_the_image_alone():
    image = noise(2, 3, 9, 9)
    torch.testing.assert_close(photometric(image, drawn(2), STILL), image)


def test_blur_is_opencvs_gaussian():
    config = STILL.model_copy(update={"blur": 0.05})
    image = noise(4, 3, 64, 64)
    out = photometric(image, drawn(4), config)
    sigmas = _sigmas(drawn(4), 64)
    reach = math.ceil(3 * max(sigmas))
    for b, sigma in enumerate(sigmas):
        expected = cv2.GaussianBlur(
            image[b].permute(1, 2, 0).numpy(), (2 * reach + 1,) * 2, sigma,
            borderType=cv2.BORDER_REPLICATE,
        )  # fmt: skip
        np.testing.assert_allclose(out[b].permute(1, 2, 0), expected, atol=1e-4)
    assert len({round(s, 3) for s in sigmas}) == 4, "each image has its own"


def _sigmas(draws: Draws, side: int) -> list[float]:
    for _ in range(3):
        draws.uniform(0, 1, 1, 1, 1)  # brightness, contrast, saturation come first
    return (draws.uniform(0, 0.05) * side).tolist()


def test_noise_has_the_strength_that_was_drawn():
    config = STILL.model_copy(update={"noise": 0.2})
    out = photometric(torch.full((6, 3, 64, 64), 0.5), drawn(6), config)
    draws = drawn(6)
    for _ in range(3):
        draws.uniform(0, 1, 1, 1, 1)
    sigma = draws.uniform(0, 0.2, 1, 1, 1).flatten()
    torch.testing.assert_close(out.flatten(1).std(1), sigma, rtol=0.05, atol=2e-3)
    assert out.min() >= 0
    assert out.max() <= 1


def test_normalize_is_imagenets():
    image = noise(2, 3, 4, 4)
    expected = (image.permute(0, 2, 3, 1).numpy() - IMAGENET_MEAN) / np.array(IMAGENET_STD)
    np.testing.assert_allclose(normalize(image).permute(0, 2, 3, 1), expected, rtol=1e-5)


# --- whole views --------------------------------------------------------------------------------


def test_a_plain_view_is_the_crop_at_the_networks_side():
    crop = (noise(2, 32, 32, 3) * 255).byte()
    same, smaller = plain_view(crop, 32), plain_view(crop, 16)
    assert torch.equal(same.image_BCHW, normalize(to_float(crop)))
    torch.testing.assert_close(same.matrix_B33, torch.eye(3).expand(2, 3, 3))
    halved = F.avg_pool2d(to_float(crop), 2)  # two to one, centres aligned: a plain mean
    torch.testing.assert_close(smaller.image_BCHW, normalize(halved), atol=1e-4, rtol=0)


def test_a_much_larger_crop_is_averaged_and_not_skipped_over():
    board = (torch.arange(96)[:, None] + torch.arange(96)[None]) % 2 * 255
    crop_BHWC = board[None, :, :, None].expand(1, 96, 96, 3).to(torch.uint8)
    grey = torch.full((1, 3, 32, 32), 0.5)
    inner = plain_view(crop_BHWC, 32).image_BCHW[..., 1:-1, 1:-1]
    # A third of the side: nine pixels of a checkerboard average to a half, give or take a ninth.
    assert (inner - normalize(grey)[..., 1:-1, 1:-1]).abs().max() < 0.3


@pytest.mark.parametrize("side", [31, 32, 48, 95])
def test_a_dot_lands_where_apply_says_through_the_average_too(side: int):
    crop_BHWC = torch.zeros(1, 96, 96, 3, dtype=torch.uint8)
    crop_BHWC[:, 40:43, 60:63] = 255  # centred on (61, 41)
    view = plain_view(crop_BHWC, side)
    light = (view.image_BCHW - normalize(torch.zeros(1, 3, 1, 1)))[0, 0].double()
    ticks = torch.arange(side, dtype=torch.float64)
    seen = torch.stack([(light.sum(0) * ticks).sum(), (light.sum(1) * ticks).sum()]) / light.sum()
    wanted = apply(view.matrix_B33[0], torch.tensor([[61.0, 41.0]]))[0]
    torch.testing.assert_close(seen.float(), wanted, atol=0.2, rtol=0)


def test_the_written_out_inverse_is_the_inverse():
    matrix_B33 = affine_matrix(drawn(16), ViewConfig(rotation=180, shear=30), 96)
    torch.testing.assert_close(
        inverted(matrix_B33).double(), torch.linalg.inv(matrix_B33.double()), atol=2e-5, rtol=1e-5
    )


def test_views_repeat_with_their_draws_and_differ_without():
    crop = (noise(3, 32, 32, 3) * 255).byte()
    first, again, other = (random_view(batch(crop, seed), WHOLE, 32) for seed in (0, 0, 1))
    assert torch.equal(first.image_BCHW, again.image_BCHW)
    assert not torch.equal(first.matrix_B33, other.matrix_B33)


def test_a_micro_batch_is_a_slice_of_the_step():
    crop = (noise(4, 32, 32, 3) * 255).byte()
    config = WHOLE.model_copy(update={"noise": 0.1})
    whole = random_view(batch(crop), config, 32)
    rows = slice(2, 4)
    half = random_view(CropBatch(torch.arange(2), crop[rows], Draws(0, 0, 0, rows, 4)), config, 32)
    torch.testing.assert_close(half.image_BCHW, whole.image_BCHW[rows])
    assert torch.equal(half.matrix_B33, whole.matrix_B33[rows])


def test_mirrored_views_relabel_their_joints():
    """A dot of its own colour at each joint: in a mirrored view left and right change names."""
    crop = torch.zeros(1, 64, 64, 3, dtype=torch.uint8)
    points = torch.full((1, 16, 2), 32.0)
    left, right = BODY.index("left_wrist"), BODY.index("right_wrist")
    points[0, left], points[0, right] = torch.tensor([44.0, 20.0]), torch.tensor([15.0, 28.0])
    crop[0, 20, 44, 0] = 255  # red where the left wrist is
    config = STILL.model_copy(update={"flip": 1.0})
    view, out, weight = labeled_view(
        labeled(crop, points, torch.full((1, 16), 2)), config, 64, BODY
    )
    red = view.image_BCHW[0, 0]
    y, x = divmod(int(red.argmax()), 64)
    assert (x, y) == (63 - 44, 20)
    assert out[0, right].tolist() == [x, y], "what was left is now called right"
    assert out[0, left].tolist() == [63 - 15, 28]
    assert weight.all()


def test_weights_are_one_for_labelled_joints_inside_the_view():
    crop = torch.zeros(1, 32, 32, 3, dtype=torch.uint8)
    places = [
        (-0.5, 3),
        (31.4, 3),
        (31.5, 3),
        (-0.6, 3),
        (3, -0.5),
        (3, 31.5),
        (5, 5),
        (math.nan,) * 2,
    ]
    points = torch.tensor([places + [(1.0, 1.0)] * 8])
    visibility = torch.tensor([[2, 2, 2, 2, 1, 1, 0, 0] + [1] * 8])
    _, out, weight = labeled_view(labeled(crop, points, visibility), STILL, 32, BODY)
    assert weight[0].tolist() == [1, 1, 0, 0, 1, 0, 0, 0] + [1.0] * 8
    assert out.isfinite().all()
    assert (out[weight == 0] == 0).all()


@few
@given(seed=st.integers(0, 10_000))
def test_labelled_points_follow_the_matrix(seed: int):
    crop, points = torch.zeros(3, 32, 32, 3, dtype=torch.uint8), noise(3, 16, 2, seed=seed) * 31
    given_ = LabeledBatch(torch.arange(3), crop, drawn(3, seed), points, torch.full((3, 16), 2))
    view, out, weight = labeled_view(given_, WHOLE, 48, BODY)
    mirrored = torch.linalg.det(view.matrix_B33) < 0
    for b in range(3):
        named = points[b, list(BODY.flip)] if mirrored[b] else points[b]
        expected = apply(view.matrix_B33[b], named)
        kept = weight[b] > 0
        torch.testing.assert_close(out[b][kept], expected[kept], atol=1e-3, rtol=0)
