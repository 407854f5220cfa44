"""What crops look like: each number against what was put in."""

import numpy as np
import pytest
import torch

from poseshift.data.pack import Pack
from poseshift.gap.appearance import (
    MEANING,
    Looks,
    distances,
    in_variances,
    look,
    noise_level,
    principal,
    random_backbone,
    spectrum,
)
from poseshift.gap.distance import splits

ROWS = np.arange(64)


def both(worlds: dict[str, Pack], *names: str) -> list[Looks]:
    return [look(worlds[name].crops, ROWS, 32, random_backbone()) for name in names]


def test_each_number_is_what_its_sentence_says(worlds: dict[str, Pack]):
    (looks,) = both(worlds, "street")
    crop = worlds["street"].crops.image(7).astype(np.float64) / 255
    luma = crop @ [0.299, 0.587, 0.114]
    wanted = {
        "brightness": luma.mean(),
        "contrast": luma.std(ddof=1),
        "colour": (crop.max(-1) - crop.min(-1)).mean(),
        "warmth": (crop[..., 0] - crop[..., 2]).mean(),
    }
    for name, value in wanted.items():
        assert looks.number[name][7] == pytest.approx(value, abs=1e-5), name
    assert looks.number.keys() == MEANING.keys()
    assert looks.channel_N23[7, 0] == pytest.approx(crop.mean((0, 1)), abs=1e-5)
    assert looks.channel_N23[7, 1] == pytest.approx(crop.reshape(-1, 3).std(0, ddof=1), abs=1e-5)
    assert len(looks) == 64


@pytest.mark.parametrize("sigma", [0.01, 0.05])
def test_noise_is_measured_beside_edges(sigma: float):
    flat = torch.zeros(1, 96, 96)
    flat[:, :, 40:] = 0.5
    noisy = flat + sigma * torch.randn(1, 96, 96, generator=torch.Generator().manual_seed(0))
    assert float(noise_level(flat)) == 0
    assert float(noise_level(noisy)) == pytest.approx(255 * sigma, rel=0.05)


def test_a_spectrum_peaks_where_the_waves_are_whatever_their_direction():
    y, x = torch.meshgrid(torch.arange(64.0), torch.arange(64.0), indexing="ij")
    for wave in (x, y, (x + y) / 2**0.5):
        power = spectrum(torch.sin(2 * torch.pi * 10 / 64 * wave)[None])
        assert 1 + int(power.argmax()) == 10
    assert spectrum(torch.zeros(2, 64, 64)).shape == (2, 32)


def test_principal_axes_keep_distances_of_what_varies():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(40, 3)), rng.normal(size=(50, 3))
    on_a, on_b = principal(a, b)
    sd = np.concatenate([a, b]).std(0)
    assert np.linalg.norm(on_a[0] - on_b[1]) == pytest.approx(np.linalg.norm((a[0] - b[1]) / sd))


def test_a_frechet_distance_is_told_in_variances():
    a = np.random.default_rng(0).normal(size=(400, 2))
    assert in_variances(a, a) == pytest.approx(0, abs=1e-6)
    # Two standard deviations along one of two axes: 4 of 2.
    assert in_variances(a, a + np.array([2 * a[:, 0].std(), 0])) == pytest.approx(2, rel=0.05)
    assert in_variances(10 * a, 10 * (a + 1)) == pytest.approx(in_variances(a, a + 1))


def test_the_random_backbone_is_always_the_same_and_leaves_the_generator_alone():
    torch.manual_seed(5)
    first = random_backbone().state_dict()
    drawn = torch.rand(1)
    torch.manual_seed(5)
    assert torch.equal(torch.rand(1), drawn)
    second = random_backbone().state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_the_street_looks_different_and_the_studio_like_itself(worlds: dict[str, Pack]):
    studio, again, street = both(worlds, "studio", "studio/test", "street")
    rows = splits(64, 64, 99)
    far = {d.name: d for d in distances(studio, street, rows)}
    near = distances(studio, again, rows)
    for name in ("noise", "brightness", "features, probe", "features, Frechet"):
        assert far[name].level == "clear", name
    assert not [d.name for d in near if d.level == "clear"]
