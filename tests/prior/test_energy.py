"""Energy distance against double loops, zero for one law, a score that is proper."""

import numpy as np
import pytest
import torch

from poseshift.prior.energy import apart, energy_distance, features, spread
from poseshift.prior.kinematics import Kinematics
from tests.prior.made import BODY, bodies

X = torch.randn(6, 3, generator=torch.Generator().manual_seed(0))
Y = torch.randn(9, 3, generator=torch.Generator().manual_seed(1)) + 0.5


def test_against_double_loops():
    x, y = X.double().numpy(), Y.double().numpy()
    cross = np.mean([[np.linalg.norm(a - b) for b in y] for a in x])
    own = np.mean(
        [np.linalg.norm(a - b) for i, a in enumerate(x) for j, b in enumerate(x) if i != j]
    )
    assert float(energy_distance([X], [Y])) == pytest.approx(2 * cross - own, abs=2e-3)
    assert float(spread(X)) == pytest.approx(own, abs=2e-3)


def test_runs_side_by_side_are_runs_one_by_one():
    x, y = torch.randn(4, 7, 3), torch.randn(4, 5, 3)
    together = energy_distance([x, 2 * x], [y, y])
    single = [energy_distance([a, 2 * a], [b, b]) for a, b in zip(x, y, strict=True)]
    torch.testing.assert_close(together, torch.stack(single))


def test_the_law_itself_foretells_best():
    rng = torch.Generator().manual_seed(0)
    left = torch.randn(400, 2, generator=rng)
    law, shifted, narrow = (
        torch.randn(800, 2, generator=rng) * sd + shift
        for sd, shift in ((1.0, 0.0), (1.0, 0.7), (0.3, 0.0))
    )
    best = float(energy_distance([law], [left]))
    assert best < float(energy_distance([shifted], [left]))
    assert best < float(energy_distance([narrow], [left]))


def test_a_sample_on_top_of_a_pose_has_a_gradient():
    x = torch.zeros(2, 3, requires_grad=True)
    apart(x, torch.zeros(1, 3)).sum().backward()
    assert x.grad is not None
    assert x.grad.isfinite().all()


def test_a_full_turn_is_no_distance():
    hinge = Kinematics(BODY)
    points = bodies(3, 0).points_NK2
    split, scale = hinge.split(points), torch.ones(32)
    one, other = (features(h, points, hinge, scale)[1] for h in (split, split + 2 * torch.pi))
    angles = 2 * int(hinge.angle_D.sum())
    torch.testing.assert_close(one[:, :angles], other[:, :angles], atol=1e-4, rtol=0)
