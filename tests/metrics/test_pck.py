"""Clean and torso-normalised PCK: by hand, by property, and over processes."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from poseshift.metrics.pck import PCK, inside_crop, mean_over, pck, torso_length
from poseshift.skeleton import skeleton

seeds = st.integers(0, 2**31)


def poses(seed: int, images: int = 5, joints: int = 16, side: float = 96):
    """Random labels, predictions near them and weights, in double precision."""
    generator = torch.Generator().manual_seed(seed)
    true = torch.rand(images, joints, 2, generator=generator, dtype=torch.double) * side
    noise = torch.randn(images, joints, 2, generator=generator, dtype=torch.double)
    weight = torch.rand(images, joints, generator=generator) > 0.2
    return true + 0.05 * side * noise, true, weight


def test_by_hand():
    """Side 100: the radius is 5 px, the rim included; a joint is the mean over its images."""
    true = torch.full((2, 3, 2), 50.0)
    pred = true.clone()
    pred[0, 0] += torch.tensor([3.0, 4.0])  # 5.0 px: a hit
    pred[1, 0] += torch.tensor([3.1, 4.0])  # just outside
    pred[:, 1] += 40.0  # not counted in image 0, a miss in image 1
    weight = torch.tensor([[1, 0, 0], [1, 1, 0]])
    hits = pck(pred, true, weight, torch.full((2,), 100.0))
    assert hits.hits_NK.tolist() == [[True, False, False], [False, False, False]]
    assert hits.valid_NK.tolist() == [[True, False, False], [True, True, False]]
    per_joint = hits.per_joint()
    assert per_joint[:2].tolist() == [0.5, 0.0]
    assert per_joint[2].isnan()
    assert mean_over(per_joint, [0, 1, 2]) == 0.25
    assert mean_over(per_joint, [2]).isnan()


def test_joints_are_averaged_before_images():
    """One image with ten hits weighs no more on a joint than its own labels allow."""
    weight = torch.tensor([[1, 1], [1, 0], [1, 0]])
    true = torch.zeros(3, 2, 2)
    pred = true.clone()
    pred[:, 0] += 50
    hits = pck(pred, true, weight, torch.full((3,), 100.0))
    assert mean_over(hits.per_joint(), [0, 1]) == 0.5  # a micro-average would say 1/4


@settings(deadline=None, max_examples=30)
@given(seeds)
def test_labels_against_themselves_are_perfect(seed: int):
    _, true, weight = poses(seed)
    hits = pck(true, true, weight, torch.full((5,), 96.0))
    assert torch.equal(hits.hits_NK, hits.valid_NK)


@settings(deadline=None, max_examples=30)
@given(seeds, st.floats(0.5, 8.0), st.floats(-100, 100), st.permutations(range(5)))
def test_invariances(seed: int, zoom: float, shift: float, order: list[int]):
    """Zooming images, moving them, or taking them in another order changes nothing."""
    pred, true, weight = poses(seed)
    side = torch.full((5,), 96.0, dtype=torch.double)
    hits = pck(pred, true, weight, side)
    assert torch.equal(hits.hits_NK, pck(pred * zoom, true * zoom, weight, side * zoom).hits_NK)
    assert torch.equal(hits.hits_NK, pck(pred + shift, true + shift, weight, side).hits_NK)
    moved = pck(pred[order], true[order], weight[order], side[order])
    torch.testing.assert_close(moved.per_joint(), hits.per_joint(), equal_nan=True)


@settings(deadline=None, max_examples=30)
@given(seeds, st.floats(0.0, 0.2), st.floats(0.0, 0.2))
def test_a_wider_radius_finds_no_fewer(seed: int, small: float, more: float):
    pred, true, weight = poses(seed)
    side = torch.full((5,), 96.0)
    near = pck(pred, true, weight, side, small).hits_NK
    far = pck(pred, true, weight, side, small + more).hits_NK
    assert (far >= near).all()


@settings(deadline=None, max_examples=20)
@given(seeds)
def test_labels_that_do_not_count_change_nothing(seed: int):
    pred, true, weight = poses(seed)
    side = torch.full((5,), 96.0)
    hidden = true.masked_fill(~weight[..., None], torch.nan)
    assert all(
        torch.equal(a, b)
        for a, b in zip(pck(pred, true, weight, side), pck(pred, hidden, weight, side), strict=True)
    )


@pytest.mark.parametrize("lost", [torch.nan, torch.inf])
def test_a_prediction_that_is_not_finite_is_a_miss_not_a_gap(lost: float):
    true = torch.zeros(1, 1, 2)
    hits = pck(true + lost, true, torch.ones(1, 1), torch.ones(1))
    assert hits.valid_NK.all()
    assert not hits.hits_NK.any()


def test_images_without_a_scale_do_not_count():
    true = torch.zeros(3, 1, 2)
    scale = torch.tensor([1.0, torch.nan, 0.0])
    assert pck(true, true, torch.ones(3, 1), scale).valid_NK.flatten().tolist() == [
        True,
        False,
        False,
    ]


def test_only_labelled_joints_inside_the_crop_count_occluded_ones_too():
    x = [-0.51, -0.5, 0.0, 9.49, 9.5, torch.nan, 5.0]
    true = torch.tensor([[[v, 5.0] for v in x]])
    visibility = torch.tensor([[2, 2, 1, 1, 2, 2, 0]])
    expected = [False, True, True, True, False, False, False]
    assert inside_crop(true, visibility, 10).tolist() == [expected]
    assert inside_crop(true.flip(-1), visibility, 10).tolist() == [expected]


def test_torso_length_needs_both_ends():
    true = torch.tensor([[[0.0, 0.0], [3.0, 4.0]]]).repeat(4, 1, 1)
    true[3] = 7.0
    visibility = torch.tensor([[2, 1], [2, 0], [0, 2], [2, 2]])
    length = torso_length(true, visibility, (0, 1))
    assert length[0] == 5
    assert length[1:].isnan().all()


@settings(deadline=None, max_examples=10)
@given(seeds, st.integers(1, 6))
def test_the_class_over_two_processes_equals_the_function_over_all(seed: int, cut: int):
    body = skeleton("body16")
    pred, true, weight = poses(seed, images=7)
    side = torch.full((7,), 96.0)
    one, two = PCK(body), PCK(body)
    one.update(pred[:cut], true[:cut], weight[:cut], side[:cut])
    two.update(pred[cut:], true[cut:], weight[cut:], side[cut:])
    one.merge_state(two)
    per_joint = pck(pred, true, weight, side).per_joint()
    said = one.compute()
    assert torch.equal(said["per_joint"].nan_to_num(-1), per_joint.nan_to_num(-1))
    assert said["pck"] == mean_over(per_joint, body.scored)


def test_unscored_joints_are_reported_but_not_averaged():
    body = skeleton("body16")
    true = torch.full((1, 16, 2), 50.0)
    pred = true.clone()
    pred[:, body.index("head_top")] += 90
    metric = PCK(body)
    metric.update(pred, true, torch.ones(1, 16), torch.tensor([100.0]))
    said = metric.compute()
    assert said["pck"] == 1
    assert said["per_joint"][9] == 0
