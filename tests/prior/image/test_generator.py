"""A generator of skeleton images is a generator: same seed, same poses; kept and opened again."""

import copy

import pytest
import torch

from poseshift.errors import BadInput
from poseshift.prior.folder import Prior, open_prior
from poseshift.prior.generator import GENERATORS
from poseshift.prior.image.generator import ImageConfig, ImageGenerator
from tests.prior.image.made import SMALL, generator, latents
from tests.prior.made import bodies


def test_poses_are_whole_centred_and_of_unit_size():
    points = generator().sample(20, seed=0)
    assert points.shape == (20, 16, 2)
    torch.testing.assert_close(points.mean(1), torch.zeros(20, 2), atol=1e-4, rtol=0)
    torch.testing.assert_close(points.square().sum(-1).mean(1), torch.ones(20))


def test_the_same_seed_gives_the_same_poses_and_fewer_are_the_beginning_of_more():
    one, again, other = (generator().sample(9, seed) for seed in (0, 0, 1))
    assert one.equal(again)
    assert not one.equal(other)
    assert generator().sample(4, seed=0).equal(one[:4])


def test_the_same_seed_gives_the_same_generator():
    brief = SMALL.model_copy(update={"steps": 2, "reader_steps": 2})
    one, again, other = (ImageGenerator.fit(bodies(120, 1), brief, seed) for seed in (0, 0, 1))
    assert all(one.weights[k].equal(again.weights[k]) for k in one.weights)
    assert all(one.critic[k].equal(again.critic[k]) for k in one.critic)
    assert not one.weights["x"].equal(other.weights["x"])


def test_pictures_that_their_joints_do_not_explain_are_rejected():
    rng = torch.Generator().manual_seed(0)
    found = generator().read(64, rng)
    limit = float(found.unexplained_B.median())
    strict = generator().config.model_copy(update={"reject": limit})
    own = generator()
    choosy = ImageGenerator(own.hinge, own.weights, own.critic, own.parts()["reader"], strict)
    assert choosy.rejection_rate(64, seed=0) == pytest.approx(0.5, abs=0.02)
    kept = choosy.poses(16, torch.Generator().manual_seed(0))
    good = own.read(16, torch.Generator().manual_seed(0))
    assert kept[0].equal(good.points_BK2[good.unexplained_B <= limit][0])


def test_hinges_of_pictures_carry_gradients_to_the_weights():
    own = generator()
    weights = {k: v.clone().requires_grad_() for k, v in own.weights.items()}
    own.place(own.hinges(latents(), weights)).square().sum().backward()
    for name in ("x", "A.0.weight", "C.1.weight", "T.16.weight"):
        assert weights[name].grad.abs().sum() > 0


def test_a_folder_gives_back_the_same_generator(tmp_path):
    Prior(generator()).save(tmp_path, {"made_by": "test"})
    opened = open_prior(tmp_path).generator
    assert isinstance(opened, ImageGenerator)
    assert opened.config == SMALL
    assert opened.sample(5, seed=3).equal(generator().sample(5, seed=3))
    assert GENERATORS[opened.name] is ImageGenerator


def test_a_folder_with_another_reader_is_damaged(tmp_path):
    Prior(generator()).save(tmp_path, {})
    about = (tmp_path / "prior.json").read_text()
    (tmp_path / "prior.json").write_text(about.replace('"colours": "limbs"', '"colours": "one"'))
    with pytest.raises(BadInput, match="is damaged"):
        open_prior(tmp_path)


def test_too_few_poses_and_bad_settings_are_refused():
    with pytest.raises(BadInput, match="a generator needs 100"):
        ImageGenerator.fit(bodies(50, 1), SMALL)
    with pytest.raises(ValueError, match="side"):
        ImageConfig(net={"side": 48})


def test_a_latent_is_sound_where_its_picture_would_not_be_rejected():
    made, z_BZ = generator(), latents(40)
    left_B = made.look_at(z_BZ).unexplained_B
    picky = copy.copy(made)
    picky.config = made.config.model_copy(update={"reject": float(left_B.median())})
    assert picky.sound(z_BZ).tolist() == (left_B <= left_B.median()).tolist()
    assert made.sound(z_BZ).all()
