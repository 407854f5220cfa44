"""Joints are read where they were drawn, and a picture that is no pose is told from one that is."""

import pytest
import torch

from poseshift.prior.generator import middle
from poseshift.prior.image.readout import (
    Look,
    Reader,
    fit_reader,
    readout_error,
    unexplained,
    varied,
    worn,
)
from poseshift.prior.image.render import bones_of, to_canvas
from poseshift.prior.kinematics import Kinematics
from poseshift.skeleton import Skeleton

ARM = Skeleton.from_dict(
    {
        "name": "arm",
        "keypoints": ["shoulder", "elbow", "wrist"],
        "edges": [["shoulder", "elbow"], ["elbow", "wrist"]],
    },
    "test",
)
LOOK = Look(bones_of(ARM, "bones"), side=16)


def arms(count: int, seed: int) -> torch.Tensor:
    rng = torch.Generator().manual_seed(seed)
    hinge = torch.tensor([0.0, 0, 0.5, 1, 0, 0]) + 0.3 * torch.randn(count, 6, generator=rng)
    from poseshift.prior.poses import normalised

    return normalised(Kinematics(ARM).join(hinge))[0]


@pytest.fixture(scope="module")
def trained() -> Reader:
    hinge = Kinematics(ARM)
    hinge_SD = hinge.split(arms(200, 0))
    spread = middle(hinge_SD, hinge.angle_D)[1]
    return fit_reader(hinge_SD, spread, hinge, LOOK, 80, torch.Generator().manual_seed(0), batch=8)


def test_a_little_training_reads_joints(trained):
    fresh = Reader(2, 3, 16)
    assert readout_error(trained, LOOK, arms(64, 1)) < 0.06
    assert readout_error(fresh, LOOK, arms(64, 1)) > 0.1


def test_the_same_seed_gives_the_same_reader():
    hinge = Kinematics(ARM)
    hinge_SD = hinge.split(arms(50, 0))
    one, again = (
        fit_reader(
            hinge_SD, torch.ones(6), hinge, LOOK, 2, torch.Generator().manual_seed(7), batch=4
        )
        for _ in range(2)
    )
    assert all(a.equal(b) for a, b in zip(one.parameters(), again.parameters(), strict=True))


@pytest.mark.parametrize("side", [8, 16, 32, 64, 128])
def test_any_side_has_maps_to_read_from(side):
    found = Reader(3, 5, side)(torch.randn(2, 3, side, side))
    assert found.shape == (2, 5, 2)
    assert found.abs().amax() < 1


def test_true_joints_explain_their_picture_and_others_do_not():
    canvas = to_canvas(arms(5, 2))
    picture = LOOK.draw(canvas)
    assert unexplained(picture, canvas, LOOK).amax() == 0
    assert unexplained(picture, -canvas, LOOK).amin() > 0.5
    black = torch.full_like(picture, -1.0)
    assert unexplained(black, canvas, LOOK).allclose(torch.ones(5))


def test_training_pictures_vary_what_the_source_does_not():
    hinge, rng = Kinematics(ARM), torch.Generator().manual_seed(0)
    pose = hinge.split(arms(1, 3)).expand(200, -1)
    canvas = varied(pose, torch.full((6,), 0.2), hinge, rng)
    heading = torch.atan2(*(canvas[:, 1] - canvas[:, 0]).unbind(-1))
    assert heading.std() > 0.2
    assert canvas.mean(1).std() > 0.03
    one, other = worn(LOOK, canvas[:1].expand(2, -1, -1), rng)
    assert not one.allclose(other, atol=0.05)
