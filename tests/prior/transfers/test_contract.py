"""What every transfer promises, whatever it does."""

import hashlib

import pytest
import torch

from poseshift.errors import BadInput
from poseshift.prior.generator import Generator
from poseshift.prior.transfers import chorus, coral, echo, folds, hinge_map, tilt
from poseshift.prior.transfers.base import TRANSFERS, Transfer
from poseshift.skeleton import skeleton
from tests.prior.made import alike, bodies, body_generator, brief, few

ALL = list(TRANSFERS)
TARGETS, SEEDS = (few(12, 7), few(7, 8)), (3, 4)


@pytest.fixture(scope="module")
def small() -> pytest.MonkeyPatch:
    """Small pools and short songs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tilt, "POOL", 150)
        patch.setattr(echo, "POOL", 400)
        patch.setattr(coral, "POSES", 500)
        patch.setattr(hinge_map, "POSES", 500)
        patch.setattr(folds, "JUDGED", 50)
        patch.setattr(chorus, "JUDGED", 50)
        steps = {"steps": 2, "batch": 16, "real": 8}
        short = {"flexpose": {**steps, "sparse": 0.1}, "finetune": steps}
        some = [(name, short.get(name, settings)) for name, settings in chorus.VOICES]
        patch.setattr(chorus, "VOICES", tuple(some))
        yield patch


@pytest.fixture(scope="module", params=ALL)
def pair(request: pytest.FixtureRequest, small: pytest.MonkeyPatch) -> list[Transfer]:
    """A transfer to two draws of target poses, fitted side by side."""
    kind = TRANSFERS[request.param]
    return kind.many(body_generator(), TARGETS, brief(kind.name), SEEDS)


def told(generator: Generator) -> str:
    values = [*generator.weights.values(), *generator.critic.values()]
    return hashlib.sha256(b"".join(value.numpy().tobytes() for value in values)).hexdigest()


BEFORE = told(body_generator())


def test_samples_are_poses_and_the_same_for_a_seed(pair: list[Transfer]):
    poses = pair[0].sample(300, seed=1)
    assert poses.shape == (300, 16, 2)
    assert poses.isfinite().all()
    torch.testing.assert_close(poses.square().sum(-1).mean(-1), torch.ones(300))
    assert poses.mean(1).abs().max() < 1e-5
    assert alike(pair[0].sample(20, seed=1), poses[:20])
    assert not alike(pair[0].sample(20, seed=2), poses[:20])


def test_side_by_side_is_one_by_one(pair: list[Transfer]):
    kind, name = type(pair[0]), pair[0].name
    for together, target, seed in zip(pair, TARGETS, SEEDS, strict=True):
        alone = kind(body_generator(), target, brief(name), seed)
        apart = (alone.sample(200, 0) - together.sample(200, 0)).abs().amax((1, 2))
        # Batched products round otherwise, which may also throw a die the other way.
        assert (apart < 1e-3).float().mean() > 0.98


def test_what_was_learned_is_all_that_is_needed(pair: list[Transfer]):
    made = pair[1]
    again = type(made).revive(made.generator, made.learned, made.config)
    assert alike(again.sample(50, 0), made.sample(50, 0))
    assert all(value.isfinite().all() for value in made.learned.values())


def test_the_generator_is_left_alone(pair: list[Transfer]):
    assert told(pair[0].generator) == BEFORE
    assert not any(value.requires_grad for value in pair[0].generator.weights.values())


@pytest.mark.parametrize("name", ALL)
def test_too_few_poses_and_other_joints_are_refused(name: str):
    with pytest.raises(BadInput, match="4 of 4 poses have all joints, adapting needs 5"):
        TRANSFERS[name](body_generator(), few(4))
    with pytest.raises(BadInput, match="its poses are of skeleton hand21, the prior's of body16"):
        TRANSFERS[name](body_generator(), bodies(9, 0, of=skeleton("hand21")))


def test_half_labelled_poses_are_left_out():
    target = few(6)
    target.points_NK2[2:, 0] = torch.nan
    with pytest.raises(BadInput, match="2 of 6 poses have all joints"):
        TRANSFERS["resample"](body_generator(), target)
