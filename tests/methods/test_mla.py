"""MLA: three levels by their formulas, opposed gradients, and each level's switch."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from poseshift.data.heatmap import decode
from poseshift.data.views import random_view
from poseshift.methods import mla
from poseshift.methods.base import Phase
from tests.methods.made import (
    argmax_cells,
    bce,
    capture,
    doubles,
    gaussians,
    gradients,
    labeled,
    make,
    mse,
    profile_entropies,
    taught_maps,
    top_share,
    total,
    unlabeled,
)


def only_phase(method: Any) -> Phase:
    [phase] = method.phases(labeled(), unlabeled())
    return phase


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"as_released": True},
        {"feature": 0.7, "pose": 0.2, "keep": 0.25},
        {"pose_form": "released", "pose": 0.2},
        {"as_released": True, "pose_form": "live", "pose": 0.2},
        {"as_released": True, "pose": 0.2},
        {"pose": 0.2, "temperature": 0.1},
    ],
    ids=str,
)
def test_the_losses_are_their_formulas(changes: dict[str, Any]):
    method, twin, batch = make("mla", **changes), make("mla"), unlabeled()
    method.teach = lambda view: taught_maps()
    maps, judged = capture(method.network.head), capture(method.discriminator)
    phase = only_phase(method)
    view_t, view_s = (random_view(batch, twin.view, twin.side) for _ in range(2))
    maps_t = twin.to_base(taught_maps(), view_t, batch)
    maps_s = twin.to_base(maps[1][1], view_s, batch)
    released = changes.get("as_released", False)
    pseudo = gaussians(argmax_cells(maps_t) if released else decode(maps_t)[0], 8, 8 / 32)
    believed = top_share(doubles(maps_t).max((2, 3)), changes.get("keep", 0.5))
    _, label, weight = twin.supervised_view(labeled())
    if changes.get("pose_form", "released" if released else "live") == "released":
        rows, columns, mean = profile_entropies(maps_s)
        pose = changes.get("pose", 0.3) * (rows + columns - mean) / 64
    else:
        rows, columns, mean = profile_entropies(maps_s, changes.get("temperature", 0.01))
        pose = changes.get("pose", 5e-5) * ((rows + columns) / np.log(8) - mean / np.log(64))
    cross = bce(judged[0][1], 0.0) + bce(judged[1][1], 1.0)
    expected = {
        "supervised": mse(maps[0][1], label, weight),
        "consistency": 2 * mse(maps_s, pseudo, believed),
        "feature": changes.get("feature", 0.1) * cross,
        "pose": pose,
    }
    found = {name: loss.item() for name, loss in phase.losses.items()}
    assert found == pytest.approx(expected, rel=2e-4, abs=1e-6)
    assert phase.update == ("network", "discriminator")


def test_labelled_frames_of_the_target_are_the_target_to_the_discriminator():
    method, batch = make("mla"), labeled()
    judged = capture(method.discriminator)
    [phase] = method.phases(replace(batch, target_B=torch.tensor([0.0, 1.0, 0.0])), unlabeled())
    of_source = judged[0][1]
    cross = [bce(of_source[[0, 2]], 0.0), bce(of_source[[1]], 1.0)]
    expected = 0.1 * ((2 * cross[0] + cross[1]) / 3 + bce(judged[1][1], 1.0))
    assert phase.losses["feature"].item() == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("reversal", [1.0, 0.5])
def test_the_discriminator_descends_where_the_student_ascends(
    reversal: float, monkeypatch: pytest.MonkeyPatch
):
    """+.1 of the cross-entropy's gradient for the one, -.1 for the other, as published."""
    method = make("mla", reversal=reversal)
    loss = only_phase(method).losses["feature"]
    monkeypatch.setattr(mla, "scale_gradient", lambda features, factor: features)
    plain = make("mla", feature=1.0)
    path = only_phase(plain).losses["feature"]
    for part, factor in (("discriminator", 0.1), ("network", -0.1 * reversal)):
        found, whole = (
            gradients(value, getattr(one, part)) for value, one in ((loss, method), (path, plain))
        )
        assert max(gradient.abs().max() for gradient in whole.values()) > 1e-4
        for name, gradient in found.items():
            torch.testing.assert_close(gradient, factor * whole[name], atol=1e-7, rtol=1e-4)


@pytest.mark.parametrize("level", ["feature", "pose"])
def test_a_level_switched_off_is_left_away_to_the_bit(level: str):
    whole, without = make("mla"), make("mla", **{level: 0.0})
    judged = capture(without.discriminator)
    with_it, phase = only_phase(whole), only_phase(without)
    rest = [name for name in with_it.losses if name != level]
    assert list(phase.losses) == rest
    assert all(torch.equal(phase.losses[name], with_it.losses[name]) for name in rest)
    found = gradients(total(phase), without.network)
    expected = gradients(total(with_it, *rest), whole.network)
    assert all(torch.equal(found[name], expected[name]) for name in found)
    assert ("discriminator" in phase.update) == (level != "feature") == bool(judged)


@pytest.mark.parametrize("chance", [0.0, 1.0])
def test_the_image_level_styles_the_source_alone(chance: float):
    method = make("mla", image=chance, occlusion=0.0)
    student, teacher = capture(method.network.backbone), capture(method.average)
    only_phase(method)
    source, target = labeled(), unlabeled()
    image = method.supervised_view(source)[0]
    view_t, view_s = (random_view(target, method.view, method.side) for _ in range(2))
    _, amount = source.draws.once(), source.draws.once()
    styled = method.style(image, view_t.image_BCHW, torch.full((len(image),), amount))
    torch.testing.assert_close(student[0][0], styled if chance else image, atol=0, rtol=0)
    assert torch.equal(student[1][0], view_s.image_BCHW)
    assert torch.equal(teacher[0][0], view_t.image_BCHW)


def test_the_discriminator_has_an_optimiser_of_its_own():
    method = make("mla")
    groups = method.groups()
    assert list(groups) == ["network", "discriminator"]
    assert groups["discriminator"] == list(method.discriminator.parameters())
    assert not {id(p) for p in groups["network"]} & {id(p) for p in groups["discriminator"]}
    assert method.rates() == {}
