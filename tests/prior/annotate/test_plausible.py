"""Plausibility: what the prior expects counts in full, everything else less."""

from pathlib import Path

import pytest
import torch

from poseshift.errors import BadInput
from poseshift.prior.annotate.plausible import Plausibility
from poseshift.prior.folder import Prior
from poseshift.skeleton import Skeleton, skeleton
from tests.methods.made import labeled, make, unlabeled
from tests.prior.made import BODY, body_generator


@pytest.fixture(scope="module")
def plausible() -> Plausibility:
    return Plausibility(body_generator(), BODY, BODY)


def test_the_priors_own_poses_count_and_scrambled_ones_do_not(plausible: Plausibility):
    own_BK2 = body_generator().sample(64, seed=5)
    scrambled_BK2 = own_BK2[:, torch.randperm(16, generator=torch.Generator().manual_seed(0))]
    own_B, scrambled_B = plausible.expected(own_BK2), plausible.expected(scrambled_BK2)
    assert own_B.median() > 0.9
    assert ((own_B > 0) & (own_B <= 1)).all()
    assert scrambled_B.max() < own_B.median()


def test_a_batch_counts_as_much_as_ever(plausible: Plausibility):
    own_BK2 = body_generator().sample(8, seed=5)
    both_BK2 = torch.cat([own_BK2, own_BK2.flip(1)])
    weight_B = plausible(both_BK2)
    torch.testing.assert_close(weight_B.mean(), torch.tensor(1.0))
    assert weight_B[:8].mean() > 1 > weight_B[8:].mean()
    expected_B = plausible.expected(both_BK2)
    torch.testing.assert_close(weight_B * expected_B.mean(), expected_B)


def test_neither_place_nor_size_counts(plausible: Plausibility):
    poses_BK2 = body_generator().sample(8, seed=3) + 0.3 * torch.randn(8, 16, 2)
    torch.testing.assert_close(
        plausible(poses_BK2 * 40 + 11), plausible(poses_BK2), rtol=1e-3, atol=0
    )


def test_all_joints_in_one_place_are_finite_and_unlikely(plausible: Plausibility):
    weight_B = plausible.expected(torch.zeros(2, 16, 2))
    assert ((weight_B > 0) & (weight_B < 0.9)).all()


def test_joints_go_by_their_names(plausible: Plausibility):
    order = list(reversed(range(16)))
    mirror = Skeleton.from_dict(
        {"name": "reversed", "keypoints": [BODY.keypoints[k] for k in order]}, "x"
    )
    poses_BK2 = body_generator().sample(8, seed=3)
    other = Plausibility(body_generator(), BODY, mirror)
    assert torch.equal(other(poses_BK2[:, order]), plausible(poses_BK2))


def test_joints_it_cannot_judge_without_are_asked_for():
    with pytest.raises(BadInput, match="which lsp14 has not"):
        Plausibility(body_generator(), BODY, skeleton("lsp14"), "priors/body")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("prior")
    Prior(body_generator()).save(path, {})
    return path


def consistency(method: object) -> torch.Tensor:
    (phase,) = method.phases(labeled(), unlabeled())  # type: ignore[attr-defined]
    return phase.losses["consistency"].detach()


def test_lodestar_weighs_its_pseudo_labels(folder: Path):
    plain, told = consistency(make("lodestar")), consistency(make("lodestar", prior=str(folder)))
    assert told != plain
    # Weighed against one another, not all of them less.
    assert float(told) == pytest.approx(float(plain), rel=0.3)
    method = make("lodestar", prior=str(folder))
    for weight, expected in ((1.0, plain), (0.0, torch.zeros(()))):
        method.plausibility = lambda place, weight=weight: torch.full((len(place),), weight)
        assert torch.equal(consistency(method), expected)


def test_a_config_without_a_prior_is_written_as_ever():
    config = make("lodestar").config
    assert "prior" not in config.model_dump()
    assert type(config)(**config.model_dump()) == config
    assert type(config)(prior="p").model_dump()["prior"] == "p"
