from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from poseshift.data.puppets.config import AppearanceConfig
from poseshift.data.puppets.lens import develop

CLEAN = AppearanceConfig()
CHECKS = np.kron(np.indices((16, 16)).sum(axis=0) % 2, np.ones((4, 4)))[..., None] * np.full(3, 120)
CHECKS = (CHECKS + 60).astype(np.uint8)


def shot(seed: int, moment: int = 0, **knobs: float) -> np.ndarray:
    look, now = np.random.default_rng(seed), np.random.default_rng(moment)
    return develop(look, now, replace(CLEAN, **knobs), CHECKS).astype(float)


def test_a_clean_lens_changes_nothing() -> None:
    assert (shot(0) == CHECKS).all()


def test_light_is_a_ramp() -> None:
    change = shot(0, light=1.0) / CHECKS
    assert change.max() / change.min() > 1.2
    assert change.mean() == pytest.approx(1.0, abs=0.05)


def test_exposure_moves_all_channels_and_cast_each() -> None:
    exposed, tinted = shot(1, exposure=0.3) / CHECKS, shot(1, cast=0.3) / CHECKS
    assert np.ptp(exposed.mean(axis=(0, 1))) < 0.02
    assert np.ptp(tinted.mean(axis=(0, 1))) > 0.05


def test_blur_softens() -> None:
    blurred = min((shot(seed, blur=0.05) for seed in range(5)), key=np.std)
    assert blurred.std() < 0.7 * CHECKS.std()


def test_noise_is_new_every_moment_and_the_rest_is_not() -> None:
    assert (shot(3, moment=0, light=1, exposure=1) == shot(3, moment=1, light=1, exposure=1)).all()
    assert (shot(3, moment=0, noise=20) != shot(3, moment=1, noise=20)).any()
