"""FlexPose: only tau moves, from nothing, and not at all where lambda forbids it."""

import pytest
import torch

from poseshift.errors import UserError
from poseshift.prior.transfers.flexpose import Flexpose, FlexposeConfig
from poseshift.prior.transfers.source import Source
from poseshift.prior.transfers.tau import same
from tests.prior.made import alike, body_generator, few

QUICK = {"steps": 60, "batch": 16, "real": 8}
TARGET = few().points_NK2


def learned(sparse: float, **settings: object) -> dict[str, torch.Tensor]:
    config = FlexposeConfig(**{**QUICK, **settings})
    (one,) = Flexpose.train(body_generator(), [TARGET], config, [0], [sparse])
    return dict(one)


@pytest.mark.parametrize("structure", ["diag", "block", "mlp"])
def test_before_the_first_step_it_is_the_source(structure: str):
    config = FlexposeConfig(structure=structure)
    start = Flexpose.start(body_generator(), config, torch.Generator().manual_seed(0))
    made = Flexpose.revive(body_generator(), start, config)
    source = Source.revive(body_generator(), {}, Source.Config())
    assert alike(made.sample(100, 0), source.sample(100, 0))


def test_only_tau_is_learned():
    found = learned(0.0)
    assert {name.split(".")[0] for name in found} == {"tau"}
    assert {name.split(".")[2] for name in found} == {"scale", "shift"}
    assert sum(value.numel() for value in found.values()) == 2 * 2 * 16


def test_tau_may_map_some_layers_alone():
    found = learned(0.0, layers=(1,))
    assert {name.split(".")[1] for name in found} == {"1"}
    weights = body_generator().weights
    into = Flexpose.adapted(weights, found)
    moved = {name for name in weights if not alike(into[name], weights[name])}
    assert moved == {"A.1.weight", "A.1.bias"}
    with pytest.raises(UserError, match="there is no layer 2"):
        learned(0.0, layers=(0, 2))


def test_lambda_makes_exact_zeros_and_in_the_end_the_identity():
    start = same(body_generator().weights, "diag", torch.Generator())

    def untouched(sparse: float) -> float:
        found = learned(sparse)
        same_ones = sum(int((found[name] == value).sum()) for name, value in start.items())
        return same_ones / sum(value.numel() for value in start.values())

    free, some, bound = (untouched(sparse) for sparse in (0.0, 0.3, 3.0))
    assert free == 0
    assert 0.02 < some < 0.98
    assert bound == 1


def test_lambda_is_chosen_on_the_target_unless_given():
    far = {**QUICK, "lr": 2e-2}
    given = Flexpose(body_generator(), few(), FlexposeConfig(**far, sparse=0.0), 0)
    chosen = Flexpose(body_generator(), few(), FlexposeConfig(**far), 0)
    (free,) = Flexpose.train(body_generator(), [TARGET], FlexposeConfig(**far), [0], [0.0])
    assert all(alike(given.learned[name], value) for name, value in free.items())
    assert chosen.learned.keys() == given.learned.keys()


@pytest.mark.parametrize("structure", ["diag", "mlp"])
def test_the_way_there_begins_at_the_source_and_ends_at_the_target(structure: str):
    made = Flexpose(body_generator(), few(), FlexposeConfig(**QUICK, structure=structure), 0)
    source = Source.revive(body_generator(), {}, Source.Config())
    stages = [made.part_way(share, 20, 3) for share in (0.0, 0.5, 1.0)]
    torch.testing.assert_close(stages[0], source.sample(20, 3))
    torch.testing.assert_close(stages[2], made.sample(20, 3))
    moved = [(stages[i + 1] - stages[i]).norm() for i in range(2)]
    assert min(moved) > 0.2 * max(moved)  # half way is half way
