"""The sampler `prior`: bins as a prior's poses fall into them, one sampler a prior."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from poseshift.build import sampler_manifest
from poseshift.config import load_config
from poseshift.data.domain import LabeledDomain
from poseshift.data.pack import PackWriter
from poseshift.data.types import Sample
from poseshift.engine import fit
from poseshift.errors import BadInput
from poseshift.prior.folder import Prior
from poseshift.sampling.base import SAMPLERS, build_sampler
from poseshift.sampling.prior import prior_poses
from poseshift.sampling.scores import load_score
from poseshift.settings import own_settings
from poseshift.skeleton import skeleton
from tests.prior.made import BODY, bodies, body_generator
from tests.sampling.made import pose_pack
from tests.tiny_runs import assert_same_run, tiny

STEPS, K = 50, 6


class Posed(LabeledDomain):
    """A domain of poses whose images nobody asks for."""

    def __init__(self, pack: Any) -> None:
        self.pack, self.skeleton = pack, pack.skeleton

    def __len__(self) -> int:
        return len(self.pack)


@pytest.fixture(scope="module")
def domain(tmp_path_factory: pytest.TempPathFactory) -> LabeledDomain:
    """Bodies like the prior's, and as many that are nothing like them."""
    path = tmp_path_factory.mktemp("bodies") / "pack"
    poses = [*bodies(150, 3).points_NK2, *bodies(150, 4, spread=1.5).points_NK2]
    with PackWriter(path, BODY, 64) as writer:
        for i, points_K2 in enumerate(poses):
            keypoints_K2 = (points_K2 * 8 + 30).numpy()
            writer.add(Sample(f"{i:04d}", None, keypoints_K2, np.full(16, 2, np.uint8)))
    from poseshift.data.pack import Pack

    return Posed(Pack(path))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("prior")
    Prior(body_generator()).save(path, {})
    return path


def made(domain: LabeledDomain, folder: Path, **more: Any) -> Any:
    config = {"name": "prior", "folder": str(folder), "k": K, "score": "mean", **more}
    return build_sampler(own_settings(config, SAMPLERS, ""), domain, STEPS, 0)


def drawn(sampler: Any) -> np.ndarray:
    return np.stack([sampler.indices(step, 30) for step in range(STEPS)])


def test_poses_like_the_priors_are_drawn_more_often(domain: LabeledDomain, folder: Path):
    alike = [(drawn(made(domain, folder, p=p)) < 150).mean() for p in (0, 0.5, 1)]
    assert alike[0] == pytest.approx(0.5, abs=0.01)
    assert alike[2] > alike[1] + 0.05 > alike[0] + 0.1


def test_shares_are_the_mixture_that_p_says(domain: LabeledDomain, folder: Path):
    uniform, half, whole = (made(domain, folder, p=p).shares(0) for p in (0, 0.5, 1))
    np.testing.assert_allclose(half, (uniform + whole) / 2)
    sampler = made(domain, folder, p=1)
    score_M = load_score(sampler.bins.folder).scores(prior_poses(str(folder), BODY))
    count_k = np.bincount(sampler.bins.find(score_M), minlength=K)
    np.testing.assert_allclose(whole, (count_k + 1) / (len(score_M) + K))


def test_it_is_a_function_of_the_step(domain: LabeledDomain, folder: Path):
    whole = drawn(made(domain, folder))
    for step in (STEPS - 1, 0, 7):
        np.testing.assert_array_equal(made(domain, folder).indices(step, 30), whole[step])


def test_a_prior_of_other_joints_is_refused(tmp_path: Path, folder: Path):
    hands = pose_pack(tmp_path / "pack", 40)
    with pytest.raises(BadInput, match="no keypoint in common") as caught:
        made(Posed(hands), folder)
    assert str(caught.value).startswith(f"{folder}: ")
    assert caught.value.fix == "fit the prior with --skeleton hand21"
    assert not (hands.path / "bins").exists()  # it is told before the work
    with pytest.raises(BadInput, match="--skeleton coco17"):
        prior_poses(str(folder), skeleton("coco17"))


def test_the_manifest_knows_one_prior_from_another(
    domain: LabeledDomain, folder: Path, tmp_path: Path
):
    generator = body_generator()
    moved = {**generator.weights, "mean": generator.weights["mean"] + 0.5}
    Prior(type(generator)(generator.hinge, moved, generator.critic, generator.config)).save(
        tmp_path, {}
    )
    config = tiny().model_copy(update={"sampler": made(domain, folder).config})
    one, same, other = (
        sampler_manifest(config, made(domain, where))["sampler"]["fingerprint"]
        for where in (folder, folder, tmp_path)
    )
    assert one == same != other


def test_a_run_with_both_switches_resumes_to_the_bit(folder: Path, tmp_path: Path):
    sampler = {"name": "prior", "folder": str(folder), "k": 3, "score": "mean"}
    method = {"name": "lodestar", "prior": str(folder), "pretrain": 0.3}
    plan = tiny(method).model_copy(
        update={"sampler": load_config(source="a", sampler=sampler).sampler}
    )
    whole = fit(plan, tmp_path / "whole", progress=False)

    def leave(step: int) -> None:
        if step == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(plan, tmp_path / "cut", progress=False, on_step=leave)
    assert_same_run(fit(plan, tmp_path / "cut", resume=True, progress=False), whole)
    assert "prior" in (whole.path / "config.yaml").read_text()
