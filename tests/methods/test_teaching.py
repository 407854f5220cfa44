"""What teachers share: when they begin, how they follow, and exact geometry between views."""

from collections import Counter
from typing import Any

import numpy as np
import pytest
import torch

from poseshift.data.heatmap import decode
from poseshift.data.types import View
from poseshift.data.views import ViewConfig, random_view
from poseshift.nn.ema import ema_decay
from tests.methods.made import (
    COUNT,
    argmax_cells,
    capture,
    doubles,
    gaussians,
    gradients,
    labeled,
    make,
    total,
    unlabeled,
)

TEACHERS = ["mean_teacher", "udape", "mla", "lodestar"]
teachers = pytest.mark.parametrize("name", TEACHERS)


# --- when adaptation begins -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("started", "given", "steps"),
    [(False, {}, 40), (True, {}, 0), (False, {"pretrain": 0.5}, 35), (True, {"pretrain": 0.2}, 14)],
)
def test_pretraining_is_a_share_of_the_run(started: bool, given: dict[str, float], steps: int):
    assert make("mean_teacher", started=started, **given).pretrain_steps == steps


@teachers
@pytest.mark.parametrize("step", [39, 40])
def test_before_the_switch_nothing_is_taught(name: str, step: int):
    method = make(name, started=False)
    asked = capture(method.average)
    [phase] = method.phases(labeled(step), unlabeled(step))
    adapting = step >= 40
    assert (phase.losses.keys() > {"supervised"}) == adapting
    assert ("consistency" in phase.losses) == adapting
    assert len(asked) == adapting


