"""AdaGAN: a scale and a shift a channel, and codes that are forgotten."""

import torch

from poseshift.prior.transfers.adagan import Adagan, Mixed
from tests.prior.made import alike, body_generator, brief, few


def test_scales_and_shifts_are_all_that_is_kept():
    made = Adagan(body_generator(), few(), brief("adagan"), 0)
    assert {name.split(".")[-1] for name in made.learned} == {"scale", "shift"}
    assert all(value.shape == (16,) for value in made.learned.values())


def test_the_pull_to_one_keeps_scales_at_one():
    free, held = (
        Adagan(body_generator(), few(), brief("adagan", near=near, steps=40), 0).learned
        for near in (0.0, 100.0)
    )
    assert not alike(free["tau.0.scale"], held["tau.0.scale"])
    reach = [(one["tau.0.scale"] - 1).square().mean() for one in (held, free)]
    assert reach[0] < 0.2 * reach[1]


def test_mixtures_teach_something_else():
    plain, same, mixed = (
        Adagan(body_generator(), few(), brief("adagan", mixup=share), 0).learned["tau.0.scale"]
        for share in (0.0, 0.0, 1.0)
    )
    assert alike(plain, same)
    assert not alike(plain, mixed)


def test_a_mixture_of_poses_has_the_mixture_of_their_codes():
    mixed = Mixed(6, 1.0, torch.Generator().manual_seed(0))
    mixed.draw()
    number = torch.arange(6.0)[:, None]
    straight = torch.tensor([False])
    torch.testing.assert_close(mixed.poses(number, straight), mixed.codes(number))
    assert not alike(mixed.codes(number), number)
    still = Mixed(6, 0.0, torch.Generator())
    still.draw()
    assert still.codes(number) is number
