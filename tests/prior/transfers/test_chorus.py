"""The chorus: weights on a simplex, the least of a quadratic form, every voice kept."""

import pytest
import torch

from poseshift.prior.transfers import chorus
from poseshift.prior.transfers.chorus import Chorus, balanced, part
from tests.prior.made import body_generator, few


def test_weights_are_the_best_of_a_grid():
    reach, between = torch.tensor([1.0, 1.2]), torch.tensor([[0.8, 1.4], [1.4, 1.0]])
    share = torch.linspace(0, 1, 1001)
    grid = torch.stack([share, 1 - share], -1)
    cost = 2 * grid @ reach - ((grid @ between) * grid).sum(-1)
    found = balanced(reach, between, even=0.0)
    assert float(found[0]) == pytest.approx(float(share[cost.argmin()]), abs=5e-3)
    assert float(found.sum()) == pytest.approx(1)


def test_a_strong_pull_makes_voices_equal():
    reach, between = torch.tensor([1.0, 3.0, 2.0]), torch.ones(3, 3) - torch.eye(3)
    torch.testing.assert_close(
        balanced(reach, between, even=1.9), torch.full((3,), 1 / 3), atol=0.45, rtol=0
    )
    apart = [float(balanced(reach, between, even).max()) for even in (0.0, 0.3, 1.0, 1.9)]
    assert apart == sorted(apart, reverse=True)


def test_voices_and_weights_of_a_fit(monkeypatch: pytest.MonkeyPatch):
    voices = (("source", {}), ("resample", {}), ("kde", {"space": "hinges"}))
    monkeypatch.setattr(chorus, "VOICES", voices)
    made = Chorus(body_generator(), few(20), seed=0)
    weight = made.learned["weight_C"]
    assert (weight >= 0).all()
    assert float(weight.sum()) == pytest.approx(1)
    assert weight[0] < weight[1:].sum()  # the source is bent otherwise
    assert [voice.name for voice in made.voices()] == [name for name, _ in voices]
    assert set(part(made.learned, "voice.1.")) == {"pose_nK2"}


def test_samples_come_from_voices_by_weight():
    shown = few(20)
    made = Chorus.revive(
        body_generator(),
        {"weight_C": torch.tensor([0.75, 0.0, 0.0, 0.0, 0.25]),
         **{f"voice.4.{k}": v for k, v in silent_kde().items()}},
        Chorus.Config(),
    )  # fmt: skip
    poses = made.draw(2000, torch.Generator().manual_seed(0))
    still = (poses - shown.points_NK2[0]).abs().amax((1, 2)) < 1e-4
    assert 0.2 < float(still.float().mean()) < 0.3


def silent_kde() -> dict[str, torch.Tensor]:
    """What a blurred bootstrap of one pose has learned, without the blur."""
    hinge = body_generator().hinge.split(few(20).points_NK2[:1])
    return {"mean_F": hinge[0], "away_nF": torch.zeros(1, 32),
            "factor": torch.zeros(32, 32), "width": torch.tensor(0.0)}  # fmt: skip
