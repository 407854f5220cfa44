"""Target-aware: bins follow predictions, never labels, and nothing else."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from poseshift.data.domain import LabeledDomain, UnlabeledDomain
from poseshift.data.pack import Pack
from poseshift.nn.posenet import NetworkConfig, PoseNet
from poseshift.predict import Predictions
from poseshift.sampling.base import SAMPLERS, build_sampler
from poseshift.sampling.poses import normalized
from poseshift.sampling.target_aware import LOOKED_AT, TargetAware, look_at, sure_visibility
from poseshift.settings import own_settings
from poseshift.skeleton import skeleton
from tests.planted import plant_nan
from tests.sampling.made import points, pose_pack
from tests.sampling.test_samplers import Posed

N, STEPS = 300, 100


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    return pose_pack(tmp_path_factory.mktemp("aware") / "pack", N)


def aware(domain: LabeledDomain, **more: Any) -> TargetAware:
    config = {"name": "target-aware", "k": 5, "score": "mean", **more}
    sampler = build_sampler(own_settings(config, SAMPLERS, ""), domain, STEPS, 0)
    assert isinstance(sampler, TargetAware)
    return sampler


def predicted(keypoints: np.ndarray, confidence: float | np.ndarray = 1.0) -> Predictions:
    peaks = torch.as_tensor(np.broadcast_to(confidence, keypoints.shape[:2]).copy()).float()
    places = torch.as_tensor(keypoints).float()
    return Predictions(places, peaks, places.round(), 32)


def drawn_from(sampler: TargetAware) -> np.ndarray:
    """Shares of bins in what is drawn."""
    index = np.concatenate([sampler.indices(step, 40) for step in range(STEPS)])
    return np.bincount(sampler.bins.bin_N[index], minlength=5) / len(index)


def test_it_is_uniform_until_it_has_looked(pack: Pack):
    np.testing.assert_allclose(drawn_from(aware(Posed(pack))), 0.2, atol=0.01)


def test_half_of_the_batch_follows_the_predictions(pack: Pack):
    sampler = aware(Posed(pack))
    hardest = points(N)[sampler.bins.bin_N == 4]
    sampler.look(predicted(hardest))
    expected = 0.1 + 0.5 * (np.array([0, 0, 0, 0, len(hardest)]) + 1) / (len(hardest) + 5)
    np.testing.assert_allclose(sampler.shares(0), expected)
    np.testing.assert_allclose(drawn_from(sampler), expected, atol=0.02)
    sampler.look(predicted(points(N)[sampler.bins.bin_N == 0]))
    assert sampler.shares(0)[0] > 0.5


def test_a_target_like_the_source_asks_for_uniform_sampling(pack: Pack):
    sampler = aware(Posed(pack))
    sampler.look(predicted(points(N)))
    np.testing.assert_allclose(sampler.shares(0), 0.2, atol=1e-9)


def test_unsure_joints_have_no_say(pack: Pack):
    hands = points(N, 3)
    peaks = np.random.default_rng(0).random((N, 21))
    wild = np.where((peaks < np.quantile(peaks, 0.25))[..., None], 1e6, hands)
    samplers = aware(Posed(pack)), aware(Posed(pack))
    for sampler, keypoints in zip(samplers, (hands, wild), strict=True):
        sampler.look(predicted(keypoints, peaks))
    np.testing.assert_array_equal(samplers[0].shares(0), samplers[1].shares(0))
    assert sure_visibility(peaks.astype(np.float32), 1.0).all()


def test_too_few_sure_poses_change_nothing(pack: Pack):
    sampler = aware(Posed(pack))
    sampler.look(predicted(points(9)))
    assert sampler.state() == {}


def test_the_last_look_is_its_state(pack: Pack):
    sampler, other = aware(Posed(pack)), aware(Posed(pack))
    sampler.look(predicted(points(N, 5)[:40]))
    other.restore(sampler.state())
    for step in (0, 50):
        np.testing.assert_array_equal(other.indices(step, 40), sampler.indices(step, 40))
    other.restore({})
    assert other.wanted_k is None


def test_joints_in_another_order_are_the_same_poses(puppet_packs: dict[str, Pack]):
    """The run's joints are not the Pack's: the score is asked in the Pack's."""
    pack = puppet_packs["studio"]
    mapped = LabeledDomain(pack, skeleton("lsp14"))
    sampler = aware(mapped, k=3, sure=1.0)
    sampler.look(predicted(mapped.keypoints_NK2, 1.0))
    visibility = pack.poses.visibility_NK.copy()
    missing = [k for k, n in enumerate(pack.skeleton.keypoints) if n in ("pelvis", "thorax")]
    visibility[:, missing] = 0
    poses = normalized(pack.poses.keypoints_NK2, visibility, pack.skeleton)
    count = np.bincount(sampler.bins.find(sampler.score.scores(poses)), minlength=3)
    np.testing.assert_allclose(sampler.wanted_k, (count + 1) / (count.sum() + 3))


def test_labels_are_out_of_reach(puppet_packs: dict[str, Pack], tmp_path: Path):
    """Looking at a target whose every label is NaN is looking at the target."""
    pack = puppet_packs["street"]
    planted = Pack(plant_nan(pack, tmp_path / "planted"))
    torch.manual_seed(0)
    network = PoseNet(NetworkConfig(widths=(8, 8)), 16)
    one, other = (
        look_at(UnlabeledDomain(p), network, 32, device="cpu", precision="32")
        for p in (pack, planted)
    )
    assert torch.equal(one.keypoints_NK2, other.keypoints_NK2)
    assert len(one.keypoints_NK2) == min(24, LOOKED_AT)
