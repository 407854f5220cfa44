"""Heatmaps carry points: exactly when clean, as published when protocol."""

import math

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from poseshift.data.draws import Draws
from poseshift.data.heatmap import decode, decode_argmax, encode, encode_protocol
from poseshift.data.views import ViewConfig, affine_matrix, apply, resize_matrix, warp_maps

few = settings(deadline=None, max_examples=50)


@few
@given(
    cells=st.sampled_from([24, 48, 64]),
    x=st.floats(0, 1, exclude_max=True),
    y=st.floats(0, 1, exclude_max=True),
)
def test_a_point_anywhere_in_the_map_comes_back(cells: int, x: float, y: float):
    point = torch.tensor([[[x, y]]]) * cells - 0.5
    place, peak = decode(encode(point, cells))
    assert (place - point).norm() < 2e-3
    assert 0 < peak.item() <= 1


@few
@given(st.integers(0, 10_000))
def test_encode_is_the_gaussian_of_the_distance(seed: int):
    point = np.random.default_rng(seed).uniform(-2, 50, 2)
    maps = encode(torch.tensor(point)[None, None], 48, sigma=1.7)[0, 0].numpy()
    y, x = np.mgrid[:48, :48]
    expected = np.exp(-((x - point[0]) ** 2 + (y - point[1]) ** 2) / (2 * 1.7**2))
    np.testing.assert_allclose(maps, expected, atol=1e-12)


def test_sigma_grows_with_the_map():
    small, large = (encode(torch.full((1, 1, 2), c / 2), c)[0, 0] for c in (32, 64))
    assert small[16, 17] == pytest.approx(math.exp(-1 / 2))  # sigma 1 of 32, 2 of 64
    assert large[32, 34] == pytest.approx(math.exp(-1 / 2))


@few
@given(
    angle=st.floats(0, math.pi), ratio=st.floats(0.5, 2), x=st.floats(10, 37), y=st.floats(10, 37)
)
def test_a_stretched_and_turned_gaussian_is_decoded_exactly(
    angle: float, ratio: float, x: float, y: float
):
    cos, sin = math.cos(angle), math.sin(angle)
    row, column = np.mgrid[:48, :48]
    along, across = cos * (column - x) + sin * (row - y), cos * (row - y) - sin * (column - x)
    maps = np.exp(-(along**2 + across**2 / ratio**2) / (2 * 1.5**2))
    place, _ = decode(torch.tensor(maps)[None, None])
    np.testing.assert_allclose(place[0, 0], [x, y], atol=2e-3)


