"""The critic: losses against a formula in float64, and the gradient that R1 penalises."""

import torch

from poseshift.prior.critic import GAMMA, begin_critic, critic_loss, fooling_loss, judged

WEIGHTS = {k: v.double() for k, v in begin_critic(5, torch.Generator().manual_seed(0)).items()}
TRUE, FALSE = (
    torch.randn(8, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    for seed in (1, 2)
)


def test_losses():
    true = TRUE.clone().requires_grad_()
    (slope,) = torch.autograd.grad(judged(WEIGHTS, true).sum(), true)
    wanted = (
        torch.log1p((-judged(WEIGHTS, TRUE)).exp()).mean()
        + torch.log1p(judged(WEIGHTS, FALSE).exp()).mean()
        + GAMMA / 2 * slope.pow(2).sum(1).mean()
    )
    torch.testing.assert_close(critic_loss(WEIGHTS, TRUE, FALSE), wanted)
    fooled = torch.log1p((-judged(WEIGHTS, FALSE)).exp()).mean()
    torch.testing.assert_close(fooling_loss(WEIGHTS, FALSE), fooled)


def test_the_slope_of_r1_is_the_one_by_differences():
    (by_hand,) = torch.autograd.grad(
        judged(WEIGHTS, point := TRUE[:1].clone().requires_grad_()).sum(), point
    )
    step = 1e-6 * torch.eye(5, dtype=torch.float64)
    change = (judged(WEIGHTS, TRUE[:1] + step) - judged(WEIGHTS, TRUE[:1] - step)) / 2e-6
    torch.testing.assert_close(by_hand[0], change, atol=1e-6, rtol=1e-5)
