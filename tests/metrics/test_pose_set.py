"""Bones, overlap, collapse and copying: each against a case whose answer is known."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from poseshift.metrics.pose_set import (
    SHORTEST,
    bone_spread_error,
    copying,
    hinge_features,
    log_lengths,
    mean_distance,
    overlap,
)

CHAIN = [(0, 1), (1, 2)]


def chains(count: int, spread: float, seed: int = 0) -> torch.Tensor:
    """Poses of two bones in any direction, whose log lengths vary by ``spread``."""
    draw = torch.Generator().manual_seed(seed)
    angle = torch.rand(count, 2, generator=draw) * 2 * math.pi
    length = (spread * torch.randn(count, 2, generator=draw)).exp()
    bone = torch.stack([angle.cos(), angle.sin()], -1) * length[..., None]
    return torch.cat([torch.zeros(count, 1, 2), bone.cumsum(1)], 1)


def points(count: int, seed: int, scale: float = 1.0) -> torch.Tensor:
    return scale * torch.randn(count, 3, generator=torch.Generator().manual_seed(seed))


@given(seed=st.integers(0, 1000), turn=st.floats(0, 6), factor=st.floats(0.2, 5))
def test_lengths_ignore_turns_and_directions_ignore_sizes(seed: int, turn: float, factor: float):
    poses = chains(4, 0.3, seed)
    cos, sin = math.cos(turn), math.sin(turn)
    turned = poses @ torch.tensor([[cos, sin], [-sin, cos]])
    assert torch.allclose(log_lengths(turned, CHAIN), log_lengths(poses, CHAIN), atol=1e-5)
    larger = log_lengths(factor * poses, CHAIN) - log_lengths(poses, CHAIN)
    assert torch.allclose(larger, torch.full((4, 2), math.log(factor)), atol=1e-5)
    direction = hinge_features(poses, CHAIN).view(4, 2, 3)[..., :2]
    grown = hinge_features(factor * poses, CHAIN).view(4, 2, 3)[..., :2]
    assert torch.allclose(direction, grown, atol=1e-5)
    assert torch.allclose(direction.square().sum(-1), torch.ones(4, 2), atol=1e-5)


def test_a_bone_seen_end_on_has_a_length_and_a_missing_one_has_none():
    poses = torch.tensor([[[0.0, 0.0], [0.0, 0.0], [torch.nan, torch.nan]]])
    lengths = log_lengths(poses, CHAIN)
    assert lengths[0, 0] == pytest.approx(math.log(SHORTEST))
    assert hinge_features(poses, CHAIN)[0, :2].tolist() == [0, 0]
    assert hinge_features(poses, CHAIN)[0, 3:].isnan().all()


@pytest.mark.parametrize(("spread", "expected"), [(0.1, 0.0), (0.3, 2.0), (0.05, 0.5)])
def test_bones_that_vary_too_much_or_too_little(spread: float, expected: float):
    found = bone_spread_error(chains(20_000, spread, 1), chains(20_000, 0.1), CHAIN)
    assert found == pytest.approx(expected, abs=0.05)


def test_missing_joints_do_not_move_the_spread():
    """Where a third of the ends is missing, the bones that are there say the same."""
    truth, sample = chains(20_000, 0.1), chains(20_000, 0.2, 1)
    sample[::3, 2] = torch.nan
    assert bone_spread_error(sample, truth, CHAIN) == pytest.approx(1, abs=0.03)


def test_overlap_of_one_law_is_large_both_ways():
    found = overlap(points(500, 0), points(500, 1))
    assert all(share > 0.9 for share in found)


def test_overlap_far_away_is_none():
    assert overlap(points(50, 0) + 100, points(50, 1)) == (0, 0, 0)


def test_one_pose_over_and_over_is_precise_and_covers_little():
    truth = points(500, 0)
    same = truth[truth.norm(dim=1).argmin()].repeat(500, 1) + points(500, 1, 1e-3)
    found = overlap(same, truth)
    assert found.precision == 1
    assert found.recall < 0.01  # that of the pose itself
    assert found.coverage < 0.1


def test_a_sample_that_is_too_wide_covers_and_is_not_precise():
    found = overlap(points(500, 0, 4), points(500, 1))
    assert found.precision < 0.4
    assert found.recall > 0.9


def test_mean_distance_scales_and_collapses():
    sample = points(300, 0)
    pairs = torch.pdist(sample.double()).mean().item()
    assert mean_distance(sample) == pytest.approx(pairs, rel=1e-5)
    assert mean_distance(sample * 0.25) == pytest.approx(pairs / 4, rel=1e-5)
    assert mean_distance(sample[:1].repeat(9, 1)) == pytest.approx(0, abs=1e-3)


def test_copying_is_one_for_strangers_and_nothing_for_copies():
    shown, held_out = points(20, 0), points(400, 1)
    assert copying(points(1000, 2), shown, held_out) == pytest.approx(1, abs=0.15)
    assert copying(shown[torch.arange(1000) % 20], shown, held_out) < 1e-3
    near = shown[torch.arange(1000) % 20] + points(1000, 3, 0.1)
    assert 0.1 < copying(near, shown, held_out) < 0.6


def test_copying_needs_no_more_held_out_poses_than_there_are():
    assert copying(points(50, 2), points(20, 0), points(10, 1)) == pytest.approx(1, abs=0.4)