def journey(cells: int, side: int, count: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Encode in views over the whole range of augmentation, warp back once, decode.

    Returns errors in cells, whether the joint is inside both maps, and how far (cells) from the
    nearest border of both.
    """
    whole = ViewConfig(rotation=180, scale=(0.5, 1.5), shear=30, shift=0.1)
    view_B33 = affine_matrix(Draws(0, 0, 0, slice(0, count), count), whole, side)
    base_B33 = torch.eye(3).expand(count, 3, 3)
    point_BK2 = torch.rand(count, 8, 2, generator=torch.Generator().manual_seed(1)) * side - 0.5
    to_cells = resize_matrix(side, cells)
    truth_BK2, seen_BK2 = apply(to_cells, point_BK2), apply(to_cells, apply(view_B33, point_BK2))
    maps_BKHW = warp_maps(encode(seen_BK2, cells), view_B33, base_B33, side)
    error_BK = (decode(maps_BKHW)[0] - truth_BK2).norm(dim=-1)
    both = torch.cat([truth_BK2, seen_BK2], -1)
    border_BK = torch.minimum(both, cells - 1 - both).amin(-1)
    return error_BK, border_BK >= -0.5, border_BK


@pytest.mark.parametrize(("cells", "side"), [(48, 96), (64, 256)])
def test_encode_in_a_view_warp_back_decode_keeps_a_tenth_of_a_cell(cells: int, side: int):
    error, inside, border = journey(cells, side, 300)
    assert error[border >= 1].max() < 0.1
    assert error[border >= 3].max() < 0.06
    # In the outermost cell half the Gaussian is outside, and what is left must say where it was.
    assert error[inside].quantile(0.99) < 0.15
    assert error[inside].max() < 0.6


def test_a_second_weaker_peak_far_away_does_not_pull():
    point, other = torch.tensor([[[20.3, 15.8]]]), torch.tensor([[[30.0, 24.0]]])
    place, _ = decode(encode(point, 48) + 0.8 * encode(other, 48))
    assert (place - point).norm() < 0.01


def test_noise_on_all_cells_is_averaged():
    generator = torch.Generator().manual_seed(0)
    point = torch.rand(200, 4, 2, generator=generator) * 40 + 4
    noisy = encode(point, 48) + 0.05 * torch.randn(200, 4, 48, 48, generator=generator)
    error = (decode(noisy)[0] - point).norm(dim=-1)
    assert error.mean() < 0.08  # the parabola through three cells would give 0.16


@pytest.mark.parametrize("value", [0.0, -1.0, 1.0, math.nan])
def test_maps_without_a_peak_decode_to_something_finite(value: float):
    place, _ = decode(torch.full((1, 2, 8, 8), value))
    assert place.isfinite().all()
    assert ((place >= -0.5) & (place <= 8)).all()


def test_a_single_hot_cell_is_its_own_place():
    maps = torch.zeros(1, 1, 48, 48)
    maps[0, 0, 30, 7] = 2.0
    place, peak = decode(maps)
    torch.testing.assert_close(place[0, 0], torch.tensor([7.0, 30.0]), atol=1e-3, rtol=0)
    assert peak.item() == 2.0


def test_decoding_under_autocast_is_decoding():
    point = torch.rand(4, 8, 2, generator=torch.Generator().manual_seed(0)) * 47
    maps = encode(point, 48)
    with torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(decode(maps)[0], decode(maps)[0].float())
        assert (decode(maps)[0] - point).abs().max() < 1e-3


@few
@given(x=st.floats(-20, 280), y=st.floats(-20, 280))
@example(x=2.0, y=10.0)  # halves go up: numpy would round them to even
@example(x=-2.0, y=254.0)
def test_protocol_maps_are_the_published_ones(x: float, y: float):
    maps = encode_protocol(torch.tensor([[[x / 4, y / 4]]]), 64)[0, 0].numpy()
    # By the published recipe: a 13 x 13 patch of a Gaussian of sigma 2 around the rounded cell.
    column, row = math.floor(x / 4 + 0.5), math.floor(y / 4 + 0.5)
    expected = np.zeros((64, 64))
    if 0 <= column < 64 and 0 <= row < 64:
        for i in range(max(0, row - 6), min(64, row + 7)):
            for j in range(max(0, column - 6), min(64, column + 7)):
                expected[i, j] = math.exp(-((i - row) ** 2 + (j - column) ** 2) / 8)
    np.testing.assert_allclose(maps, expected, atol=1e-6)
    if expected.any():
        cell, peak = decode_argmax(torch.tensor(maps)[None, None])
        assert cell[0, 0].tolist() == [column, row]
        assert peak.item() == 1


def test_protocol_window_is_seven_cells_for_sigma_one():
    maps = encode_protocol(torch.full((1, 1, 2), 32.0), 64, sigma=1.0)[0, 0]
    assert (maps > 0).sum() == 49


def test_argmax_of_a_map_without_a_positive_value_is_the_corner():
    maps = torch.full((1, 1, 8, 8), -1.0)
    maps[0, 0, 5, 3] = -0.5
    cell, peak = decode_argmax(maps)
    assert cell[0, 0].tolist() == [0, 0]
    assert peak.item() == -0.5


def test_argmax_reads_columns_as_x():
    maps = torch.zeros(1, 1, 6, 9)
    maps[0, 0, 4, 7] = 1
    assert decode_argmax(maps)[0][0, 0].tolist() == [7, 4]
