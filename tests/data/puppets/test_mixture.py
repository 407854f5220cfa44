from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from poseshift.data.puppets.config import PoseConfig
from poseshift.data.puppets.figures import FIGURES
from poseshift.data.puppets.mixture import PoseMixture
from poseshift.errors import UserError

BODY = FIGURES["body16"]


def test_log_prob_is_the_density_of_what_is_drawn() -> None:
    """Against scipy, with mean and covariance taken from the samples' own formula."""
    config = PoseConfig({"walk": 3.0, "kick": 1.0}, spread=1.3, turn=0.4, back=0.25)
    mixture = PoseMixture(BODY, config)
    rng = np.random.default_rng(0)
    poses_ND = np.array([mixture.draw(rng)[0] for _ in range(20)])
    total_N = np.zeros(20)
    for name, weight in (("walk", 0.75), ("kick", 0.25)):
        mode = BODY.mode_by_name[name]
        deviation_D = BODY.angles(mode.loose, default=mode.spread) * 1.3
        deviation_D[0] = 0.4
        swings = [BODY.angles(swing) * 1.3 for swing in mode.swings]
        cov_DD = np.diag(deviation_D**2) + sum(np.outer(swing, swing) for swing in swings)
        for away, share in ((0.0, 0.75), (np.pi, 0.25)):
            # Mirroring keeps the density, so mirrored poses are judged by the unmirrored Gaussian;
            # a heading of pi becomes -pi in the mirror, which is why it is taken off first.
            facing_ND = poses_ND - away * np.eye(len(BODY.hinges))[0]
            for judged_ND in (facing_ND, BODY.mirror(facing_ND)):
                gaussian = multivariate_normal(BODY.angles(mode.pose), cov_DD)
                total_N += 0.5 * weight * share * gaussian.pdf(judged_ND)
    np.testing.assert_allclose(mixture.log_prob(poses_ND), np.log(total_N), rtol=1e-9)


def test_the_density_integrates_to_one() -> None:
    """Importance sampling from a wider world: E_wide[p / p_wide] = 1."""
    narrow = PoseMixture(BODY, PoseConfig({"stand": 1.0, "wave": 1.0}, turn=0.4))
    wide = PoseMixture(BODY, PoseConfig({"stand": 1.0, "wave": 1.0}, spread=1.15, turn=0.46))
    rng = np.random.default_rng(1)
    poses_ND = np.array([wide.draw(rng)[0] for _ in range(4000)])
    ratio_N = np.exp(narrow.log_prob(poses_ND) - wide.log_prob(poses_ND))
    assert ratio_N.mean() == pytest.approx(1.0, abs=4 * ratio_N.std() / np.sqrt(4000))


def test_actions_come_as_often_as_they_weigh() -> None:
    mixture = PoseMixture(BODY, PoseConfig({"stand": 3.0, "bow": 1.0}))
    rng = np.random.default_rng(2)
    seen = Counter(mixture.draw(rng)[1] for _ in range(2000))
    assert seen["bow"] / 2000 == pytest.approx(0.25, abs=0.04)


def test_the_back_is_seen_as_often_as_told() -> None:
    mixture = PoseMixture(BODY, PoseConfig({"stand": 1.0}, turn=0.1, back=0.3))
    rng = np.random.default_rng(3)
    turns_N = np.array([mixture.draw(rng)[0][0] for _ in range(2000)])
    assert (np.cos(turns_N) < 0).mean() == pytest.approx(0.3, abs=0.04)


def test_rare_poses_are_improbable() -> None:
    mixture = PoseMixture(BODY, PoseConfig({"stand": 9.0, "curl": 1.0}))
    stand, curl, nonsense = (
        BODY.angles(BODY.mode_by_name["stand"].pose),
        BODY.angles(BODY.mode_by_name["curl"].pose),
        np.full(len(BODY.hinges), 2.0),
    )
    log_probs = mixture.log_prob(np.stack([stand, curl, nonsense]))
    assert log_probs[0] > log_probs[1] > log_probs[2]


def test_an_unknown_action_is_named() -> None:
    with pytest.raises(UserError, match="knows no action 'wlak'") as caught:
        PoseMixture(BODY, PoseConfig({"wlak": 1.0}))
    assert "did you mean 'walk'" in str(caught.value)


def test_a_figure_without_symmetry_is_never_mirrored() -> None:
    one_sided = replace(BODY, symmetric=False)
    mixture = PoseMixture(one_sided, PoseConfig({"reach": 1.0}))
    rng = np.random.default_rng(4)
    left = one_sided.hinges.index("l_raise")
    assert max(mixture.draw(rng)[0][left] for _ in range(100)) < 1.0
