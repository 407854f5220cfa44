"""A skeleton image shows the bones where they are, and says how to move them."""

import pytest
import torch

from poseshift.errors import BadInput
from poseshift.prior.image.render import bones_of, skeleton_image, to_canvas
from poseshift.skeleton import Skeleton, builtin_skeletons, skeleton

BODY = skeleton("body16")


def bodies(count: int, seed: int = 0) -> torch.Tensor:
    rng = torch.Generator().manual_seed(seed)
    return 0.35 * torch.randn(count, 16, 2, generator=rng, dtype=torch.float64).clamp(-2, 2)


@pytest.mark.parametrize("colours", ["limbs", "bones", "one"])
def test_gradients_are_those_of_finite_differences(colours):
    bones = bones_of(BODY, colours)
    rng = torch.Generator().manual_seed(1)
    weight = torch.randn(len(bones.channels), 16, 16, generator=rng, dtype=torch.float64)

    def seen(points):
        return (skeleton_image(points, bones, 16) * weight).sum((1, 2, 3))

    assert torch.autograd.gradcheck(seen, bodies(2).requires_grad_(), eps=1e-7, atol=1e-3)


def test_a_pose_moved_by_a_pixel_is_a_picture_moved_by_a_pixel():
    bones, points = bones_of(BODY), bodies(3) / 2
    image = skeleton_image(points, bones, 32)
    moved = skeleton_image(points + torch.tensor([2, -4]) / 32, bones, 32)
    torch.testing.assert_close(moved[..., :-2, 1:], image[..., 2:, :-1])


def test_bones_are_brightest_on_themselves_and_fade_by_e_in_a_stroke():
    pair = Skeleton.from_dict(
        {"name": "pair", "keypoints": ["a", "b"], "edges": [["a", "b"]]}, "test"
    )
    y = 1 / 64  # a row of centres
    image = skeleton_image(torch.tensor([[[-0.5, y], [0.5, y]]]), bones_of(pair), 64)[0, 0]
    assert (image[32, 17:47] > 0.97).all()
    assert (image[32, 17:47] >= image[:, 17:47].amax(0)).all()
    assert float(image[35, 32] / image[32, 32]) == pytest.approx(torch.e**-2, rel=0.04)
    assert float(image[32, 60]) < 0.01  # ends where the bone ends


def test_the_brightest_bone_is_seen():
    bones = bones_of(BODY, "bones")
    each, all_ = (skeleton_image(bodies(4), b, 24) for b in (bones, bones_of(BODY, "one")))
    torch.testing.assert_close(each.amax(1, keepdim=True), all_)


def test_sides_have_their_own_channels():
    bones = bones_of(BODY)
    left, middle, right = (
        {BODY.keypoints[j] for j in (*bones.start_E[rows].tolist(), *bones.end_E[rows].tolist())}
        for rows in bones.channels
    )
    assert not any(name.startswith("right") for name in left)
    assert not any(name.startswith("left") for name in right)
    assert {"pelvis", "neck"} <= middle


@pytest.mark.parametrize("name", builtin_skeletons())
def test_every_joint_of_every_skeleton_is_drawn(name):
    joints = skeleton(name)
    for colours in ("limbs", "one"):
        bones = bones_of(joints, colours)
        assert {*bones.start_E.tolist(), *bones.end_E.tolist()} == set(range(len(joints)))
        assert sum(map(len, bones.channels)) == len(bones.start_E)


def test_joints_on_no_bone_are_dots():
    specks = Skeleton.from_dict({"name": "specks", "keypoints": ["a", "b"]}, "test")
    points = torch.tensor([[[-0.5, -0.5], [0.5, 0.5]]]).requires_grad_()
    image = skeleton_image(points, bones_of(specks, "one"), 16)[0, 0]
    image.sum().backward()
    seen = image.detach()
    assert float(seen.amin()) < 0.01
    assert float(seen[4, 4]) > 0.5
    assert float(seen[12, 12]) > 0.5
    assert points.grad.isfinite().all()


def test_stroke_may_differ_from_pose_to_pose():
    bones, points = bones_of(BODY), bodies(2)
    image = skeleton_image(points, bones, 16, torch.tensor([1.0, 2.0]))
    torch.testing.assert_close(image[1:], skeleton_image(points[1:], bones, 16, 2.0))


def test_a_picture_without_pixels_is_refused():
    with pytest.raises(BadInput, match="at least 1 pixel"):
        skeleton_image(to_canvas(bodies(1)), bones_of(BODY), 0)
