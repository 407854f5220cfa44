from __future__ import annotations

import numpy as np

from poseshift.data.puppets import world
from poseshift.data.puppets.camera import Crop
from poseshift.data.puppets.motion import follow, path


def test_a_path_is_smooth_and_seeded() -> None:
    mixture = world("studio").mixture
    poses_TD, actions = path(mixture, 80, np.random.default_rng(0))
    again_TD, _ = path(mixture, 80, np.random.default_rng(0))
    assert (poses_TD == again_TD).all()
    assert len(actions) == len(poses_TD) == 80
    step = np.abs(np.diff(poses_TD, axis=0))
    assert np.abs(np.diff(poses_TD, n=2, axis=0)).max() < 0.35 * np.ptp(poses_TD)
    assert 0 < step.max() < 0.35 * np.ptp(poses_TD)


def test_a_longer_path_starts_the_same() -> None:
    mixture = world("studio").mixture
    short, _ = path(mixture, 15, np.random.default_rng(5))
    long, _ = path(mixture, 55, np.random.default_rng(5))
    np.testing.assert_allclose(short, long[:15])


def test_follow_keeps_a_steady_crop_and_smooths_a_shaky_one() -> None:
    still = [Crop((1.0, 2.0), 3.0)] * 30
    for crop in follow(still):
        np.testing.assert_allclose((*crop.center, crop.size), (1.0, 2.0, 3.0))
    rng = np.random.default_rng(0)
    shaky = [Crop((x, 0.0), 1.0) for x in rng.normal(size=60).tolist()]
    before, after = (np.array([crop.center[0] for crop in c]) for c in (shaky, follow(shaky)))
    assert np.abs(np.diff(after)).max() < 0.2 * np.abs(np.diff(before)).max()
