"""The loop: reaches a minimum, changes nothing it was given, keeps runs apart."""

import torch

from poseshift.prior.descent import descend


def test_runs_in_one_batch_do_not_feel_each_other():
    aim = torch.tensor([[1.0, 2.0], [-3.0, 500.0]])

    def loss(values: dict[str, torch.Tensor], step: int) -> torch.Tensor:
        return (values["x"] - aim).square().sum(-1)

    start = {"x": torch.zeros(2, 2)}
    together = descend(start, loss, 0.1, 60)["x"]
    assert torch.equal(start["x"], torch.zeros(2, 2))
    for run in range(2):
        alone = descend(
            {"x": torch.zeros(2)}, lambda v, _, at=aim[run]: (v["x"] - at).square().sum(), 0.1, 60
        )
        torch.testing.assert_close(together[run], alone["x"], atol=0, rtol=0)


def test_shrinking_comes_after_every_update():
    rates = list[float]()
    descend(
        {"x": torch.tensor(0.0)}, lambda v, _: (v["x"] - 1) ** 2, 0.1, 120,
        shrink=lambda values, rate: rates.append(rate),
    )  # fmt: skip
    assert len(rates) == 120
    assert max(rates) <= 0.1
    assert rates[0] < rates[40] > rates[-1] > 0
