"""The hinge map: finds a shift that is there, exactly nothing where chance explains it."""

import torch

from poseshift.prior.poses import PoseSet
from poseshift.prior.transfers.hinge_map import HingeMap, certainty, hinge_map, mapped
from tests.prior.made import BODY, body_generator, few

ANGLE = torch.tensor([True, True, False, False])
SOURCE = 0.3 * torch.randn(5000, 4, generator=torch.Generator().manual_seed(0))
STEP, RATIO = torch.tensor([1.0, 0.0, -0.5, 0.0]), torch.tensor([1.0, 2.0, 1.0, 1.0])
TARGET = RATIO * 0.3 * torch.randn(200, 4, generator=torch.Generator().manual_seed(1)) + STEP


def test_a_clear_shift_is_found():
    found = hinge_map(SOURCE, TARGET, ANGLE)
    torch.testing.assert_close(found["offset_D"], STEP, atol=0.08, rtol=0)
    torch.testing.assert_close(found["ratio_D"], RATIO, atol=0.25, rtol=0)


def test_a_difference_that_chance_explains_is_none():
    found = hinge_map(SOURCE, TARGET[:8], ANGLE, doubt=3.0)
    assert found["offset_D"][[1, 3]].tolist() == [0, 0]
    assert found["ratio_D"][[0, 2, 3]].tolist() == [1, 1, 1]
    assert found["offset_D"][0] > 0.5


def test_without_doubt_moments_are_the_targets():
    found = hinge_map(SOURCE, TARGET, ANGLE, doubt=0.0)
    moved = mapped(SOURCE, found, ANGLE)
    torch.testing.assert_close(moved.mean(0), TARGET.mean(0), atol=0.02, rtol=0)
    torch.testing.assert_close(moved[:, 2:].std(0), TARGET[:, 2:].std(0), atol=0.01, rtol=0.02)


def test_a_heading_all_around_has_no_mean_to_believe():
    around = torch.linspace(-torch.pi, torch.pi, 13)[:12, None]
    found = hinge_map(SOURCE[:, :1], around, ANGLE[:1])
    assert found["offset_D"].tolist() == [0]


def test_certainty_is_the_positive_part():
    found = certainty(torch.tensor([0.0, -4.0, 1.0]), torch.tensor(1.0))
    torch.testing.assert_close(found, torch.tensor([0.0, 15 / 16, 0.0]))


def test_one_click_on_the_wrong_joint_stretches_no_limb():
    poses = few(20)
    points = poses.points_NK2.clone()
    points[3, 0] = points[3, 1]  # an ankle on its knee
    clicked = PoseSet.of(points.numpy(), BODY, "clicked")

    def spread(target: PoseSet) -> torch.Tensor:
        made = HingeMap(body_generator(), target).sample(500, 0)
        return (made[:, 0] - made[:, 1]).norm(dim=-1).log().std()

    assert spread(poses) < 0.2
    assert spread(clicked) < 0.6  # 3 if the logarithm of next to nothing were believed
