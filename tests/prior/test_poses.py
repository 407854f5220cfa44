"""Sets of poses: one rule of place and size, and what is missing stays missing."""

import pytest
import torch

from poseshift.errors import BadInput
from poseshift.prior.poses import PoseSet, normalised
from poseshift.skeleton import skeleton
from tests.prior.made import BODY, bodies

HAND = skeleton("hand21")


def test_place_and_size_are_kept_and_do_not_count():
    raw = torch.randn(7, 16, 2, generator=torch.Generator().manual_seed(0)) * 40 + 100
    found = PoseSet.of(raw, BODY)
    torch.testing.assert_close(found.points_NK2.mean(1), torch.zeros(7, 2), atol=1e-6, rtol=0)
    torch.testing.assert_close(found.points_NK2.square().sum(-1).mean(-1), torch.ones(7))
    torch.testing.assert_close(found.keypoints(), raw)
    torch.testing.assert_close(PoseSet.of(3 * raw - 50, BODY).points_NK2, found.points_NK2)


def test_missing_joints_stay_missing_and_move_nothing():
    raw = torch.randn(3, 16, 2)
    half = raw.clone()
    half[1, 4] = torch.nan
    found = PoseSet.of(half, BODY)
    assert found.labeled_NK.sum().item() == 47
    kept = [joint for joint in range(16) if joint != 4]
    torch.testing.assert_close(
        found.points_NK2[1, kept], normalised(raw[1:2, kept].double())[0][0].float()
    )
    assert len(found.whole()) == 2


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (torch.zeros(2, 16, 2), "pose 0"),
        (torch.randn(2, 15, 2), r"expected poses of shape \(N, 16, 2\)"),
        (torch.full((2, 16, 2), torch.inf), "a coordinate is beyond"),
        (torch.full((2, 16, 2), torch.nan), "fewer than two labelled joints"),
        (torch.empty(0, 16, 2), "holds no pose"),
    ],
)
def test_what_is_no_pose_is_refused(raw: torch.Tensor, words: str):
    with pytest.raises(BadInput, match=words):
        PoseSet.of(raw, BODY, "mine.csv")


def test_no_whole_pose_names_the_joints_that_are_missing():
    points = bodies(5, 0).points_NK2.clone()
    points[:, BODY.index("pelvis")] = torch.nan
    with pytest.raises(BadInput, match="mostly missing: pelvis"):
        PoseSet.of(points, BODY).whole()
