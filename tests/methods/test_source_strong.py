"""Source strong: the regression loss of source images in each other's looks."""

import pytest
import torch

from poseshift.methods.base import METHODS
from tests.methods.made import capture, labeled, make, mse


@pytest.mark.parametrize("style", ["fourier", "colour"])
def test_images_take_the_look_of_their_neighbour(style: str):
    method = make("source_strong", source_style=1.0, style=style)
    seen, batch = capture(method.network), labeled()
    [phase] = method.phases(labeled(), None)
    image, label, weight = make("source_strong").supervised_view(batch)
    _, amount = batch.draws.once(), batch.draws.once()
    look = torch.stack([image[2], image[0], image[1]])
    expected = method.style(image, look, torch.full((3,), amount))
    torch.testing.assert_close(seen[0][0], expected)
    assert not torch.allclose(seen[0][0], image, atol=1e-2)
    assert phase.losses.keys() == {"supervised"}
    assert phase.losses["supervised"].item() == pytest.approx(mse(seen[0][1], label, weight))


def test_without_styles_it_is_source_only_to_the_bit():
    losses = [
        next(method.phases(labeled(), None)).losses["supervised"]
        for method in (make("source_strong", source_style=0.0), make("source_only"))
    ]
    assert torch.equal(*losses)


def test_it_never_opens_the_target():
    assert METHODS["source_strong"].target == "unused"
