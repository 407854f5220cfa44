"""UDAPE: styles both ways, fresh maps, the believed half, a hidden joint; each as published."""

from typing import Any

import numpy as np
import pytest
import torch

from poseshift.data.heatmap import decode
from poseshift.data.types import UnlabeledBatch, View
from poseshift.data.views import ViewConfig, random_view
from tests.methods.made import (
    COUNT,
    argmax_cells,
    capture,
    doubles,
    gaussians,
    labeled,
    make,
    mse,
    taught_maps,
    top_share,
    unlabeled,
)


def target_views(method: Any, batch: UnlabeledBatch) -> tuple[View, View]:
    """The teacher's and the student's, from the same random numbers as the method's."""
    view_t = random_view(batch, method.view, method.side)
    _ = batch.draws.once(), batch.draws.once()  # whether and how much to style
    return view_t, random_view(batch, method.view, method.side)


@pytest.mark.parametrize(
    "changes",
    [{}, {"keep": 0.25}, {"normalise": False}, {"as_released": True}, {"consistency": 3.0}],
    ids=str,
)
def test_the_losses_are_their_formulas(changes: dict[str, Any]):
    method, twin = make("udape", **changes), make("udape")
    method.teach = lambda view: taught_maps()
    seen, batch = capture(method.network), unlabeled()
    [phase] = method.phases(labeled(), unlabeled())
    view_t, view_s = target_views(twin, batch)
    maps_t = twin.to_base(taught_maps(), view_t, batch)
    maps_s = twin.to_base(seen[1][1], view_s, batch)
    place = argmax_cells(maps_t) if changes.get("as_released") else decode(maps_t)[0]
    pseudo = gaussians(place, 8, 8 / 32) if changes.get("normalise", True) else maps_t
    believed = top_share(doubles(maps_t).max((2, 3)), changes.get("keep", 0.5))
    _, label, weight = twin.supervised_view(labeled())
    expected = {
        "supervised": mse(seen[0][1], label, weight),
        "consistency": changes.get("consistency", 1.0) * 2 * mse(maps_s, pseudo, believed),
    }
    found = {name: loss.item() for name, loss in phase.losses.items()}
    assert found == pytest.approx(expected, rel=1e-4)


def test_each_domain_takes_the_style_of_the_other():
    method = make("udape", source_style=1.0, target_style=1.0, style="colour")
    student, teacher = capture(method.network), capture(method.average)
    for _ in method.phases(labeled(), unlabeled()):
        pass
    source, target = labeled(), unlabeled()
    image = method.supervised_view(source)[0]
    view_t = random_view(target, method.view, method.side)
    amounts = []
    for numbers in (source.draws, target.draws):
        _, amount = numbers.once(), numbers.once()
        amounts.append(torch.full((COUNT,), amount))
    looks = image, view_t.image_BCHW
    torch.testing.assert_close(student[0][0], method.style(*looks, amounts[0]))
    torch.testing.assert_close(teacher[0][0], method.style(*looks[::-1], amounts[1]))
    assert amounts[0][0] != amounts[1][0]


def test_without_chance_of_a_style_images_stay_as_they_are_to_the_bit():
    method = make("udape", source_style=0.0, target_style=0.0, occlusion=0.0)
    student, teacher = capture(method.network), capture(method.average)
    for _ in method.phases(labeled(), unlabeled()):
        pass
    batch = unlabeled()
    view_t, view_s = target_views(method, batch)
    assert torch.equal(student[0][0], method.supervised_view(labeled())[0])
    assert torch.equal(student[1][0], view_s.image_BCHW)
    assert torch.equal(teacher[0][0], view_t.image_BCHW)


# --- the hidden joint -----------------------------------------------------------------------------

CELLS, SIDE, JOINT = 16, 64, 4
SHIFTED = ViewConfig(rotation=20, scale=(0.9, 1.1), shift=0.1)


def sure_of_one(peak: float = 1.0) -> torch.Tensor:
    """Maps in the crop whose joint 4 alone has a high peak, on a cell."""
    maps = torch.full((COUNT, 16, CELLS, CELLS), 0.1)
    for sample in range(COUNT):
        maps[sample, JOINT, 7, 6 + sample] = peak
    return maps


def hidden(as_released: bool, peak: float = 1.0) -> tuple[View, torch.Tensor]:
    """The student's view, and which of its pixels were overwritten."""
    method = make("udape", side=SIDE, view=SHIFTED, occlusion=1.0, as_released=as_released)
    method.teach = lambda view: sure_of_one(peak)
    method.to_base = lambda maps, view, batch: maps  # the teacher speaks of the crop already
    seen, batch = capture(method.network), unlabeled(side=SIDE)
    for _ in method.phases(labeled(), unlabeled(side=SIDE)):
        pass
    view_s = target_views(method, batch)[1]
    return view_s, (seen[1][0] != view_s.image_BCHW).any(1)


@pytest.mark.parametrize("as_released", [False, True])
def test_a_square_around_the_sure_joint_is_hidden_from_the_student(as_released: bool):
    view_s, changed = hidden(as_released)
    matrix, reach = doubles(view_s.matrix_B33), 2  # 10 of 256
    for sample in range(COUNT):
        joint = np.array([6.0 + sample, 7.0])
        crop = (joint + 0.5) * SIDE / CELLS - 0.5
        place = (matrix[sample] @ [*crop, 1])[:2]
        if as_released:
            middle = (matrix[sample] @ [(SIDE - 1) / 2, (SIDE - 1) / 2, 1])[:2]
            place -= 0.75 * (middle - (SIDE - 1) / 2)
        columns, rows = (changed[sample].any(axis).nonzero().flatten() for axis in (0, 1))
        for found, centre in ((columns, place[0]), (rows, place[1])):
            low = round(centre) - reach
            assert found.tolist() == list(range(low, low + 2 * reach))


def test_a_joint_the_teacher_is_not_sure_of_stays_in_sight():
    assert not hidden(False, peak=0.89)[1].any()
    assert hidden(False, peak=0.91)[1].any((1, 2)).all()
