"""The generator: learns a law, the same again for a seed, fewer poses are the first of more."""

import pytest
import torch

from poseshift.errors import BadInput
from poseshift.prior.generator import CHUNK, Generator, middle
from poseshift.prior.yardstick import HeldOut
from tests.prior.made import SMALL, alike, bodies, body_generator


def test_it_learns_where_the_poses_are():
    truth = HeldOut(bodies(400, 2))
    generator = body_generator()
    fitted = truth.measure(generator.sample(truth.count, 0))
    bent = truth.measure(bodies(truth.count, 3, turn=0.5).points_NK2)
    assert fitted["mmd2"] < 0.4 * bent["mmd2"]
    assert fitted["bone_spread_error"] < 0.5


def test_fewer_poses_are_the_first_of_more():
    generator = body_generator()
    many = generator.sample(CHUNK + 10, seed=5)
    assert alike(generator.sample(10, seed=5), many[:10])
    assert alike(generator.sample(CHUNK + 1, seed=5), many[: CHUNK + 1])
    assert not alike(generator.sample(10, seed=6), many[:10])
    assert many.isfinite().all()
    torch.testing.assert_close(many.square().sum(-1).mean(-1), torch.ones(len(many)))


def test_the_same_seed_gives_the_same_weights():
    config = SMALL.model_copy(update={"steps": 3, "critic_steps": 2})
    one, again, other = (Generator.fit(bodies(120, 1), config, seed) for seed in (0, 0, 1))
    assert all(alike(one.weights[k], again.weights[k]) for k in one.weights)
    assert all(alike(one.critic[k], again.critic[k]) for k in one.critic)
    assert not alike(one.weights["h"], other.weights["h"])


def test_half_labelled_poses_are_left_out_and_too_few_whole_ones_refused():
    poses = bodies(110, 1)
    poses.points_NK2[:20, 3] = torch.nan
    with pytest.raises(BadInput, match="90 of 110 poses have all joints, a generator needs 100"):
        Generator.fit(poses, SMALL)


def test_no_poses_cannot_be_asked_for():
    with pytest.raises(BadInput, match="at least one pose"):
        body_generator().sample(0, seed=0)


def test_circular_means():
    angle = torch.tensor([True, False])
    values = torch.tensor([[3.1, 3.1], [-3.1, -3.1]])
    mean, deviation = middle(values, angle)
    assert abs(float(mean[0])) > 3.1
    assert float(mean[1]) == 0
    torch.testing.assert_close(deviation, torch.tensor([torch.pi - 3.1, 3.1]))
