"""Transfers of a generator of pictures: from the source's own, only what they may move."""

import pytest
import torch

from poseshift.errors import BadInput
from poseshift.prior.folder import Prior, open_prior
from poseshift.prior.image import transfers as kinds
from poseshift.prior.image.transfers import IMAGE_TRANSFERS, SHARED, TAUGHT
from poseshift.prior.stylenet import style
from poseshift.prior.transfers import tau
from tests.prior import made as coordinates
from tests.prior.image.made import generator, latents
from tests.prior.made import bodies

STRONGEST = 10.0  # no step of Adam without momentum is longer than 1 / (1 - 0.99)^0.5 rates
MOVING = ("finetune", "freezed", "adagan", "lora", "flexpose")


def brief(name, **changes):
    config = IMAGE_TRANSFERS[name].Config
    known = {"steps": 2, "batch": 8, "real": 4, **changes}
    return config(**{k: v for k, v in known.items() if k in config.model_fields})


def adapted(name, **changes):
    return IMAGE_TRANSFERS[name](generator(), bodies(8, 7), brief(name, **changes), seed=0)


def test_names_are_those_of_coordinates():
    assert set(IMAGE_TRANSFERS) == {*TAUGHT, *SHARED}
    assert all(IMAGE_TRANSFERS[name].name == name for name in (*TAUGHT, *SHARED))


@pytest.mark.parametrize("name", MOVING)
def test_every_transfer_starts_bit_exactly_at_the_source(name):
    kind, own = IMAGE_TRANSFERS[name], generator()
    start = kind.start(own, brief(name), torch.Generator().manual_seed(0))
    picture = own.pictures(latents(), kind.adapted(own.weights, start))
    assert picture.equal(own.pictures(latents()))


@pytest.mark.parametrize("name", TAUGHT)
def test_samples_are_poses_and_the_same_for_a_seed(name):
    before = {k: v.clone() for k, v in generator().weights.items()}
    critic = {k: v.clone() for k, v in generator().critic.items()}
    transfer = adapted(name)
    one, again = transfer.sample(3, seed=0), transfer.sample(3, seed=0)
    assert one.equal(again)
    assert one.isfinite().all()
    assert 0 <= transfer.rejection_rate(16) <= 1
    assert all(generator().weights[k].equal(before[k]) for k in before)
    assert all(generator().critic[k].equal(critic[k]) for k in critic)
    if name != "source":
        again = adapted(name)
        assert all(again.learned[k].equal(v) for k, v in transfer.learned.items())


@pytest.mark.parametrize("structure", ["diag", "block", "mlp"])
def test_flexpose_moves_tau_of_coarse_styles_alone(structure):
    transfer = adapted("flexpose", structure=structure, sparse=0.0)
    assert all(name.startswith("tau.") for name in transfer.learned)
    folded = transfer.network()
    same = {k for k, v in generator().weights.items() if folded[k].equal(v)}
    assert {k for k in generator().weights if not k.startswith("A.")} <= same
    assert not folded["A.0.weight"].equal(generator().weights["A.0.weight"])


def test_folded_is_unfolded():
    values = adapted("flexpose", structure="block", sparse=0.0).learned
    weights, w = generator().weights, torch.randn(5, 16)
    folded = tau.folded(weights, values)
    for layer in range(5):
        unfolded = style(weights, w, layer) @ values[f"tau.{layer}.matrix"].T
        unfolded = unfolded + values[f"tau.{layer}.shift"]
        torch.testing.assert_close(style(folded, w, layer), unfolded, rtol=1e-4, atol=1e-4)


def test_the_proximal_step_leaves_exact_zeros_and_a_strong_one_everything():
    own = generator()
    some = adapted("flexpose", sparse=0.8, steps=4).learned
    away = torch.cat([(v - tau.identity(k, v)).flatten() for k, v in some.items()])
    assert 0 < int((away == 0).sum()) < len(away)
    target = bodies(8, 7).points_NK2
    none = kinds.ImageFlexpose.teach(own, target, brief("flexpose"), seed=0, sparse=STRONGEST)
    assert own.pictures(latents(), tau.folded(own.weights, none)).equal(own.pictures(latents()))


def test_finetune_alone_trains_the_whole_critic():
    whole = {n for n in MOVING if getattr(IMAGE_TRANSFERS[n], "whole_critic", False)}
    assert whole == {"finetune"}


def test_lora_adds_matrices_of_its_rank_to_kernels():
    transfer = adapted("lora", rank=2)
    moved = transfer.network()["C.1.weight"] - generator().weights["C.1.weight"]
    assert torch.linalg.matrix_rank(moved.flatten(1), rtol=1e-3) == 2


def test_lora_begins_in_the_scale_of_the_weights():
    own, config = generator(), brief("lora", rank=4)
    start = IMAGE_TRANSFERS["lora"].start(own, config, torch.Generator().manual_seed(0))
    assert all(0.5 < float(v.std()) < 2 for k, v in start.items() if k.endswith(".down"))


def test_defaults_are_those_pictures_can_afford():
    config = IMAGE_TRANSFERS["flexpose"].Config()
    assert (config.batch, config.mixup, config.sparse, config.structure) == (16, 0.5, 0.03, "diag")
    assert IMAGE_TRANSFERS["freezed"].Config().mixup == 0


def test_an_adapted_prior_is_kept_and_opened(tmp_path):
    transfer = adapted("flexpose")
    Prior(generator(), transfer, bodies(8, 7)).save(tmp_path, {})
    opened = open_prior(tmp_path)
    assert isinstance(opened.transfer, kinds.ImageFlexpose)
    assert opened.sampler.sample(2, seed=1).equal(transfer.sample(2, seed=1))


@pytest.mark.parametrize("name", ["resample", "kde"])
def test_what_trains_nothing_is_the_same_for_all_generators(name):
    assert IMAGE_TRANSFERS[name](generator(), bodies(8, 7)).sample(2, seed=0).isfinite().all()


def test_a_generator_of_coordinates_is_refused():
    with pytest.raises(BadInput, match="draws skeleton images"):
        kinds.ImageFlexpose(coordinates.body_generator(), bodies(8, 7), brief("flexpose"))
