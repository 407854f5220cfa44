"""CORAL: the map of moments, exact, and shrunk towards the source for few poses."""

import torch

from poseshift.prior.transfers.coral import Coral, CoralConfig, transport
from tests.prior.made import bodies, body_generator, few


def covariance(seed: int) -> torch.Tensor:
    root = torch.randn(6, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    return root @ root.T


def test_the_map_carries_one_covariance_to_the_other():
    one, other = covariance(0), covariance(1)
    a = transport(one, other)
    torch.testing.assert_close(a @ one @ a, other, atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(a, a.T)
    torch.testing.assert_close(
        transport(one, one), torch.eye(6, dtype=torch.float64), atol=1e-4, rtol=0
    )


def test_moments_become_the_targets_where_it_is_trusted():
    target = bodies(500, 5, turn=0.5)
    made = Coral(body_generator(), target, CoralConfig(trust=0.0), 0)
    drawn = made.draw(10_000, torch.Generator().manual_seed(1)).flatten(1)
    own = target.points_NK2.flatten(1)
    torch.testing.assert_close(drawn.mean(0), own.mean(0), atol=0.02, rtol=0)
    torch.testing.assert_close(torch.cov(drawn.T), torch.cov(own.T), atol=0.02, rtol=0.1)


def test_without_trust_only_the_mean_moves():
    made = Coral(body_generator(), few(), CoralConfig(trust=10_000.0), 0)
    away = made.learned["map_FF"] - torch.eye(32)
    free = Coral(body_generator(), few(), CoralConfig(trust=0.0), 0).learned["map_FF"]
    assert away.abs().max() < 0.2 * (free - torch.eye(32)).abs().max()
