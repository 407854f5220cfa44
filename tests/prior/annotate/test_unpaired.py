"""The unpaired arm: what it reads, where it puts poses, what it learns from."""

import numpy as np
import pytest
import torch

from poseshift.data.pack import Pack
from poseshift.errors import UserError
from poseshift.prior.annotate.footage import Footage
from poseshift.prior.annotate.pictures import Pictures
from poseshift.prior.annotate.placing import Placing
from poseshift.prior.annotate.unpaired import UnpairedConfig, likeness, train_unpaired, unlike
from poseshift.prior.image.render import bones_of
from poseshift.skeleton import skeleton
from tests.prior.made import BODY, body_generator

BRIEF = UnpairedConfig(steps=2, batch=2, side=32)
PLACING = Placing(torch.tensor([[0.1, -0.1]]), torch.tensor([0.7]))


def footage() -> Footage:
    return Footage.cut(np.random.default_rng(0).integers(0, 255, (6, 32, 32, 3), np.uint8), [2, 4])


def test_pictures_are_like_themselves():
    one = torch.rand(2, 3, 32, 32)
    assert likeness(one, one) == 0
    assert likeness(one, one + 0.5) == pytest.approx(0.5, abs=1e-5)


def test_poses_fill_their_boxes_as_the_sources_do(puppet_packs: dict[str, Pack]):
    placing = Placing.of(puppet_packs["studio"], BODY)
    assert 0.3 < placing.reach_N.mean() < 1
    canvas_BK2 = placing(body_generator().sample(50, 0), torch.Generator().manual_seed(0))
    reach_B = (canvas_BK2.amax(1) - canvas_BK2.amin(1)).amax(1) / 2
    assert torch.isclose(reach_B[:, None], placing.reach_N, atol=1e-4).any(1).all()
    middle_B2 = (canvas_BK2.amax(1) + canvas_BK2.amin(1)) / 2
    assert (torch.cdist(middle_B2, placing.middle_N2).amin(1) < 1e-4).all()


def test_training_is_the_same_for_a_seed_and_moves_the_encoder(puppet_packs: dict[str, Pack]):
    told: list[int] = []
    one, again, other = (
        train_unpaired(
            footage(), body_generator(), BODY, PLACING, BRIEF, seed,
            lambda step, _: told.append(step),
        )
        for seed in (0, 0, 1)
    )  # fmt: skip
    found, same, different = (it(puppet_packs["street"].crops)[0] for it in (one, again, other))
    assert found.shape == (24, 16, 2)
    assert ((found > -1) & (found < 64)).all()
    assert torch.equal(found, same)
    assert not torch.equal(found, different)
    assert told == [2, 2, 2]


def test_bfloat16_rounds_the_networks_and_nothing_else(puppet_packs: dict[str, Pack]):
    exact, rounded = (
        train_unpaired(
            footage(), body_generator(), BODY, PLACING,
            BRIEF.model_copy(update={"precision": precision}), 0,
        )
        for precision in ("32", "bf16")
    )  # fmt: skip
    weights, others = exact.network.state_dict(), rounded.network.state_dict()
    assert all(others[name].dtype == kept.dtype for name, kept in weights.items())
    found, near = (it(puppet_packs["street"].crops)[0] for it in (exact, rounded))
    assert not torch.equal(found, near)
    assert (found - near).abs().max() < 2.0  # pixels of 64, after two updates


def test_with_no_weight_the_prior_says_nothing():
    deaf = BRIEF.model_copy(update={"prior": 0.0})
    one, other = (
        train_unpaired(footage(), body_generator(), BODY, placing, deaf, 0).network.state_dict()
        for placing in (PLACING, Placing(torch.zeros(1, 2), torch.tensor([0.2])))
    )
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_poses_drawn_from_the_prior_are_like_it_and_dots_are_not():
    generator, bones = body_generator(), bones_of(BODY)
    rng = torch.Generator().manual_seed(0)
    prior = PLACING(generator.sample(512, 0), rng)
    alike = unlike(PLACING(generator.sample(512, 1), rng), prior, bones)
    mirrored = unlike(prior[:, list(BODY.flip)], prior, bones)
    dots = unlike(0.01 * torch.randn(512, 16, 2, generator=rng), prior, bones)
    assert abs(alike) < 0.1 * mirrored < dots


def test_a_pose_between_the_priors_own_is_pulled_towards_them():
    bones, rng = bones_of(BODY), torch.Generator().manual_seed(0)
    prior = PLACING(body_generator().sample(256, 0), rng)
    found = (0.2 * torch.randn(16, 16, 2, generator=rng)).requires_grad_()
    (slope,) = torch.autograd.grad(unlike(found, prior, bones), found)
    with torch.no_grad():
        assert unlike(found - slope, prior, bones) < unlike(found, prior, bones)


def known(puppet_packs: dict[str, Pack]) -> Pictures:
    return Pictures.of(puppet_packs["studio"], BODY, 32)


def test_pictures_lie_where_their_joints_are(puppet_packs: dict[str, Pack]):
    pack, pictures = puppet_packs["studio"], known(puppet_packs)
    assert pictures.frame_NHWC.shape == (len(pack), 32, 32, 3)
    pixels_NK2 = (pictures.canvas_NK2 + 1) * pack.info.side / 2 - 0.5
    assert torch.allclose(pixels_NK2, torch.from_numpy(pack.poses.keypoints_NK2.copy()), atol=1e-3)
    view_BCHW, canvas_BK2 = pictures.draw(5, torch.Generator().manual_seed(0))
    assert (view_BCHW.shape, canvas_BK2.shape) == ((5, 3, 32, 32), (5, 16, 2))


def test_pictures_teach_alone_at_first(puppet_packs: dict[str, Pack]):
    told: list[dict[str, float]] = []
    config = BRIEF.model_copy(update={"steps": 200, "alone": 0.5})
    train_unpaired(
        footage(), body_generator(), BODY, PLACING, config, 0,
        lambda _, losses: told.append(losses), pictures=known(puppet_packs),
    )  # fmt: skip
    assert [sorted(losses) for losses in told] == [["pairs"], ["pairs", "prior", "rebuilt"]]
    assert told[0]["pairs"] < 4  # ten times a mean distance; at first it is about 5


def test_pictures_of_no_weight_are_not_looked_at(puppet_packs: dict[str, Pack]):
    config = BRIEF.model_copy(update={"pairs": 0.0})
    one, other = (
        train_unpaired(
            footage(), body_generator(), BODY, PLACING, config, 0, pictures=pictures
        ).network.state_dict()
        for pictures in (None, known(puppet_packs))
    )
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_poses_of_other_joints_say_nothing_of_where_these_lie(puppet_packs: dict[str, Pack]):
    with pytest.raises(UserError, match="16 joints of body16, the prior 14 of lsp14"):
        Placing.of(puppet_packs["studio"], skeleton("lsp14"))
