"""The discriminator of cells: the published layers, a judgement a cell from its surroundings."""

import pytest
import torch
from torch import nn

from poseshift.nn.discriminator import CellDiscriminator


@pytest.mark.parametrize(
    ("channels", "widths"), [(256, [256, 128, 128, 1]), (8, [8, 4, 4, 1]), (2, [2, 1, 1, 1])]
)
def test_the_published_layers(channels: int, widths: list[int]):
    layers = list(CellDiscriminator(channels))
    convs, rest = layers[::2], layers[1::2]
    assert [conv.out_channels for conv in convs] == widths
    assert [conv.in_channels for conv in convs] == [channels, *widths[:-1]]
    for conv in convs:
        assert (conv.kernel_size, conv.stride, conv.padding) == ((3, 3), (1, 1), (1, 1))
        assert conv.bias is not None
    assert [type(layer) for layer in rest] == [nn.LeakyReLU] * 3
    assert {layer.negative_slope for layer in rest} == {0.2}


def test_a_cell_is_judged_from_the_nine_by_nine_around_it():
    torch.manual_seed(0)
    judge = CellDiscriminator(8)
    features = torch.randn(1, 8, 24, 24, requires_grad=True)
    logits = judge(features)
    assert logits.shape == (1, 1, 24, 24)
    logits[0, 0, 12, 10].backward()
    heard = features.grad[0].abs().sum(0) > 0
    rows, columns = (heard.any(axis).nonzero().flatten().tolist() for axis in (1, 0))
    assert (rows, columns) == (list(range(8, 17)), list(range(6, 15)))


def test_features_given_are_left_alone():
    features = torch.randn(1, 4, 5, 5)
    before = features.clone()
    CellDiscriminator(4)(features)
    assert torch.equal(features, before)
