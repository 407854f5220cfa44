"""The unpaired arm: what it reads, where it puts poses, what it learns from."""

from pathlib import Path

import numpy as np
import pytest
import torch

from poseshift.data.pack import Pack
from poseshift.errors import UserError
from poseshift.prior.annotate.footage import Footage
from poseshift.prior.annotate.placing import Placing
from poseshift.prior.annotate.unpaired import UnpairedConfig, likeness, train_unpaired
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


def test_without_its_critic_the_prior_says_nothing(tmp_path: Path):
    deaf = BRIEF.model_copy(update={"adversarial": 0.0})
    one, other = (
        train_unpaired(footage(), body_generator(), BODY, placing, deaf, 0).network.state_dict()
        for placing in (PLACING, Placing(torch.zeros(1, 2), torch.tensor([0.2])))
    )
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_poses_of_other_joints_say_nothing_of_where_these_lie(puppet_packs: dict[str, Pack]):
    with pytest.raises(UserError, match="16 joints of body16, the prior 14 of lsp14"):
        Placing.of(puppet_packs["studio"], skeleton("lsp14"))
