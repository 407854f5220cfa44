"""Mean teacher: two views of one crop, compared in the crop."""

import numpy as np
import pytest
import torch

from poseshift.data.views import random_view
from tests.methods.made import capture, gradients, labeled, make, mse, unlabeled


@pytest.mark.parametrize("weight", [1.0, 2.5])
def test_the_losses_are_their_formulas(weight: float):
    method, twin = make("mean_teacher", consistency=weight), make("mean_teacher")
    student, teacher = capture(method.network), capture(method.average)
    [phase] = method.phases(labeled(), unlabeled())
    _, label, weight_BK = twin.supervised_view(labeled())
    batch = unlabeled()
    view_s, view_t = (random_view(batch, twin.view, twin.side) for _ in range(2))
    assert torch.equal(student[1][0], view_s.image_BCHW)
    assert torch.equal(teacher[0][0], view_t.image_BCHW)
    maps_s = twin.to_base(student[1][1], view_s, batch)
    maps_t = twin.to_base(teacher[0][1], view_t, batch)
    expected = {
        "supervised": mse(student[0][1], label, weight_BK),
        "consistency": weight * 2 * mse(maps_s, maps_t, np.ones(weight_BK.shape)),
    }
    found = {name: loss.item() for name, loss in phase.losses.items()}
    assert found == pytest.approx(expected, rel=1e-4)


def test_views_that_agree_teach_nothing():
    still = {"rotation": 0, "scale": (1, 1), "shift": 0}
    still |= {"brightness": 0, "contrast": 0, "saturation": 0}
    method = make("mean_teacher")
    method.view = type(method.view)(**still)
    method.network.eval()  # as the teacher predicts
    [phase] = method.phases(labeled(), unlabeled())
    assert phase.losses["consistency"].item() == pytest.approx(0, abs=1e-10)


def test_the_teacher_stands_still_while_it_teaches():
    method = make("mean_teacher")
    before = {key: value.clone() for key, value in method.average.state_dict().items()}
    [phase] = method.phases(labeled(), unlabeled())
    found = gradients(phase.losses["consistency"], method.network)
    assert all(gradient.isfinite().all() for gradient in found.values())
    assert found["head.weight"].any()
    assert not any(value.requires_grad for value in method.average.parameters())
    after = method.average.state_dict()
    assert all(torch.equal(before[key], after[key]) for key in before)
