"""AdaGAN: a scale and a shift a channel, and codes that are forgotten."""

from poseshift.prior.transfers.adagan import Adagan
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
