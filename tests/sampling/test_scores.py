"""Scores: the VAE's formula, blindness to masked joints, plain distances, and keeping them."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from poseshift.errors import BadInput
from poseshift.sampling.distances import KnnConfig, MeanConfig
from poseshift.sampling.pose_vae import PoseVAE, VaeConfig, kl_weight
from poseshift.sampling.poses import Poses
from poseshift.sampling.scores import SCORES, fit_score, load_score, save_score
from tests.sampling.made import QUICK, poses

VAE = VaeConfig(**QUICK)
EVERY = [VAE, MeanConfig(), KnnConfig(references=60, neighbour=3)]


def masked(known: Poses, seed: int = 0) -> Poses:
    """Some joints of every pose taken away."""
    mask = known.mask_NK & (np.random.default_rng(seed).random(known.mask_NK.shape) > 0.3)
    return Poses(known.pose_NK2, mask)


def garbled(known: Poses) -> Poses:
    """Nonsense in every masked place."""
    noise = np.where(known.mask_NK[..., None], known.pose_NK2, np.float32(np.nan))
    return Poses(noise, known.mask_NK)


# --- the VAE --------------------------------------------------------------------------------------


def test_the_loss_is_the_published_formula():
    torch.manual_seed(0)
    model = PoseVAE(21, VAE)
    known = masked(poses(7))
    pose, mask = torch.from_numpy(known.pose_NK2), torch.from_numpy(known.mask_NK)
    noise = torch.randn(7, VAE.latent)
    said = model.loss(pose, mask, mask, noise, kl=0.25).item()

    def linear(layers: torch.nn.Sequential, x: np.ndarray) -> np.ndarray:
        for layer in layers:
            if isinstance(layer, torch.nn.Linear):
                w, b = (p.detach().double().numpy() for p in (layer.weight, layer.bias))
                x = x @ w.T + b
            else:
                x = np.maximum(x, 0)
        return x

    y, m = known.pose_NK2.astype(float) * known.mask_NK[..., None], known.mask_NK.astype(float)
    mean, logvar = np.split(
        linear(model.encoder, np.concatenate([y.reshape(7, -1), m], 1)), 2, axis=1
    )
    drawn = linear(model.decoder, mean + noise.double().numpy() * np.exp(logvar / 2))
    squares = ((drawn.reshape(7, 21, 2) - y) ** 2).sum(-1) * m
    error = squares.sum(1) * 21 / m.sum(1)
    kl = 0.5 * (mean**2 + np.exp(logvar) - 1 - logvar).sum(1)
    assert said == pytest.approx((error + 0.25 * kl).mean(), rel=1e-5)

    drawn = linear(model.decoder, mean).reshape(7, 21, 2)
    expected = (((drawn - y) ** 2).sum(-1) * m).sum(1) / m.sum(1)
    np.testing.assert_allclose(model.eval().scores(known), expected, rtol=1e-4)


def test_the_divergence_warms_up():
    config = VaeConfig(kl=1e-3, warmup=0.1, steps=100)
    weights = [kl_weight(step, config) for step in range(100)]
    np.testing.assert_allclose(weights[:11], 1e-4 * np.arange(11))
    assert set(weights[10:]) == {1e-3}
    assert kl_weight(0, VaeConfig(kl=2, warmup=0)) == 0


def test_the_same_seed_gives_the_same_weights_and_leaves_the_world_alone():
    torch.manual_seed(3)
    before = torch.get_rng_state()
    one, two, other = (PoseVAE.fit(poses(80), VaeConfig(**QUICK, seed=s)) for s in (0, 0, 1))
    assert torch.equal(torch.get_rng_state(), before)
    first = one.state_dict()
    assert all(torch.equal(value, two.state_dict()[name]) for name, value in first.items())
    assert not torch.equal(one.decoder[0].weight, other.decoder[0].weight)


def test_held_out_poses_score_like_fitted_ones_and_rare_ones_higher():
    model = PoseVAE.fit(poses(600), VaeConfig(steps=150, width=32, batch=256))
    fitted, held = (np.quantile(model.scores(poses(600, s)), (0.25, 0.5, 0.75)) for s in (0, 1))
    np.testing.assert_allclose(held, fitted, rtol=0.3)
    far = Poses(2.5 * poses(50, 2).pose_NK2, poses(50, 2).mask_NK)
    assert model.scores(far).min() > np.median(model.scores(poses(600)))


def test_a_missing_joint_changes_little():
    model = PoseVAE.fit(poses(600), VaeConfig(steps=150, width=32, batch=256))
    known = poses(200, 5)
    some = Poses(known.pose_NK2, known.mask_NK & (np.arange(21) != 9))
    assert spearmanr(model.scores(known), model.scores(some)).statistic > 0.9


# --- every score ----------------------------------------------------------------------------------


@pytest.mark.parametrize("config", EVERY, ids=lambda config: config.name)
def test_masked_joints_never_matter(config):
    clean = masked(poses(90))
    zero = Poses(np.where(clean.mask_NK[..., None], clean.pose_NK2, 0), clean.mask_NK)
    score = fit_score(zero, config)
    kept = score.scores(zero)
    assert np.isfinite(kept).all()
    np.testing.assert_array_equal(score.scores(garbled(clean)), kept)
    again = fit_score(garbled(clean), config)
    np.testing.assert_array_equal(again.scores(zero), kept)


@pytest.mark.parametrize("config", EVERY, ids=lambda config: config.name)
def test_a_kept_score_says_the_same(config, tmp_path: Path):
    score = fit_score(poses(90), config)
    save_score(score, tmp_path)
    opened = load_score(tmp_path)
    assert opened.config == config
    np.testing.assert_array_equal(opened.scores(poses(40, 1)), score.scores(poses(40, 1)))


@pytest.mark.parametrize("config", EVERY, ids=lambda config: config.name)
def test_a_pose_of_which_nothing_is_known_has_no_score(config):
    known = poses(40)
    nothing = Poses(known.pose_NK2, known.mask_NK & (np.arange(40) > 0)[:, None])
    said = fit_score(known, config).scores(nothing)
    assert np.isnan(said[0])
    assert np.isfinite(said[1:]).all()


def test_every_registered_score_is_tested():
    assert {config.name for config in EVERY} == set(SCORES)


# --- plain distances ------------------------------------------------------------------------------


def test_the_mean_distance_by_hand():
    known = masked(poses(30))
    y, m = known.pose_NK2.astype(float), known.mask_NK[..., None].astype(float)
    mean = (y * m).sum(0) / m.sum(0)
    expected = (((y - mean) ** 2) * m).sum((1, 2)) / m.sum((1, 2))
    said = fit_score(known, MeanConfig()).scores(known)
    np.testing.assert_allclose(said, expected, rtol=1e-4)


def test_neighbours_by_hand_and_nobody_is_his_own():
    known = masked(poses(30))
    y, m = known.pose_NK2.astype(float), known.mask_NK.astype(float)
    squares = ((y[:, None] - y[None]) ** 2).sum(-1)
    common = m[:, None] * m[None]
    away = (squares * common).sum(-1) / common.sum(-1)
    expected = np.sort(away, axis=1)[:, 3]
    said = fit_score(known, KnnConfig(neighbour=3)).scores(known)
    np.testing.assert_allclose(said, expected, rtol=2e-3, atol=1e-6)


def test_a_stranger_counts_his_nearest_too():
    known = poses(30)
    score = fit_score(known, KnnConfig(neighbour=1))
    other = poses(1, seed=9)
    away = ((known.pose_NK2 - other.pose_NK2) ** 2).sum(-1).mean(1)
    assert score.scores(other)[0] == pytest.approx(away.min(), rel=1e-3)


def test_few_poses_are_enough():
    assert np.isfinite(fit_score(poses(2), KnnConfig()).scores(poses(5, 1))).all()


# --- damage ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["{", "[]", '{"joints": 3}', '{"joints": 21, "config": {}}'])
def test_a_damaged_score_is_told(text: str, tmp_path: Path):
    save_score(fit_score(poses(20), MeanConfig()), tmp_path)
    (tmp_path / "score.json").write_text(text)
    with pytest.raises(BadInput, match="no score of poses"):
        load_score(tmp_path)


def test_cut_off_weights_are_told(tmp_path: Path):
    save_score(fit_score(poses(20), MeanConfig()), tmp_path)
    file = tmp_path / "score.safetensors"
    file.write_bytes(file.read_bytes()[:20])
    with pytest.raises(BadInput, match="no score of poses"):
        load_score(tmp_path)
    assert json.loads((tmp_path / "score.json").read_text())["joints"] == 21
