"""The duel trains what it may move and nothing else, and its critic judges each picture."""

import torch

from poseshift.prior.image.critic import GROUP, batch_spread, begin_critic, head, judged
from poseshift.prior.image.duel import Pace, critic_loss, duel, nudged
from tests.prior.image.made import NET

PACE = Pace(steps=3, lr=1e-2, critic_lr=1e-2, gamma=1.0, decay=0.9)


def critic():
    return begin_critic(NET, 3, torch.Generator().manual_seed(0))


def play(**changes):
    rng = torch.Generator().manual_seed(0)
    shade = {"dark": torch.zeros(3, 1, 1), "still": torch.ones(1)}

    def false(values):
        return values["dark"] + torch.randn(4, 3, 16, 16, generator=rng)

    def true():
        return 0.5 + torch.randn(4, 3, 16, 16, generator=rng)

    pace = changes.pop("pace", PACE)
    return duel(shade, changes.pop("critic", critic()), false, true, pace, rng, **changes)


def test_both_sides_move_and_the_same_way_for_the_same_seed():
    (ours, theirs), (again, _) = play(), play()
    assert ours["dark"].equal(again["dark"])
    assert (ours["dark"] != 0).all()
    assert not theirs["4.out.weight"].equal(critic()["4.out.weight"])
    assert ours["still"].equal(torch.ones(1))  # nothing asked for it


def test_each_side_has_a_rate_of_its_own():
    (ours, theirs), (same, slower) = play(), play(pace=PACE._replace(critic_lr=1e-6, steps=1))
    assert not ours["dark"].equal(same["dark"])
    start = critic()
    fast, slow = (
        max(float((moved[k] - start[k]).abs().max()) for k in start) for moved in (theirs, slower)
    )
    assert slow < 1e-4 < fast


def test_what_a_proximal_step_puts_back_is_kept_exactly():
    def shrink(values, rate):
        values["dark"].zero_()

    assert play(shrink=shrink)[0]["dark"].eq(0).all()


def test_a_frozen_part_of_the_critic_judges_and_stays():
    whole = critic()
    _, theirs = play(critic=head(whole), frozen=whole)
    assert theirs.keys() == head(whole).keys()
    assert "in.16.weight" not in theirs
    assert whole["16.0.weight"].equal(critic()["16.0.weight"])


def test_the_penalty_is_the_slope_at_true_pictures():
    weights, true, false = critic(), torch.randn(4, 3, 16, 16), torch.randn(4, 3, 16, 16)
    free, held = (critic_loss(weights, true, false, gamma).detach() for gamma in (0.0, 2.0))
    true.requires_grad_()
    (slope,) = torch.autograd.grad(judged(weights, true).sum(), true)
    torch.testing.assert_close(held - free, slope.square().sum() / 4, rtol=1e-3, atol=1e-4)


def test_a_batch_of_copies_is_found_out():
    x = torch.randn(2 * GROUP, 5, 4, 4)
    assert float(batch_spread(x).amin()) > 0.3
    assert float(batch_spread(x[:1].expand(2 * GROUP, -1, -1, -1)).amax()) < 1e-3


def test_nudges_move_all_pictures_alike_and_bring_in_the_dark():
    rng = torch.Generator().manual_seed(3)
    picture = torch.arange(64.0).view(1, 1, 8, 8)
    one, other = nudged([picture, picture.clone()], 2, rng)
    assert one.equal(other)
    assert set(one.flatten().tolist()) <= {-1.0, *range(64)}
    places = {nudged([picture], 2, rng)[0].argmax().item() for _ in range(60)}
    assert len(places) > 5


def test_bfloat16_is_a_matter_of_speed():
    exact, rounded = play()[0]["dark"], play(pace=PACE._replace(bf16=True))[0]["dark"]
    assert rounded.dtype == torch.float32
    assert not rounded.equal(exact)
    torch.testing.assert_close(rounded, exact, rtol=0.1, atol=1e-2)
