"""Rows of a comparison: floor and unadapted beside, shown poses left out, scores as defined."""

import math
from dataclasses import dataclass

import pytest
import torch

from poseshift.errors import BadInput
from poseshift.prior.compare import Candidate, Comparison, compare, score, unseen
from poseshift.prior.poses import PoseSet
from poseshift.skeleton import skeleton

HAND = skeleton("hand21")


@dataclass(frozen=True)
class Around:
    """Samples around a shape."""

    shape_K2: torch.Tensor
    spread: float = 0.15

    def sample(self, n: int, seed: int) -> torch.Tensor:
        noise = torch.randn(n, 21, 2, generator=torch.Generator().manual_seed(seed))
        return PoseSet.of(self.shape_K2 + self.spread * noise, HAND).points_NK2


SHAPES = torch.randn(2, 21, 2, generator=torch.Generator().manual_seed(0))
SOURCE, TARGET = Around(SHAPES[0]), Around(SHAPES[1])
HALFWAY = Around(SHAPES.mean(0))


def poses(sampler: Around, count: int, seed: int, name: str = "held.json") -> PoseSet:
    return PoseSet.of(sampler.sample(count, seed), HAND, name)


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    shown = poses(TARGET, 10, 7)
    held_out = PoseSet.of(torch.cat([poses(TARGET, 200, 8).points_NK2, shown.points_NK2]), HAND)
    return compare(
        held_out,
        SOURCE,
        [
            Candidate("half", "flexpose", HALFWAY, shown),
            Candidate("perfect", "kde", TARGET, shown),
            Candidate("nothing", "source", SOURCE, shown),
        ],
    )


def test_rows_stand_between_floor_and_unadapted(comparison: Comparison):
    half, perfect, nothing = comparison.rows
    assert nothing.values["mmd2"] == comparison.unadapted["mmd2"]
    assert [nothing.scores[name] for name in ("mmd2", "fd", "fd_hinge")] == [1, 1, 1]
    assert perfect.scores["mmd2"] == pytest.approx(0, abs=0.02)
    assert perfect.scores["fd"] == pytest.approx(0, abs=0.02)
    assert 0.05 < half.scores["fd"] < 0.95
    assert (half.name, half.transfer, half.shown) == ("half", "flexpose", 10)


def test_poses_that_were_shown_are_not_measured_on(comparison: Comparison):
    assert comparison.left_out == 10
    assert comparison.held_out.count == 100
    assert {name: len(sample) for name, sample in comparison.samples.items()} == {
        "unadapted": 100, "half": 100, "perfect": 100, "nothing": 100,
    }  # fmt: skip


def test_only_shown_poses_are_no_held_out_poses():
    shown = poses(TARGET, 30, 7)
    with pytest.raises(BadInput, match="holds only poses that the priors were adapted to"):
        unseen(shown, [shown])
    assert unseen(shown, [poses(TARGET, 5, 1)]) is shown


def test_scores():
    assert score(0.1, 0.1, 0.5) == 0
    assert score(0.5, 0.1, 0.5) == 1
    assert score(0.9, 0.1, 0.5) == pytest.approx(2)
    assert score(0.2, 0.9, 0.1) == pytest.approx(0.875)  # coverage: more is better
    assert math.isnan(score(0.5, 0.1, 0.1))


def test_poses_that_run_out_because_a_prior_was_shown_them():
    held_out = poses(TARGET, 25, 8)
    shown = held_out.take(range(10))
    with pytest.raises(
        BadInput, match=r"of its 25 poses 10 were shown to a prior .* 20 are needed"
    ):
        compare(held_out, SOURCE, [Candidate("half", "flexpose", HALFWAY, shown)])
