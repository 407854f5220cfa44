"""The style network: poses near the mean at first, styles alone decide, runs do not mix."""

import torch

from poseshift.prior.stylenet import NetConfig, begin, layer_count, styles, synthesise

CONFIG = NetConfig(latent=3, code=5, channels=6, layers=3)
MEAN, SD = torch.arange(4.0), torch.tensor([0.1, 0.2, 0.3, 0.4])


def net(seed: int) -> dict[str, torch.Tensor]:
    return begin(CONFIG, MEAN, SD, torch.Generator().manual_seed(seed))


def test_first_poses_are_near_the_mean_and_differ():
    weights = net(0)
    assert layer_count(weights) == 3
    u = synthesise(weights, styles(weights, torch.randn(500, 3)))
    assert ((u - MEAN) / SD).abs().max() < 3
    assert (u.std(0) > 0).all()


def test_runs_side_by_side_are_runs_one_by_one():
    one, other = net(0), net(1)
    both = {name: torch.stack([one[name], other[name]]) for name in one}
    z = torch.randn(2, 7, 3)
    together = synthesise(both, styles(both, z))
    single = [synthesise(w, styles(w, part)) for w, part in zip((one, other), z, strict=True)]
    torch.testing.assert_close(together, torch.stack(single), atol=1e-6, rtol=1e-5)


def test_scale_one_and_shift_nothing_is_no_modulation():
    weights = net(0)
    plain = [torch.cat([torch.ones(2, 6), torch.zeros(2, 6)], -1)] * 3
    u = synthesise(weights, plain)
    torch.testing.assert_close(u[0], u[1])  # without styles every pose is the same
