"""The tilt: weights that no small change betters, more of what the target has more of."""

import pytest
import torch

from poseshift.prior.energy import energy_distance
from poseshift.prior.transfers.tilt import Tilt, TiltConfig, _Pool, sound
from tests.prior.made import body_generator, few

GENERATOR = body_generator()
Z = torch.randn(120, 4, generator=torch.Generator().manual_seed(0))
# A target that is a part of the source: what its first latent makes when it is large.
PART = GENERATOR.place(GENERATOR.hinges(Z[Z[:, 0] > 0.5])).detach()
POOL = _Pool(GENERATOR, Z, PART, moved=False)


def cost(weight: torch.Tensor, strength: float) -> float:
    """Energy distance to the target and what leaving the source costs."""
    distance = 2 * POOL.to_target_M @ weight - weight @ POOL.between_MM @ weight
    return float(distance + (weight * (weight * len(weight)).log()).sum() / strength)


@pytest.mark.parametrize("strength", [0.3, 1.0, 3.0])
def test_no_small_change_betters_the_weights(strength: float):
    weight = POOL.tilted(torch.tensor([strength]))[:, 0]
    best, rng = cost(weight, strength), torch.Generator().manual_seed(1)
    assert best < cost(torch.full((120,), 1 / 120), strength)
    for _ in range(20):
        other = (weight.log() + 0.3 * torch.randn(120, generator=rng)).softmax(0)
        assert best < cost(other, strength)


def test_strength_nothing_is_the_source():
    weight = POOL.tilted(torch.tensor([0.0]))[:, 0]
    torch.testing.assert_close(weight, torch.full((120,), 1 / 120))


def test_what_the_target_has_more_of_comes_more_often():
    weight = POOL.tilted(torch.tensor([30.0]))[:, 0]
    wanted = Z[:, 0] > 0.5
    assert weight[wanted].sum() > 1.5 * wanted.float().mean()


def test_surprise_is_the_energy_distance_of_the_weighted_pool():
    equal = torch.full((120, 1), 1 / 120)
    wanted = float(energy_distance(POOL.seen, GENERATOR.look(GENERATOR.hinge.split(PART), PART)))
    # The pool is a law: a pose meets itself in it. The distance leaves those pairs out.
    spread = float(POOL.between_MM.mean())
    assert float(POOL.surprise(equal, PART)) == pytest.approx(wanted + spread / 119, abs=2e-2)


def test_the_hinge_map_comes_first_if_told():
    assert "offset_D" in Tilt(GENERATOR, few(), TiltConfig(moved=True), 0).learned
    assert set(Tilt(GENERATOR, few(), TiltConfig(), 0).learned) == {"z_MZ", "weight_M"}


def test_latents_that_give_no_pose_are_drawn_anew():
    class Picky:
        def sound(self, z_BZ: torch.Tensor) -> torch.Tensor:
            return z_BZ[:, 0] > 0

    rng = torch.Generator().manual_seed(0)
    z_BZ = sound(Picky(), lambda count: torch.randn(count, 2, generator=rng), 100)
    assert z_BZ.shape == (100, 2)
    assert (z_BZ[:, 0] > 0).float().mean() > 0.95
