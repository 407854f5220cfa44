"""The summary agrees with the single metrics, is plain JSON, and says None for the unknown."""

import json
import math

import numpy as np
import pytest
import torch

from poseshift.errors import BadInput
from poseshift.metrics.summary import Cells, summarize
from poseshift.skeleton import Skeleton, skeleton

BODY = skeleton("body16")
SIDE = 100


@pytest.fixture
def labels():
    rng = np.random.default_rng(0)
    true = rng.uniform(10, 90, (6, 16, 2)).astype(np.float32)
    visibility = np.full((6, 16), 2, dtype=np.uint8)
    visibility[0, 3], true[0, 3] = 0, np.nan
    visibility[1, 2] = 1
    return true, visibility


def numbers(value):
    """Every leaf of a nested result."""
    if isinstance(value, dict):
        return [n for v in value.values() for n in numbers(v)]
    if isinstance(value, list):
        return [n for v in value for n in numbers(v)]
    return [value]


def test_perfect_predictions(labels):
    true, visibility = labels
    result = summarize(
        np.nan_to_num(true),
        true,
        visibility,
        SIDE,
        BODY,
        categories=["run"] * 6,
        confidence_NK=np.ones((6, 16)),
        cells=Cells(torch.full((6, 16, 2), 9), torch.full((6, 16, 2), 9), 64),
    )
    assert result["images"] == 6
    assert result["labelled_joints"] == result["counted_joints"] == 95
    assert result["pck"] == result["pck_torso"] == result["pck_protocol"] == 1
    assert result["pck_interval"] == [1, 1]
    assert set(result["pck_per_joint"]) == set(BODY.keypoints)
    assert set(result["pck_per_group"]) == set(BODY.groups)
    assert result["pck_per_category"] == {"run": 1.0}
    assert result["pixel_error"] == {"mean": 0, "median": 0, "rmse": 0}
    assert result["oks"]["ap"] == 1
    assert "uniform 0.05" in result["oks"]["sigmas"]


def test_one_bad_wrist_by_hand(labels):
    """Both wrists 30 px off in 3 of 6 images, of which 2 are jumps."""
    true, visibility = labels
    pred = np.nan_to_num(true)
    pred[:3, [10, 15], 0] += 30
    result = summarize(
        pred, true, visibility, SIDE, BODY, categories=["jump", "jump", "run", "run", "run", "run"]
    )
    assert result["pck_per_joint"]["left_wrist"] == 0.5
    assert result["pck_per_group"]["wrist"] == 0.5
    assert result["pck_per_group"]["elbow"] == 1
    assert result["pck"] == pytest.approx(11 / 12)
    assert result["pck_per_category"] == pytest.approx({"jump": 10 / 12, "run": 11.5 / 12})
    low, high = result["pck_interval"]
    assert low < 11 / 12 < high
    assert result["pixel_error_per_joint"]["left_wrist"]["mean"] == pytest.approx(15)
    assert result["pixel_error"]["median"] == 0
    assert result["pixel_error"]["mean"] == pytest.approx(6 * 30 / 71)  # 12 joints x 6 less one


def test_a_joint_outside_the_crop_is_labelled_but_not_counted(labels):
    true, visibility = labels
    true[2, 5] = [120, 50]
    result = summarize(np.nan_to_num(true), true, visibility, SIDE, BODY)
    assert result["labelled_joints"] == 95
    assert result["counted_joints"] == 94


def test_torso_pck_forgives_a_fifth_of_the_torso():
    true = np.zeros((1, 16, 2)) + 50.0
    true[0, BODY.index("left_shoulder")] = [50, 20]  # 30 px from the right hip
    pred = true.copy()
    pred[0, BODY.index("left_ankle"), 0] += 5.9
    pred[0, BODY.index("right_ankle"), 0] += 6.1
    result = summarize(pred, true, np.full((1, 16), 2), SIDE, BODY)
    assert result["pck_torso"] == pytest.approx(11 / 12)
    assert result["pck"] == pytest.approx(10 / 12)


def test_what_is_undefined_is_none_and_the_rest_is_json(labels):
    true, visibility = labels
    visibility[:, 0] = 0
    pred = np.nan_to_num(true)
    pred[0, 1] = np.nan
    plain = Skeleton.from_dict({"name": "p", "keypoints": list(BODY.keypoints)}, "p.yaml")
    result = summarize(pred, true, visibility, SIDE, plain)
    assert result["pck_per_joint"]["right_ankle"] is None
    assert result["pixel_error_per_joint"]["right_ankle"]["mean"] is None
    assert result["pixel_error"]["mean"] is None, "a lost joint has no finite mean"
    assert result["pixel_error"]["median"] == 0
    assert result["pck_torso"] is None
    assert result["pck_per_joint"]["right_knee"] == pytest.approx(5 / 6), "a lost joint is a miss"
    assert not {"pck_per_category", "oks", "pck_protocol"} & set(result)
    json.dumps(result, allow_nan=False)


@pytest.mark.parametrize("images", [0, 3])
def test_nothing_labelled_at_all(images: int):
    result = summarize(
        np.zeros((images, 16, 2)),
        np.full((images, 16, 2), np.nan),
        np.zeros((images, 16)),
        SIDE,
        BODY,
        categories=["a"] * images,
        confidence_NK=np.ones((images, 16)),
        cells=Cells(torch.zeros(images, 16, 2), torch.zeros(images, 16, 2), 64),
    )
    assert result["pck"] is result["pck_interval"] is result["pck_protocol"] is None
    assert result["pck_torso"] is result["pixel_error"]["rmse"] is result["oks"]["ap"] is None
    json.dumps(result, allow_nan=False)


def test_tensors_and_read_only_arrays_are_the_same(labels, recwarn: pytest.WarningsRecorder):
    true, visibility = labels
    pred = np.nan_to_num(true) + 3
    for array in (pred, true, visibility):
        array.setflags(write=False)
    arrays = summarize(pred, true, visibility, SIDE, BODY)
    tensors = (torch.tensor(pred), torch.tensor(true), torch.tensor(visibility))
    assert summarize(*tensors, SIDE, BODY) == arrays
    assert not recwarn.list
    assert all(isinstance(n, int | float) and math.isfinite(n) for n in numbers(arrays))


@pytest.mark.parametrize(
    ("pred", "visibility", "categories", "said"),
    [
        ((6, 14, 2), (6, 16), None, r"predictions have shape \(6, 14, 2\), expected \(6, 16, 2\)"),
        ((5, 16, 2), (6, 16), None, "for 6 images and skeleton 'body16'"),
        ((6, 16, 2), (6, 16, 1), None, "visibility have shape"),
        ((6, 16, 2), (6, 16), ["run"], "1 categories for 6 images"),
    ],
)
def test_tables_that_do_not_fit_together(pred, visibility, categories, said: str):
    with pytest.raises(BadInput, match=said) as error:
        summarize(
            np.zeros(pred), np.zeros((6, 16, 2)), np.zeros(visibility), SIDE, BODY,
            categories=categories,
        )  # fmt: skip
    assert error.value.fix


def test_labels_of_another_skeleton():
    zeros = np.zeros((2, 21, 2))
    with pytest.raises(BadInput, match="labels have shape"):
        summarize(zeros, zeros, zeros[..., 0], SIDE, BODY)
