"""Tau: nothing at first, folded without a trace, shrunk to exact nothing."""

import pytest
import torch

from poseshift.prior.stylenet import styles, synthesise
from poseshift.prior.transfers.tau import Structure, folded, same, shrink, soft_threshold
from tests.prior.made import alike, body_generator

WEIGHTS = body_generator().weights
Z = torch.randn(20, 4, generator=torch.Generator().manual_seed(0))
STRUCTURES: tuple[Structure, ...] = ("diag", "block", "mlp")


def rng() -> torch.Generator:
    return torch.Generator().manual_seed(1)


def poses(weights: dict[str, torch.Tensor]) -> torch.Tensor:
    return synthesise(weights, styles(weights, Z))


def stirred(structure: Structure) -> dict[str, torch.Tensor]:
    values = same(WEIGHTS, structure, rng())
    return {k: v + 0.1 * torch.randn(v.shape, generator=rng()) for k, v in values.items()}


@pytest.mark.parametrize("structure", STRUCTURES)
def test_identity_is_exact(structure: Structure):
    assert alike(poses(folded(WEIGHTS, same(WEIGHTS, structure, rng()))), poses(WEIGHTS))


@pytest.mark.parametrize("structure", ["diag", "block"])
def test_folded_is_unfolded(structure: Structure):
    values = stirred(structure)
    moved = []
    for layer, style in enumerate(styles(WEIGHTS, Z)):
        shift = values[f"tau.{layer}.shift"]
        if structure == "diag":
            moved.append(values[f"tau.{layer}.scale"] * style + shift)
        else:
            moved.append(style @ values[f"tau.{layer}.matrix"].T + shift)
    into = folded(WEIGHTS, values)
    assert set(into) == set(WEIGHTS)  # nothing to compute beside the network
    torch.testing.assert_close(poses(into), synthesise(WEIGHTS, moved), atol=1e-4, rtol=1e-4)


def test_a_hidden_layer_stays_beside_the_network():
    into = folded(WEIGHTS, stirred("mlp"))
    assert {name for name in into if name.startswith("tau.0")} == {
        "tau.0.in.weight", "tau.0.in.bias", "tau.0.out.weight",
    }  # fmt: skip
    assert not torch.allclose(poses(into), poses(folded(WEIGHTS, same(WEIGHTS, "mlp", rng()))))


@pytest.mark.parametrize("structure", ["diag", "block"])
def test_shrinking_ends_in_the_identity(structure: Structure):
    values = {name: value[None] for name, value in stirred(structure).items()}
    still = same(WEIGHTS, structure, rng())
    shrink(values, torch.tensor([0.1]))
    count = sum(int((value[0] == still[name]).sum()) for name, value in values.items())
    share = count / sum(value.numel() for value in still.values())
    assert 0.5 < share < 0.85  # of normal deviates, 68 % are within a deviation
    shrink(values, torch.tensor([1e9]))
    assert all(alike(value[0], still[name]) for name, value in values.items())


def test_each_run_has_a_threshold_of_its_own():
    values = {"tau.0.scale": torch.full((2, 3), 1.5), "tau.0.shift": torch.full((2, 3), -0.5)}
    shrink(values, torch.tensor([0.2, 1.0]))
    torch.testing.assert_close(values["tau.0.scale"], torch.tensor([[1.3] * 3, [1.0] * 3]))
    torch.testing.assert_close(values["tau.0.shift"], torch.tensor([[-0.3] * 3, [0.0] * 3]))


def test_soft_threshold_minimises_what_it_should():
    x = torch.linspace(-2, 2, 41)
    grid = torch.linspace(-3, 3, 6001)
    cost = 0.5 * (grid - x[:, None]).square() + 0.7 * grid.abs()
    torch.testing.assert_close(
        soft_threshold(x, torch.tensor(0.7)), grid[cost.argmin(1)], atol=2e-3, rtol=0
    )
