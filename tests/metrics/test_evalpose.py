"""EvalPose: angles by hand, what it must not depend on, what does not count, and its caution."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from poseshift.metrics.evalpose import (
    FEWEST,
    EvalPose,
    angle_error,
    counted_triplets,
    evalpose,
    joint_angles,
    mean_angles,
    summary,
)
from poseshift.metrics.summary import summarize
from poseshift.skeleton import skeleton

BODY = skeleton("body16")
few = settings(deadline=None, max_examples=25)


def bodies(seed: int, count: int = 8, spread: float = 0.0):
    rng = np.random.default_rng(seed)
    true = rng.uniform(0, 100, (count, 16, 2))
    pred = true + spread * rng.normal(size=true.shape)
    return torch.tensor(pred), torch.tensor(true), torch.ones(count, 16)


def numbers(pred, true, weight):
    pred_angles, true_angles = (joint_angles(p, BODY.triplets) for p in (pred, true))
    return summary(pred_angles, true_angles, counted_triplets(true, weight, BODY.triplets))


@pytest.mark.parametrize("degrees", [0, 1, 45, 90, 135, 179, 180, 200, 270])
def test_angles_by_hand(degrees: float):
    turn = np.deg2rad(degrees)
    points = torch.tensor([[[2.0, 0.0], [0.0, 0.0], [np.cos(turn), np.sin(turn)]]]) + 5
    expected = min(degrees, 360 - degrees)
    assert joint_angles(points, [(0, 1, 2)]).item() == pytest.approx(expected, abs=1e-4)


def test_the_formula_is_the_published_one():
    pred, true, weight = bodies(0, spread=10)
    a, b = (joint_angles(p, BODY.triplets).numpy() for p in (pred, true))
    expected = (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    counted = counted_triplets(true, weight, BODY.triplets)
    np.testing.assert_allclose(evalpose(*map(torch.tensor, (a, b)), counted), expected)
    middle = b.mean(0)
    c, d = a - middle, b - middle
    centred = (c * d).sum(1) / np.linalg.norm(c, axis=1) / np.linalg.norm(d, axis=1)
    found = numbers(pred, true, weight)
    assert found["evalpose"].item() == pytest.approx(expected.mean())
    assert found["evalpose_centred"].item() == pytest.approx(centred.mean())
    assert found["angle_error"].item() == pytest.approx(np.abs(a - b).mean())


@few
@given(
    st.integers(0, 999), st.floats(0.05, 50), st.floats(-300, 300), st.floats(-300, 300),
    st.floats(-360, 360),
)  # fmt: skip
def test_size_place_and_rotation_do_not_matter(
    seed: int, size: float, x: float, y: float, degrees: float
):
    pred, true, weight = bodies(seed, spread=15)
    turn = np.deg2rad(degrees)
    matrix = size * torch.tensor([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    moved = pred @ matrix.T + torch.tensor([x, y])
    one, other = numbers(pred, true, weight), numbers(moved, true, weight)
    for name, value in one.items():
        assert other[name].item() == pytest.approx(value.item(), abs=1e-5), name


def test_labels_against_themselves_are_perfect():
    found = numbers(*bodies(1))
    assert found["evalpose"].item() == pytest.approx(1)
    assert found["evalpose_centred"].item() == pytest.approx(1)
    assert found["angle_error"].item() == 0


def test_two_random_vectors_of_angles_look_alike_and_centred_ones_do_not():
    rng = torch.Generator().manual_seed(0)
    a, b = torch.rand(2, 4000, 12, generator=rng, dtype=torch.double) * 180
    found = summary(a, b, torch.ones(4000, 12, dtype=torch.bool))
    assert found["evalpose"].item() == pytest.approx(0.756, abs=0.01)
    assert found["evalpose_centred"].item() == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize("garbage", [np.nan, np.inf, 1e9])
def test_a_joint_that_does_not_count_has_no_say(garbage: float):
    pred, true, weight = bodies(2, spread=5)
    wrist = BODY.index("right_wrist")
    weight[:, wrist] = 0
    expected = numbers(pred, true, weight)
    pred[:, wrist], true[:, wrist] = garbage, garbage
    found = numbers(pred, true, weight)
    for name, value in expected.items():
        assert found[name].item() == pytest.approx(value.item())
    counted = counted_triplets(true, weight, BODY.triplets)
    assert counted.sum(1).tolist() == [11] * 8


def test_six_angles_are_needed():
    angles = torch.rand(3, 12) * 90 + 10
    counted = torch.arange(12) < torch.tensor([[FEWEST], [FEWEST - 1], [0]])
    assert evalpose(angles, angles, counted).isnan().tolist() == [False, True, True]
    assert angle_error(angles, angles, counted).isnan().sum(1).tolist() == [6, 7, 12]
    assert mean_angles(angles, counted)[-1] == 0


def test_limbs_without_a_length_are_no_angle_of_a_label_and_a_wrong_one_of_a_prediction():
    pred, true, weight = bodies(3)
    true[0, BODY.index("left_knee")] = true[0, BODY.index("left_hip")]
    counted = counted_triplets(true, weight, BODY.triplets)
    assert counted.sum(1).tolist() == [9] + [12] * 7
    pred[1] = 7.0
    angles = joint_angles(pred, BODY.triplets)
    assert (angles[1] == 0).all()
    assert evalpose(angles, joint_angles(true, BODY.triplets), counted)[1] == 0


def test_a_lost_prediction_is_no_number_nowhere():
    pred, true, weight = bodies(4)
    pred[0] = torch.nan
    found = numbers(pred, true, weight)
    assert all(value.isfinite() for value in found.values())
    assert found["evalpose"] < 0.9


def test_the_class_over_two_processes_equals_the_function_over_all():
    pred, true, weight = bodies(5, spread=10)
    one, two = EvalPose(BODY), EvalPose(BODY)
    for metric, rows in ((one, slice(0, 3)), (two, slice(3, None))):
        metric.update(pred[rows], true[rows], weight[rows])
    one.merge_state(two)
    expected = numbers(pred, true, weight)
    for name, value in one.compute().items():
        assert value.item() == pytest.approx(expected[name].item())


def test_the_summary_tells_it_overall_and_by_group():
    pred, true, _ = bodies(6, spread=3)
    visibility = np.full((8, 16), 2)
    result = summarize(pred, true, visibility, 100, BODY)
    inside = ((true >= -0.5) & (true < 99.5)).all(-1)
    for name, value in numbers(pred, true, inside).items():
        assert result[name] == pytest.approx(value.item())
    # no angle has its corner at an end of a limb
    assert set(result["angle_error_per_group"]) == {"shoulder", "elbow", "hip", "knee"}
    elbow = [t for t, (_, c, _) in enumerate(BODY.triplets) if "elbow" in BODY.keypoints[c]]
    angles = [joint_angles(p, BODY.triplets)[:, elbow] for p in (pred, true)]
    error = (angles[0] - angles[1]).abs().mean().item()
    assert result["angle_error_per_group"]["elbow"] == pytest.approx(error, rel=0.2)


def test_a_skeleton_without_angles_has_none_of_it():
    face = skeleton("face68")
    points = np.random.default_rng(0).uniform(5, 90, (3, 68, 2))
    result = summarize(points, points, np.full((3, 68), 2), 100, face)
    assert not {"evalpose", "evalpose_centred", "angle_error"} & set(result)
