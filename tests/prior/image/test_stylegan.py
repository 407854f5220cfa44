"""The style network draws, styles alone decide the picture, and its shortcuts change nothing."""

import pytest
import torch
import torch.nn.functional as F

from poseshift.prior.image.stylegan import (
    ImageNetConfig,
    _styled,
    begin,
    codes,
    convolutions,
    synthesise,
)
from poseshift.prior.stylenet import layer_count, style
from tests.prior.image.made import NET


@pytest.fixture(scope="module")
def weights():
    return begin(NET, 3, torch.Generator().manual_seed(0))


@pytest.mark.parametrize("side", [8, 16, 32])
def test_pictures_have_the_side_asked_for_and_about_unit_scale(side):
    net = ImageNetConfig(side=side, latent=8, code=16, channels=32)
    weights = begin(net, 2, torch.Generator().manual_seed(0))
    picture = synthesise(weights, codes(weights, torch.randn(4, 8)))
    assert picture.shape == (4, 2, side, side)
    assert 0.2 < float(picture.std()) < 5


def test_tau_finds_the_convolutions_up_to_16_pixels():
    net = ImageNetConfig(channels=16)
    rows = convolutions(net)
    assert [name[0] for name, *_ in rows] == [*"AAAAASSSS"]
    assert [side for _, side, *_ in rows] == [4, 8, 8, 16, 16, 32, 32, 64, 64]
    assert layer_count(begin(net, 1, torch.Generator())) == 5


def test_modulation_is_that_of_every_pictures_own_kernel(weights):
    x, w = torch.randn(2, 16, 4, 4), torch.randn(2, 16)
    made = _styled(x, weights, w, 0)
    for picture, style_I, found in zip(x, style(weights, w, 0), made, strict=True):
        kernel = weights["C.0.weight"] * style_I[:, None, None]
        kernel = kernel * kernel.square().sum((1, 2, 3), keepdim=True).rsqrt()
        wanted = F.conv2d(picture[None], kernel, weights["C.0.bias"], padding=1)[0]
        torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-4)


def test_equal_codes_are_equal_pictures_and_others_are_not(weights):
    z = torch.randn(1, 8, generator=torch.Generator().manual_seed(1))
    one, again, other = (synthesise(weights, codes(weights, z)) for z in (z, z, -z))
    assert one.equal(again)
    assert not one.allclose(other, atol=1e-3)
