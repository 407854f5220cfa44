from __future__ import annotations

import numpy as np
import pytest

from poseshift.data.puppets.texture import add_noise, grain_bank, pattern_bank, sensor_bank


@pytest.mark.parametrize("bank", [*grain_bank(96), sensor_bank()])
def test_noise_has_the_deviation_asked_for(bank: np.ndarray) -> None:
    grey = np.full((400, 400, 3), 128, np.uint8)
    noisy = add_noise(np.random.default_rng(0), grey, bank, 20.0).astype(float)
    assert noisy.std() == pytest.approx(20, rel=0.15)
    assert noisy.mean() == pytest.approx(128, abs=4)


def test_every_pattern_has_two_colours_of_similar_share() -> None:
    share = (pattern_bank(128) > 0).mean(axis=(1, 2))
    assert share.min() > 0.15
    assert share.max() < 0.6
