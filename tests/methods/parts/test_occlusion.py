"""Occlusion: one exact square around one sure joint, of the same image's pixels, per sample."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from poseshift.data.draws import Draws
from poseshift.methods.parts.occlusion import occlude

HALF = 10 / 256  # as published


def numbered(count: int, side: int) -> torch.Tensor:
    """Images whose every pixel says which one it is."""
    pixels = torch.arange(count * side * side, dtype=torch.float64).view(count, 1, side, side)
    return torch.cat([pixels, -pixels, pixels + 0.5], 1)


def struck(count: int, side: int, place: torch.Tensor, sure: torch.Tensor, **given_: float):
    """Images before and after, and where they differ."""
    image = numbered(count, side)
    numbers = Draws(int(given_.pop("seed", 0)), 0, 1, slice(0, count), count)
    out = occlude(image, place, sure, numbers, **{"rate": 0.5, "half": HALF, **given_})
    return image, out, (image != out).any(1)


def spread(count: int, joints: int, side: int, seed: int, margin: float) -> torch.Tensor:
    rng = np.random.default_rng(seed)
    return torch.tensor(rng.uniform(margin, side - 1 - margin, (count, joints, 2))).float()


@given(seed=st.integers(0, 999), side=st.sampled_from([32, 96, 128]))
@settings(deadline=None, max_examples=25)
def test_a_square_around_a_sure_joint_takes_other_pixels_of_the_image(seed: int, side: int):
    reach = round(side * 10 / 256)
    place = spread(2, 3, side, seed, margin=reach + 1)
    sure = torch.tensor([[False, True, False], [False, False, False]])
    image, out, changed = struck(2, side, place, sure, rate=1.0, seed=seed)
    x, y = (int(v) for v in place[0, 1].round())
    window = (slice(y - reach, y + reach), slice(x - reach, x + reach))
    outside = torch.ones(side, side, dtype=torch.bool)
    outside[window] = False
    assert not (changed[0] & outside).any(), "untouched elsewhere"
    assert not changed[1].any(), "nobody is sure"
    patch = out[0][:, *window]
    v, u = divmod(int(patch[0, 0, 0]), side)
    assert torch.equal(patch, image[0, :, v : v + 2 * reach, u : u + 2 * reach])
    assert patch.shape == (3, 2 * reach, 2 * reach)


def test_the_published_patch_has_20_pixels_of_256():
    place, sure = torch.full((1, 1, 2), 100.0), torch.ones(1, 1, dtype=torch.bool)
    _, _, changed = struck(1, 256, place, sure, rate=1.0)
    rows, columns = (changed[0].any(axis).nonzero().flatten() for axis in (1, 0))
    for found in (rows, columns):
        assert found.tolist() == list(range(90, 110))


def test_a_joint_at_the_border_loses_what_lies_inside():
    place, sure = torch.tensor([[[0.0, 31.0]]]), torch.ones(1, 1, dtype=torch.bool)
    _, out, changed = struck(1, 32, place, sure, rate=1.0, half=4 / 32)
    assert changed.sum() <= 4 * 5
    assert not changed[0, :27].any()
    assert not changed[0, :, 4:].any()
    assert torch.isin(out, numbered(1, 32)).all()


@pytest.mark.parametrize(("rate", "low", "high"), [(0.0, 0, 0), (0.5, 160, 240), (1.0, 399, 400)])
def test_as_many_images_are_struck_as_asked_for(rate: float, low: int, high: int):
    place, sure = torch.full((400, 2, 2), 8.0), torch.ones(400, 2, dtype=torch.bool)
    _, _, changed = struck(400, 16, place, sure, rate=rate)
    # A patch may come from where it goes and change nothing: one place in 144.
    assert low - 8 * (rate > 0) <= changed.any((1, 2)).sum() <= high


def test_the_sure_joints_of_an_image_are_chosen_alike_and_the_others_never():
    corners = torch.tensor([[6.0, 6.0], [25.0, 6.0], [6.0, 25.0], [25.0, 25.0]])
    sure = torch.tensor([[True, True, False, True]]).expand(600, 4)
    _, _, changed = struck(600, 32, corners.expand(600, 4, 2), sure, rate=1.0)
    hit = [int(changed[:, int(y), int(x)].sum()) for x, y in corners]
    assert hit[2] == 0
    assert all(150 < hit[k] < 250 for k in (0, 1, 3))
    assert sum(hit) <= 600


def test_a_sample_is_struck_whatever_else_is_in_its_batch():
    place = spread(6, 4, 32, seed=0, margin=3)
    sure = torch.rand(6, 4, generator=torch.Generator().manual_seed(0)) < 0.6
    image = numbered(6, 32)
    whole = occlude(image, place, sure, Draws(0, 0, 1, slice(0, 6), 6), rate=0.7, half=HALF)
    parts = [
        occlude(image[rows], place[rows], sure[rows], Draws(0, 0, 1, rows, 6), rate=0.7, half=HALF)
        for rows in (slice(0, 3), slice(3, 6))
    ]
    assert torch.equal(whole, torch.cat(parts))
    assert not torch.equal(whole, image)


def test_images_given_are_left_alone():
    image = numbered(1, 32)
    numbers = Draws(0, 0, 1, slice(0, 1), 1)
    place, sure = torch.full((1, 1, 2), 9.0), torch.ones(1, 1, dtype=torch.bool)
    occlude(image, place, sure, numbers, rate=1, half=HALF)
    assert torch.equal(image, numbered(1, 32))
