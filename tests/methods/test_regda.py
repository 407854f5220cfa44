"""RegDA: lambda's published numbers, three phases by their formulas, and whom each one moves."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from poseshift.data.views import labeled_view
from poseshift.engine import fit
from poseshift.methods import regda
from poseshift.methods.regda import warm_lambda
from tests.methods.made import (
    BODY,
    argmax_cells,
    capture,
    cut_gaussians,
    gradients,
    kl,
    labeled,
    make,
    parameters,
    total,
    unlabeled,
    waken,
)
from tests.tiny_runs import tiny

CELLS, SIGMA, LONG = 8, 8 / 32, 15_000  # steps, as published


def adversaries(**config: Any) -> Any:
    method = make("regda", steps=LONG, **config)
    waken(method.adversary)
    return method


# --- lambda ---------------------------------------------------------------------------------------


def test_lambda_has_the_published_numbers():
    steps = (0, 500, 1000, 5000, 15_000)
    found = [warm_lambda(step, 1000) for step in steps]
    assert found == pytest.approx([0, 0.0245, 0.0462, 0.0987, 0.1], abs=5e-5)


@pytest.mark.parametrize(("low", "high"), [(0.0, 0.1), (0.2, 1.0)])
def test_lambda_is_its_formula(low: float, high: float):
    for i in (0, 10, 300, 4000):
        expected = 2 * (high - low) / (1 + math.exp(-1.0 * i / 700)) - (high - low) + low
        assert warm_lambda(i, 700, high, low) == pytest.approx(expected)


# --- three phases ---------------------------------------------------------------------------------


def test_the_losses_are_their_formulas():
    method, twin = adversaries(margin=3.0, trade_off=0.5), adversaries()
    heads, guesses = capture(method.network.head), capture(method.adversary)
    a, b, c = method.phases(labeled(1000), unlabeled(1000))
    _, points, weight = labeled_view(labeled(1000), twin.view, twin.side, BODY)
    label = cut_gaussians((points + 0.5) / 4 - 0.5, CELLS, SIGMA)
    on_source, on_target = (cut_gaussians(argmax_cells(out), CELLS, SIGMA) for _, out in heads)
    false = np.clip(on_target.sum(1, keepdims=True) - on_target, 0, 1)
    (_, guess_a), (_, guess_b), (_, guess_c) = guesses
    every = np.ones(weight.shape)
    expected = [
        {
            "supervised": kl(heads[0][1], label, weight),
            "adversary": 3.0 * 0.5 * kl(guess_a, on_source, weight, 1e-7),
        },
        {"ground_false": 0.5 * kl(guess_b, false, every, 1e-7)},
        {"ground_truth": 0.5 * kl(guess_c, on_target, every, 1e-7)},
    ]
    for phase, losses in zip((a, b, c), expected, strict=True):
        found = {name: loss.item() for name, loss in phase.losses.items()}
        assert found == pytest.approx(losses, rel=1e-4)


def test_each_phase_moves_its_own():
    method, moved = adversaries(), []
    names = {id(value): name for name, value in method.named_parameters()}
    groups = {g: {names[id(p)] for p in members} for g, members in method.groups().items()}
    for phase in method.phases(labeled(1000), unlabeled(1000)):
        before = parameters(method)
        members = [p for group in phase.update for p in method.groups()[group]]
        found = torch.autograd.grad(total(phase), members)
        with torch.no_grad():
            torch._foreach_add_(members, found, alpha=-0.1)
        after = parameters(method)
        changed = {name for name in before if not torch.equal(before[name], after[name])}
        moved.append({group for group, members in groups.items() if changed & members})
        assert changed <= set().union(*groups.values()), "the average only follows"
    assert moved == [{"features", "head", "adversary"}, {"adversary"}, {"features"}]


def into_features(method: Any, step: int) -> torch.Tensor:
    """The gradient phase C sends into the backbone, in one row."""
    *_, c = method.phases(labeled(step), unlabeled(step))
    found = gradients(total(c), method.network.backbone)
    return torch.cat([gradient.flatten() for gradient in found.values()])


@pytest.mark.parametrize("step", [0, 1000])
def test_features_leave_at_lambda_times_the_gradient(step: int, monkeypatch: pytest.MonkeyPatch):
    once, twice = (into_features(adversaries(largest=high), step) for high in (0.1, 0.2))
    monkeypatch.setattr(regda, "scale_gradient", lambda features, factor: features)
    path = into_features(adversaries(), step)
    scale = {0: 0.0, 1000: 0.046212}[step]
    assert path.norm() > 1e-3
    assert (once - scale * path).norm() <= 1e-4 * scale * path.norm()
    assert (twice - 2 * scale * path).norm() <= 1e-4 * scale * path.norm()


def test_the_adversary_learns_at_full_strength_whatever_lambda_is():
    found = []
    for largest in (0.0, 0.1):
        method = adversaries(largest=largest)
        a, b, _ = method.phases(labeled(1000), unlabeled(1000))
        found += [gradients(total(phase), method.adversary) for phase in (a, b)]
    for one, other in zip(found[:2], found[2:], strict=True):
        assert all(torch.equal(one[name], other[name]) for name in one)
        assert any(gradient.any() for gradient in one.values())


# --- its network ----------------------------------------------------------------------------------


def test_two_heads_of_one_form_and_different_starts():
    method = make("regda")
    head, adversary = method.network.head, method.adversary
    assert str(head) == str(adversary)
    assert not torch.equal(head[0].weight, adversary[0].weight)
    assert (method.network.config.regressor, method.network.config.output) == ("conv", "logits")
    assert method.rates() == {"features": 0.1}
    ids = [id(p) for members in method.groups().values() for p in members]
    assert len(ids) == len(set(ids))
    trained = {id(p) for p in method.parameters() if p.requires_grad}
    assert set(ids) == trained


def test_a_step_of_a_run_is_three_updates(tmp_path: Path):
    run = fit(tiny("regda", steps=2, schedule="constant", warmup=0), tmp_path, progress=False)
    state = run.load_state()
    assert state is not None
    updates = {
        name: {int(entry["step"]) for entry in optimizer["state"].values()}
        for name, optimizer in state["optimizers"].items()
    }
    assert updates == {"features": {4}, "head": {2}, "adversary": {4}}
    rates = {n: o["param_groups"][0]["lr"] for n, o in state["optimizers"].items()}
    assert rates == pytest.approx({"features": 1e-4, "head": 1e-3, "adversary": 1e-3})
    assert run.network().config.output == "logits"
