"""KDE: varies as the target does; among hinges limbs stay limbs, among joints they do not."""

import pytest
import torch

from poseshift.metrics.pose_set import bone_spread_error
from poseshift.prior.transfers.kde import Kde, KdeConfig, scott
from tests.prior.made import BODY, bodies, body_generator

TARGET = bodies(60, 5, turn=0.5)


def test_samples_vary_as_the_target_does():
    made = Kde(body_generator(), TARGET, KdeConfig(), 0)
    drawn = made.draw(20_000, torch.Generator().manual_seed(0)).flatten(1)
    own = TARGET.points_NK2.flatten(1)
    torch.testing.assert_close(drawn.mean(0), own.mean(0), atol=0.03, rtol=0)
    wanted = torch.cov(own.T, correction=0)
    torch.testing.assert_close(torch.cov(drawn.T), wanted, atol=0.02, rtol=0.1)


def test_among_hinges_limbs_stay_limbs():
    errors = [
        bone_spread_error(
            Kde(body_generator(), TARGET, KdeConfig(space=space, width=2.0), 0).sample(500, 0),
            TARGET.points_NK2,
            BODY.edges,
        )
        for space in ("hinges", "joints")
    ]
    assert errors[0] < 0.5 * errors[1]


def test_scotts_rule_on_a_plane():
    plane = torch.randn(500, 2, generator=torch.Generator().manual_seed(0))
    flat = torch.cat([plane, torch.zeros(500, 30)], 1)  # thirty numbers that never change
    assert scott(flat) == pytest.approx(500 ** (-1 / 6), rel=0.02)
