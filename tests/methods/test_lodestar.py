"""Lodestar: losses by their formulas, unequal views, growing trust."""

import copy
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from poseshift.data.heatmap import decode
from poseshift.data.views import ViewConfig, plain_view, random_view
from poseshift.methods.lodestar import LodestarConfig
from tests.methods.made import (
    BODY,
    COUNT,
    capture,
    doubles,
    gaussians,
    labeled,
    make,
    mse,
    taught_maps,
    unlabeled,
)

SIDE, CELLS = 32, 8


def trusted(peak: Any, share: float) -> Any:
    """Ones for the most confident share of every joint, at least one."""
    peak = doubles(peak)
    keep = np.zeros_like(peak)
    count = max(1, round(share * len(peak)))
    for joint in range(peak.shape[1]):
        keep[np.argsort(peak[:, joint])[::-1][:count], joint] = 1
    return keep


@pytest.mark.parametrize(
    ("step", "changes"),
    [
        (0, {}),
        (35, {"shift": 0.5, "scale": (4.0, 6.0)}),  # some joints leave the view
        (0, {"keep": (0.1, 1.0)}),
        (69, {"keep": (0.1, 0.9), "consistency": 3.0}),
    ],
    ids=str,
)
def test_the_losses_are_their_formulas(step: int, changes: dict[str, Any]):
    method, twin = make("lodestar", **changes), make("lodestar", **changes)
    method.teach = lambda view: taught_maps()
    seen = capture(method.network)
    [phase] = method.phases(labeled(step), unlabeled(step))
    view_s = random_view(unlabeled(step), twin.hard, SIDE)
    place_t, peak = decode(taught_maps())
    pixel = (doubles(place_t) + 0.5) * SIDE / CELLS - 0.5
    ones = np.ones_like(pixel[..., :1])
    matrix = doubles(view_s.matrix_B33)[:, None]
    there = (matrix @ np.concatenate([pixel, ones], -1)[..., None])[..., :2, 0]
    inside = ((there >= -0.5) & (there < SIDE - 0.5)).all(-1)
    pseudo = gaussians((there + 0.5) * CELLS / SIDE - 0.5, CELLS, CELLS / SIDE)
    first, final = changes.get("keep", (0.5, 0.9))
    believed = trusted(peak, first + (final - first) * step / 70) * inside
    assert believed.sum() > 0
    assert inside.all() != ("shift" in changes)
    _, label, weight = twin.supervised_view(labeled(step))
    expected = {
        "supervised": mse(seen[0][1], label, weight),
        "consistency": changes.get("consistency", 0.3) * 2 * mse(seen[1][1], pseudo, believed),
    }
    found = {name: loss.item() for name, loss in phase.losses.items()}
    assert found == pytest.approx(expected, rel=2e-4)


def test_the_teacher_sees_the_crop_as_it_is_and_the_student_a_hard_view():
    method = make("lodestar", source_style=1.0, hidden=0)
    student, teacher = capture(method.network), capture(method.average)
    for _ in method.phases(labeled(), unlabeled()):
        pass
    source, target = labeled(), unlabeled()
    plain = plain_view(target.crop_BHWC, SIDE).image_BCHW
    assert torch.equal(teacher[0][0], plain)
    assert torch.equal(student[1][0], random_view(target, method.hard, SIDE).image_BCHW)
    image = method.supervised_view(source)[0]
    _, amount = source.draws.once(), source.draws.once()
    styled = method.style(image, plain, torch.full((COUNT,), amount))
    torch.testing.assert_close(student[0][0], styled)


def test_squares_are_hidden_at_joints_of_the_student_alone():
    shown, hidden = make("lodestar", hidden=0), make("lodestar", hidden=2)
    images = []
    for method in (shown, hidden):
        method.teach = lambda view: taught_maps()
        seen = capture(method.network)
        for _ in method.phases(labeled(), unlabeled()):
            pass
        images.append([image for image, _ in seen])
    assert torch.equal(images[0][0], images[1][0])
    changed = (images[0][1] != images[1][1]).any(1).flatten(1).float().mean(1)
    assert changed.max() > 0
    assert changed.max() < 0.2


def test_batch_statistics_are_those_of_source_and_target():
    method = make("lodestar", hidden=0)
    twin = copy.deepcopy(method.network)
    student = capture(method.network)
    for _ in method.phases(labeled(), unlabeled()):
        pass
    for seen, _ in student:
        twin(seen)
    assert len(student) == 2
    for name, value in method.network.named_buffers():
        torch.testing.assert_close(value, twin.get_buffer(name), atol=0, rtol=0)


def test_views_are_as_wide_as_the_method_wants_or_wider_where_asked():
    view = ViewConfig(rotation=180, scale=(0.9, 2.0), blur=0.03, brightness=0.1)
    method = make("lodestar", view=view, rotation=20.0)
    assert (method.view.blur, method.view.brightness) == (0.03, 0.4)
    assert (method.view.rotation, method.hard.rotation) == (180, 180)
    assert (method.view.scale, method.hard.scale) == ((0.9, 2.0), (0.8, 2.0))
    assert make("lodestar", rotation=50.0).hard.rotation == 50


@pytest.mark.parametrize(
    "wrong", [{"scale": (0.0, 1.2)}, {"keep": (0.0, 0.5)}, {"keep": (0.5, 1.5)}], ids=str
)
def test_settings_that_no_view_can_have_are_refused(wrong: dict[str, Any]):
    with pytest.raises(ValidationError):
        LodestarConfig(**wrong)


def test_a_joint_is_trusted_in_some_sample_at_least():
    method = make("lodestar", keep=(0.01, 0.01))
    assert method._share(0) == 0.01
    assert trusted(taught_maps().amax((2, 3)), 0.01).sum() == len(BODY)