def test_at_the_switch_the_teacher_is_the_average_of_pretraining():
    method = make("mean_teacher", started=False)
    weight, start = method.network.head.weight, method.average.head.weight.double().clone()
    with torch.no_grad():
        weight.add_(1)
    left = np.prod([ema_decay(0.99, step) for step in range(40)])
    for step in range(40):
        method.after_step(step)
    expected = left * start + (1 - left) * weight.double()
    torch.testing.assert_close(method.average.head.weight.double(), expected, atol=1e-6, rtol=1e-6)
    view = random_view(unlabeled(), method.view, 32)
    assert torch.equal(method.teach(view), method.average(view.image_BCHW))
    with torch.no_grad():
        weight.add_(1)
    method.after_step(40)  # 30 steps of teaching: the decay is 1 - 15 / 30
    expected = 0.5 * expected + 0.5 * weight.double()
    torch.testing.assert_close(method.average.head.weight.double(), expected, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize(
    ("steps", "started", "decay"),
    [
        (35_000, False, 0.999),  # as published: 15,000 steps of teaching
        (15_000, True, 0.999),
        (10**6, True, 0.999),
        (1500, True, 0.99),
        (70, False, 0.5),
        (15, True, 0.0),
        (1, True, 0.0),
    ],
)
def test_a_teacher_remembers_a_fifteenth_of_the_run_at_most(
    steps: int, started: bool, decay: float
):
    assert make("mean_teacher", steps=steps, started=started).decay == pytest.approx(decay)


# --- teaching -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*TEACHERS, "regda"])
def test_the_pass_table_is_what_runs(name: str):
    method, seen = make(name), Counter[tuple[str, int, bool]]()

    def count(network: str) -> Any:
        def hook(module: Any, given: Any, out: Any) -> None:
            seen[network, len(given[0]) // COUNT, out[0].requires_grad] += 1

        return hook

    for network in ("network", "average"):
        getattr(method, network).backbone.register_forward_hook(count(network))
    for _ in method.phases(labeled(), unlabeled()):
        pass
    assert seen == Counter((p.network, p.images, p.grad) for p in method.passes)


@teachers
def test_every_parameter_of_the_updated_groups_has_a_gradient(name: str):
    method = make(name)
    [phase] = method.phases(labeled(), unlabeled())
    total(phase).backward()
    moved = [p for group in phase.update for p in method.groups()[group]]
    assert all(p.grad is not None for p in moved)
    assert all(p.grad is None for p in method.average.parameters())


@teachers
def test_teaching_of_no_weight_is_no_teaching_to_the_bit(name: str):
    method = make(name, consistency=0.0)
    [phase] = method.phases(labeled(), unlabeled())
    rest = [loss for loss in phase.losses if loss != "consistency"]
    found, without = (
        gradients(loss, method.network) for loss in (total(phase), total(phase, *rest))
    )
    assert all(torch.equal(found[key], without[key]) for key in found)


@pytest.mark.parametrize("name", ["udape", "mla"])
def test_a_released_teacher_has_batch_statistics_of_its_own(name: str):
    """Parameters alone are averaged; statistics are those of the batches it teaches."""
    ours, released = make(name), make(name, as_released=True)
    for method, own in ((ours, False), (released, True)):
        average, before = method.average, {}
        before |= {key: value.clone() for key, value in average.named_buffers()}
        for _ in method.phases(labeled(), unlabeled()):
            pass
        taught = {key: value.clone() for key, value in average.named_buffers()}
        means = [key for key in taught if key.endswith("running_mean")]
        assert all(torch.equal(taught[key], before[key]) != own for key in means)
        with torch.no_grad():
            method.network.head.weight.add_(1)
        weight = average.head.weight.clone()
        method.after_step(0)
        assert not torch.equal(average.head.weight, weight)
        followed = [not torch.equal(average.get_buffer(key), taught[key]) for key in means]
        assert all(followed) if not own else not any(followed)
        assert not any(m.training for m in method.train().average.modules())


# --- geometry -------------------------------------------------------------------------------------

STILL_COLOURS = {"brightness": 0.0, "contrast": 0.0, "saturation": 0.0}
NARROW = ViewConfig(**STILL_COLOURS)
WIDE = ViewConfig(rotation=60, scale=(0.6, 1.3), shear=30, **STILL_COLOURS)  # as published
TURNED = ViewConfig(rotation=180, scale=(0.6, 1.3), shear=30, **STILL_COLOURS)  # hands
CELLS, CROP = 64, 80  # the published maps of a view of 256 px, from a smaller crop


def at(matrix_33: Any, points: Any) -> Any:
    """Points through a matrix, in double precision."""
    points = np.concatenate([points, np.ones_like(points[..., :1])], -1)
    return (points @ np.swapaxes(matrix_33, -1, -2))[..., :2]


def rescaled(points: Any, from_side: int, to_side: int) -> Any:
    return (points + 0.5) * to_side / from_side - 0.5


@pytest.mark.parametrize("config", [NARROW, WIDE, TURNED], ids=["narrow", "wide", "turned"])
def test_maps_come_back_to_the_crop_where_they_belong(config: ViewConfig):
    """One cell by argmax and a tenth decoded, over the whole range of augmentation."""
    method, checked = make("mean_teacher", side=256, view=config), 0
    assert method.cells == CELLS
    for step in range(4):
        batch = unlabeled(step, side=CROP)
        view = random_view(batch, config, 256)
        place = np.random.default_rng(step).uniform(6, 57, (COUNT, 16, 2))
        there = at(doubles(view.matrix_B33), rescaled(place, CELLS, CROP))
        there = rescaled(there, 256, CELLS)
        inner = ((there > 6) & (there < 57)).all(-1)
        maps = torch.tensor(gaussians(there, CELLS, 2.0)).float()
        back = method.to_base(maps, view, batch)
        off = np.abs(doubles(decode(back)[0]) - place).max(-1)[inner]
        assert off.max() <= 0.1
        assert np.abs(argmax_cells(back) - place).max(-1)[inner].max() <= 1
        checked += inner.sum()
    assert checked > 60


def test_places_of_the_crop_are_found_in_a_view():
    method, batch = make("mean_teacher", side=256, view=WIDE), unlabeled(side=CROP)
    view = random_view(batch, WIDE, 256)
    place = np.random.default_rng(0).uniform(0, 63, (COUNT, 16, 2))
    expected = at(doubles(view.matrix_B33), rescaled(place, CELLS, CROP))
    found = method.from_base(torch.tensor(place).float(), view, batch)
    np.testing.assert_allclose(found.numpy(), expected, atol=2e-3)


def test_the_published_code_misses_a_joint_by_three_quarters_of_the_shift():
    method, batch = make("mean_teacher", side=256), unlabeled(side=CROP)
    rng = np.random.default_rng(0)
    linear, shift = rng.normal(size=(COUNT, 2, 2)) * 3.2, rng.uniform(-12, 12, (COUNT, 2))
    matrix = np.tile(np.eye(3), (COUNT, 1, 1))
    matrix[:, :2, :2] = linear  # about the middle, then shifted
    matrix[:, :2, 2] = 127.5 + shift - linear.sum(-1) * (CROP - 1) / 2
    view = View(torch.zeros(COUNT, 3, 256, 256), torch.tensor(matrix).float())
    missed = method.misplaced(view, batch).expand(COUNT, 16, 2).numpy()
    np.testing.assert_allclose(missed, np.repeat(-0.75 * shift[:, None], 16, 1), atol=1e-3)
