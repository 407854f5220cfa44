"""Styles: what each leaves alone, what it takes over, and that samples do not meet."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from torch import Tensor

from poseshift.data.views import normalize
from poseshift.errors import BadInput, UserError
from poseshift.nn.backbone import build_backbone
from poseshift.nn.style import (
    OPPONENT,
    AdaIN,
    Colour,
    Fourier,
    Style,
    align,
    build_style,
    exchange_amplitudes,
    pixels,
    statistics,
)
from poseshift.nn.style_networks import ResNet, build_decoder

BATCH = 3


def images(seed: int, low: float = 0.3, high: float = 0.7, side: int = 16) -> Tensor:
    """Normalised images of smooth noise, well inside the range of pixels."""
    random = torch.Generator().manual_seed(seed)
    coarse = torch.rand(BATCH, 3, 4, 4, generator=random)
    fine = torch.nn.functional.interpolate(coarse, size=(side, side), mode="bicubic")
    return normalize(low + (high - low) * fine.clamp(0, 1))


def amount(*values: float) -> Tensor:
    return torch.tensor(values)


@pytest.fixture(scope="module")
def adain() -> AdaIN:
    torch.manual_seed(0)
    encoder = ResNet(build_backbone("tiny"), stages=1).eval()
    return AdaIN(encoder, build_decoder(encoder.channels[-1], encoder.mirror))


def styles(adain: AdaIN) -> list[Style]:
    return [Fourier(), Colour(), adain]


@pytest.mark.parametrize("number", range(3))
def test_what_every_style_promises(number: int, adain: AdaIN):
    style = styles(adain)[number]
    content, look = images(0).requires_grad_(), images(1, 0.0, 1.0)
    made = style(content, look, torch.ones(BATCH))
    assert made.shape == content.shape
    assert made.dtype == content.dtype
    assert not made.requires_grad
    assert not made.is_inference()  # a network may save it for its backward
    # Each sample for itself, by its own amount.
    shares = amount(0.2, 1.0, 0.0)
    together = style(content, look, shares)
    for i in range(BATCH):
        alone = style(content[i : i + 1], look[i : i + 1], shares[i : i + 1])
        torch.testing.assert_close(together[i : i + 1], alone, atol=2e-5, rtol=0)
    assert not torch.equal(made[0], together[0])
    with torch.autocast("cpu", torch.bfloat16):
        half = style(content.bfloat16(), look.bfloat16(), torch.ones(BATCH))
    assert half.dtype == torch.bfloat16
    torch.testing.assert_close(half.float(), made, atol=0.1, rtol=0.05)


@pytest.mark.parametrize("number", range(3))
def test_what_comes_out_is_a_picture(number: int, adain: AdaIN):
    # The look's deviation is far beyond what the content's range leaves room for.
    black_and_white = normalize((images(2).mean(1, keepdim=True) > 0).float().expand(-1, 3, -1, -1))
    made = pixels(styles(adain)[number](images(0, 0.0, 1.0), black_and_white, torch.ones(BATCH)))
    assert float(made.min()) >= -1e-6
    assert float(made.max()) <= 1 + 1e-6


@pytest.mark.parametrize("number", [0, 1])
def test_pixel_styles_do_not_feel_autocast(number: int, adain: AdaIN):
    style = styles(adain)[number]
    plain = style(images(0), images(1), torch.ones(BATCH))
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(style(images(0), images(1), torch.ones(BATCH)), plain)


def test_a_style_never_trains(adain: AdaIN):
    module = torch.nn.ModuleList([adain]).train()
    assert module.training
    assert not any(part.training for part in adain.modules())
    assert not any(parameter.requires_grad for parameter in adain.parameters())
    before = {key: value.clone() for key, value in adain.state_dict().items()}
    adain(images(0), images(1), torch.ones(BATCH))
    assert all(torch.equal(value, before[key]) for key, value in adain.state_dict().items())


# --- Fourier --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("look", "share"), [(1, 0.0), (0, 1.0)])
def test_no_amount_or_its_own_look_changes_nothing(look: int, share: float):
    made = Fourier(band=0.2)(images(0), images(look), torch.full((BATCH,), share))
    torch.testing.assert_close(made, images(0), atol=1e-5, rtol=0)


@pytest.mark.parametrize("side", [16, 15])
@pytest.mark.parametrize("share", [0.4, 1.0])
def test_fourier_is_the_published_exchange(side: int, share: float):
    content, look = (pixels(images(seed, side=side)) for seed in (0, 1))
    shares = torch.full((BATCH, 1, 1, 1), share)
    found = exchange_amplitudes(content, look, shares, band=0.15)
    # Published: the centre of the shifted spectrum, whole, in float64.
    there, here = (
        np.fft.fftshift(np.fft.fft2(x.double().numpy()), axes=(-2, -1)) for x in (look, content)
    )
    amplitude, reach, middle = np.abs(here), int(side * 0.15), side // 2
    centre = (..., *[slice(middle - reach, middle + reach + 1)] * 2)
    amplitude[centre] = (1 - share) * amplitude[centre] + share * np.abs(there)[centre]
    spectrum = np.fft.ifftshift(amplitude * np.exp(1j * np.angle(here)), axes=(-2, -1))
    expected = np.fft.ifft2(spectrum)
    assert np.abs(expected.imag).max() < 1e-12
    np.testing.assert_allclose(found.numpy(), expected.real, atol=1e-5)
    assert np.abs(expected.real - content.numpy()).max() > 0.01


def test_fourier_takes_over_the_brightness():
    dark, light = (normalize(torch.full((1, 3, 8, 8), value)) for value in (0.2, 0.8))
    torch.testing.assert_close(Fourier()(dark, light, torch.ones(1)), light)


# --- statistics -----------------------------------------------------------------------------------


@given(
    channels=st.integers(1, 4),
    cells=st.integers(4, 12),
    seed=st.integers(0, 2**16),
    spread=st.floats(0.5, 20),
    share=st.floats(0, 1),
)
@settings(max_examples=30, deadline=None)
def test_alignment_against_the_formula(
    channels: int, cells: int, seed: int, spread: float, share: float
):
    random = torch.Generator().manual_seed(seed)
    content, look = torch.randn(2, 2, channels, cells, cells, generator=random).unbind()
    look = look * spread + 3
    at = torch.full((2, 1, 1, 1), share)
    found = align(content, *statistics(look), at).double().numpy()
    c, s = content.double().numpy(), look.double().numpy()
    moments = [
        (x.mean((2, 3), keepdims=True), x.var((2, 3), ddof=1, keepdims=True)) for x in (c, s)
    ]
    (mean_c, var_c), (mean_s, var_s) = moments
    adain = np.sqrt(var_s + 1e-5) * (c - mean_c) / np.sqrt(var_c + 1e-5) + mean_s
    np.testing.assert_allclose(found, share * adain + (1 - share) * c, atol=1e-4)


def test_aligned_features_have_the_statistics_of_the_style():
    random = torch.Generator().manual_seed(0)
    content = torch.randn(2, 5, 9, 9, generator=random) * 3 - 1
    look = torch.randn(2, 5, 4, 4, generator=random) + 2  # of another size, too
    moved = align(content, *statistics(look), torch.ones(2, 1, 1, 1))
    for found, expected in zip(statistics(moved), statistics(look), strict=True):
        torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)


def test_a_channel_without_variation_stays_finite():
    flat, look = torch.zeros(1, 1, 4, 4), torch.randn(1, 1, 4, 4)
    moved = align(flat, *statistics(look), torch.ones(1, 1, 1, 1))
    torch.testing.assert_close(moved, look.mean().expand(1, 1, 4, 4))


def test_the_opponent_axes_are_a_rotation():
    axes = torch.tensor(OPPONENT)
    torch.testing.assert_close(axes @ axes.T, torch.eye(3), atol=1e-4, rtol=0)


def test_colour_takes_over_every_axis():
    look = images(1, 0.4, 0.6)
    made = Colour()(images(0), look, torch.ones(BATCH))
    axes = torch.tensor(OPPONENT)
    found, expected = (
        statistics(torch.einsum("oc,bchw->bohw", axes, pixels(image))) for image in (made, look)
    )
    torch.testing.assert_close(found[0], expected[0], atol=1e-4, rtol=0)
    torch.testing.assert_close(found[1], expected[1], atol=1e-3, rtol=0)
    nothing = Colour()(images(0), look, torch.zeros(BATCH))
    torch.testing.assert_close(nothing, images(0), atol=1e-4, rtol=0)


# --- AdaIN ----------------------------------------------------------------------------------------


def test_both_directions_encode_each_image_once(adain: AdaIN):
    one, other = (normalize(torch.rand(2, 3, 32, 32)) for _ in range(2))
    some, more = torch.tensor([0.2, 0.9]), torch.tensor([1.0, 0.0])
    expected = adain(one, other, some), adain(other, one, more)
    calls: list[int] = []
    adain.encoder.register_forward_hook(lambda *_: calls.append(1))
    found = adain.both(one, other, some, more)
    assert all(torch.equal(a, b) for a, b in zip(found, expected, strict=True))
    assert len(calls) == 2


def test_without_an_amount_it_decodes_what_it_encodes(adain: AdaIN):
    content = images(0, side=32)
    low, high = (normalize(torch.full((1, 3, 1, 1), value)) for value in (0.0, 1.0))
    expected = adain.decoder(adain.encoder(content)[-1]).clamp(low, high)
    made = adain(content, images(1, side=32), torch.zeros(BATCH))
    assert torch.equal(made, expected)
    full = adain(content, images(1, side=32), torch.ones(BATCH))
    assert not torch.allclose(full, expected, atol=1e-3)


def test_the_style_image_enters_by_its_statistics_alone(adain: AdaIN):
    seen: list[Tensor] = []
    hook = adain.decoder.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    look = images(1, side=32)
    adain(images(0, side=32), look, torch.ones(BATCH))
    hook.remove()
    for found, expected in zip(
        statistics(seen[0]), statistics(adain.encoder(look)[-1]), strict=True
    ):
        torch.testing.assert_close(found, expected, atol=2e-3, rtol=1e-2)


def test_a_side_the_decoder_cannot_give_back(adain: AdaIN):
    image = normalize(torch.zeros(1, 3, 30, 30))
    with pytest.raises(
        UserError, match="side 30 is not a multiple of the style encoder's stride 4"
    ):
        adain(image, image, torch.ones(1))


# --- by name and from disk ------------------------------------------------------------------------


def test_names():
    assert isinstance(build_style("fourier"), Fourier)
    assert isinstance(build_style("colour"), Colour)
    with pytest.raises(UserError, match="no style is called 'furier'") as error:
        build_style("furier")
    for word in ("did you mean 'fourier'", "colour", "poseshift style"):
        assert word in str(error.value)


def test_a_saved_style_opens_to_the_bit(adain: AdaIN, tmp_path: Path):
    adain.save(tmp_path, {"losses": {"content": 0.5}})
    given = images(0, side=32), images(1, side=32), torch.full((BATCH,), 0.7)
    for path in (tmp_path, tmp_path / "style.safetensors"):
        assert torch.equal(build_style(str(path))(*given), adain(*given))


def test_a_folder_that_holds_no_style(tmp_path: Path):
    with pytest.raises(BadInput, match=r"it has no style\.json") as error:
        build_style(str(tmp_path))
    assert "poseshift style" in str(error.value)


def test_a_spoilt_description(adain: AdaIN, tmp_path: Path):
    adain.save(tmp_path, {})
    for text, word in {
        "{": "not JSON",
        "{}": "does not say 'encoder'",
        '{"encoder": {"kind": "unet"}}': "found 'unet'",
        '{"encoder": {"kind": "resnet"}}': "does not say 'backbone'",
        '{"encoder": {"kind": "vgg19"}}': "to be",
    }.items():
        (tmp_path / "style.json").write_text(text)
        with pytest.raises(BadInput, match=word):
            build_style(str(tmp_path))


def test_weights_of_another_style(adain: AdaIN, tmp_path: Path):
    adain.save(tmp_path, {})
    file = tmp_path / "style.safetensors"
    state = load_file(file)
    del state["decoder.0.bias"]
    save_file(state, file)
    with pytest.raises(BadInput, match=r"expected 'decoder\.0\.bias' to be 32, found absent"):
        build_style(str(tmp_path))
    file.write_bytes(b"nothing")
    with pytest.raises(BadInput, match="not a safetensors file"):
        build_style(str(tmp_path))
