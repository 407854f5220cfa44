"""Shapes without bones: nothing lost, nothing of place, turn and size left in the bending."""

import math

import pytest
import torch

from poseshift.errors import BadInput
from poseshift.prior.shape_basis import ShapeBasis
from poseshift.skeleton import skeleton

FACE = skeleton("face68")
MEAN = torch.randn(68, 2, generator=torch.Generator().manual_seed(0))
FACES = MEAN + 0.1 * torch.randn(40, 68, 2, generator=torch.Generator().manual_seed(1))
BASIS = ShapeBasis.fit(FACE, FACES)


@pytest.mark.parametrize("name", ["face68", "face98"])
def test_there_and_back(name: str):
    joints = skeleton(name)
    shapes = torch.randn(len(joints), 2) + 0.2 * torch.randn(30, len(joints), 2)
    basis = ShapeBasis.fit(joints, shapes)
    split = basis.split(shapes)
    assert split.shape == (30, 2 * len(joints)) == (30, len(basis.names))
    assert (basis.join(split) - shapes).abs().max() <= 1e-5


def test_place_turn_and_size_are_numbers_of_their_own():
    turn = torch.tensor([[0.6, 0.8], [-0.8, 0.6]])
    moved = 3 * FACES @ turn + torch.tensor([5.0, -2.0])
    change = BASIS.split(moved) - BASIS.split(FACES)
    torch.testing.assert_close(change[:, 2].remainder(2 * math.pi),
                               torch.full((40,), math.atan2(0.8, 0.6)))  # fmt: skip
    torch.testing.assert_close(change[:, 3], torch.full((40,), math.log(3.0)))
    assert change[:, 4:].abs().max() < 1e-5


def test_the_typical_face_is_not_turned_and_bends_most_in_what_comes_first():
    split = BASIS.split(FACES)
    assert abs(float(split[:, 2].mean())) < 0.02
    spread = split[:, 4:].square().mean(0)
    assert spread[0] > spread[20] > spread[38]
    assert spread[45:].max() < 1e-8  # forty shapes span no more


def test_components_are_orthonormal_and_free_of_place_turn_and_size():
    rows = BASIS.basis_CK2.flatten(1)
    torch.testing.assert_close(rows @ rows.T, torch.eye(132), atol=1e-5, rtol=0)
    assert (BASIS.basis_CK2.mean(1)).abs().max() < 1e-5
    assert (rows @ BASIS.mean_K2.flatten()).abs().max() < 1e-4


def test_saved_arrays_are_all_it_needs():
    again = ShapeBasis(FACE, **BASIS.arrays())
    assert torch.equal(again.split(FACES), BASIS.split(FACES))


def test_one_face_has_no_mean_shape():
    with pytest.raises(BadInput, match="a mean shape needs 2"):
        ShapeBasis.fit(FACE, FACES[:1])
