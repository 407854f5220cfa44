"""Perfect poses reach the floor and worse ones do not; missing joints do not count."""

import pytest
import torch

from poseshift.errors import BadInput
from poseshift.prior.poses import PoseSet
from poseshift.prior.yardstick import HeldOut
from poseshift.skeleton import Skeleton, skeleton

HAND = skeleton("hand21")
SPECKS = Skeleton.from_dict({"name": "specks", "keypoints": ["a", "b", "c"]}, "test")


def hands(count: int, seed: int, spread: float = 0.15) -> torch.Tensor:
    """Poses around one shape, each joint on its own."""
    shape = torch.randn(21, 2, generator=torch.Generator().manual_seed(0))
    noise = torch.randn(count, 21, 2, generator=torch.Generator().manual_seed(seed))
    return shape + spread * noise


def poses(points_NK2: torch.Tensor, name: str = "hands") -> PoseSet:
    return PoseSet.of(points_NK2, HAND, name)


@pytest.fixture(scope="module")
def held_out() -> HeldOut:
    return HeldOut(poses(hands(400, 1)))


def test_perfect_poses_reach_the_floor(held_out: HeldOut):
    found = held_out.measure(poses(hands(200, 2)).points_NK2)
    assert found.keys() == held_out.floor.keys()
    for name in ("mmd2", "mmd2_hinge"):
        assert abs(found[name]) < 0.002
        assert abs(held_out.floor[name]) < 0.002
    for name in ("fd", "fd_hinge"):  # small samples look far: that is why there is a floor
        assert found[name] == pytest.approx(held_out.floor[name], rel=0.15)
    for name in ("precision", "recall", "coverage", "spread"):
        assert found[name] == pytest.approx(held_out.floor[name], abs=0.06)


def test_each_metric_sees_what_it_is_for(held_out: HeldOut):
    perfect = held_out.measure(poses(hands(200, 2)).points_NK2)
    turned = held_out.measure(
        poses(hands(200, 2) @ torch.tensor([[0.8, 0.6], [-0.6, 0.8]])).points_NK2
    )
    assert turned["mmd2"] > 0.1
    assert turned["fd_hinge"] > 2 * perfect["fd_hinge"]
    assert turned["bone_spread_error"] == pytest.approx(perfect["bone_spread_error"], abs=1e-4)
    collapsed = held_out.measure(poses(hands(200, 2, spread=0.01)).points_NK2)
    assert collapsed["spread"] < 0.2
    assert collapsed["bone_spread_error"] > 0.8
    assert collapsed["recall"] == 0


def test_copies_of_the_shown_poses_are_seen(held_out: HeldOut):
    shown = poses(hands(10, 3))
    rows = torch.arange(200) % 10
    assert held_out.measure(shown.points_NK2[rows], shown)["copying"] < 1e-3
    fresh = held_out.measure(poses(hands(200, 2)).points_NK2, shown)
    assert fresh["copying"] == pytest.approx(1, abs=0.1)


def test_missing_joints_of_the_held_out_poses_make_no_difference_of_laws():
    """A third of the labels is missing, more on one side: whole perfect poses still get 0."""
    missing = torch.rand(600, 21, generator=torch.Generator().manual_seed(5)) < 0.2
    missing[:, :10] |= torch.rand(600, 1, generator=torch.Generator().manual_seed(6)) < 0.3
    truth = poses(hands(600, 1).masked_fill(missing[..., None], torch.nan))
    held_out = HeldOut(truth)
    perfect = held_out.measure(poses(hands(300, 2)).points_NK2)
    assert abs(perfect["mmd2"]) < 0.002
    assert perfect["fd"] == pytest.approx(held_out.floor["fd"], rel=0.15)
    assert perfect["bone_spread_error"] < 0.05
    mirrored = held_out.measure(poses(hands(300, 2) * torch.tensor([-1.0, 1.0])).points_NK2)
    assert mirrored["mmd2"] > 0.1


def test_the_same_poses_give_the_same_numbers(held_out: HeldOut):
    again = HeldOut(poses(hands(400, 1)))
    assert again.floor == held_out.floor
    sample = poses(hands(300, 2)).points_NK2
    assert again.measure(sample) == held_out.measure(sample)
    assert again.measure(sample[:200]) == held_out.measure(sample)  # only as many as the truth


def test_joints_without_lines_are_compared_by_where_they_are():
    held_out = HeldOut(PoseSet.of(torch.rand(60, 3, 2), SPECKS))
    assert set(held_out.floor) == {"mmd2", "fd", "precision", "recall", "coverage", "spread"}


def test_a_number_that_never_changes_measures_nothing():
    """Two joints that always stand in the same places; a rounding error there is no distance."""
    fixed = torch.rand(100, 3, 2)
    fixed[:, 2] = 0
    fixed[:, 1] = -fixed[:, 0]
    held_out = HeldOut(PoseSet.of(fixed, SPECKS))
    nudged = PoseSet.of(fixed + 1e-6, SPECKS).points_NK2[:50]
    assert held_out.measure(nudged)["fd"] < 1.5 * held_out.floor["fd"] + 0.1


def test_too_few_to_measure_by():
    with pytest.raises(BadInput, match="holds 19 poses"):
        HeldOut(poses(hands(19, 0), "some.json"))


def test_too_few_to_be_measured(held_out: HeldOut):
    with pytest.raises(BadInput, match="199 poses, 200 are compared"):
        held_out.measure(hands(199, 0))
