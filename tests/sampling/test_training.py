"""Samplers in real runs: exact resume, no look at labels, manifests, and mistakes told first."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from poseshift.config import RunConfig
from poseshift.data.pack import Pack
from poseshift.data.types import LabeledBatch
from poseshift.data.views import ViewConfig, labeled_view
from poseshift.engine import fit
from poseshift.errors import UserError
from poseshift.interrupt import Interrupted
from poseshift.run import Run
from poseshift.sampling.base import SAMPLERS
from poseshift.settings import own_settings
from poseshift.skeleton import skeleton
from tests.methods.made import draws
from tests.planted import plant_nan
from tests.tiny_runs import assert_same_run, same, tiny

SCORE = {"name": "vae", "steps": 4, "width": 8, "latent": 2}


def with_sampler(name: str, method: str = "mean_teacher", **more: Any) -> RunConfig:
    own = {"k": 3} if name == "random-subset" else {"k": 3, "score": SCORE}
    sampler = own_settings({"name": name, **own, **more}, SAMPLERS, "")
    return tiny(method).model_copy(update={"sampler": sampler})


def stopping_at(step: int) -> Callable[[int], None]:
    def on_step(done: int) -> None:
        if done == step:
            os.kill(os.getpid(), signal.SIGTERM)

    return on_step


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("vae-cl", {}),
        ("vae-hm", {"weights": "importance"}),
        ("target-aware", {"looks": 2}),  # stopped between two looks
        ("target-aware", {"looks": 6}),  # stopped where the next look is due
    ],
)
def test_a_resumed_run_is_the_uninterrupted_one(name: str, more: dict[str, Any], tmp_path: Path):
    config = with_sampler(name, **more)
    whole = fit(config, tmp_path / "whole", progress=False)
    with pytest.raises(Interrupted):
        fit(config, tmp_path / "parts", progress=False, on_step=stopping_at(3))
    assert_same_run(whole, fit(config, tmp_path / "parts", resume=True, progress=False))
    seen = (whole.load_state() or {}).get("sampler")
    assert (seen is not None) == (name == "target-aware")


def test_labels_of_the_target_change_nothing(puppet_packs: dict[str, Pack], tmp_path: Path):
    config = with_sampler("target-aware", looks=4)
    planted = plant_nan(puppet_packs["street"], tmp_path / "planted")
    states = [
        fit(
            config.model_copy(update={"target": str(target)}), tmp_path / name, progress=False
        ).load_state()
        for name, target in (("true", puppet_packs["street"].path), ("nan", planted))
    ]
    assert same(*states)
    assert states[0] is not None
    assert states[0]["sampler"]["wanted_k"].sum() == pytest.approx(1)


def test_looking_disturbs_nothing_else(tmp_path: Path):
    """With p = 0 the looks are in vain: the weights are those of a run without them."""
    states = []
    for number, looks in enumerate((1, 6)):
        config = with_sampler("target-aware", looks=looks, p=0)
        states.append(fit(config, tmp_path / str(number), progress=False).load_state())
    assert states[0] is not None
    assert states[1] is not None
    assert same(states[0]["method"], states[1]["method"])


def test_the_manifest_names_sampler_and_bins(tmp_path: Path):
    said = fit(with_sampler("vae-hm"), tmp_path / "hm", progress=False).manifest["data"]["sampler"]
    assert (said["name"], said["count"], len(said["fingerprint"])) == ("vae-hm", 24, 16)
    control = fit(with_sampler("random-subset"), tmp_path / "rs", progress=False).manifest["data"]
    assert control["sampler"]["fingerprint"] == ""
    assert "sampler" not in fit(tiny(), tmp_path / "plain", progress=False).manifest["data"]
    assert Run.open(tmp_path / "hm").config == with_sampler("vae-hm")


def test_other_bins_than_the_run_began_with_are_refused(tmp_path: Path):
    config = with_sampler("vae-hm")
    run = fit(config, tmp_path / "run", progress=False)
    other = with_sampler("vae-hm", score={**SCORE, "seed": 9})
    with pytest.raises(UserError, match="sampler vae-hm is no longer"):
        fit(other, run.path, resume=True, progress=False)


@pytest.mark.parametrize("method", ["source_only", "supervised"])
def test_without_an_unlabelled_target_there_is_nothing_to_look_at(method: str, tmp_path: Path):
    with pytest.raises(UserError, match=f"method {method} has none"):
        fit(with_sampler("target-aware", method), tmp_path / "run", progress=False)
    assert not (tmp_path / "run").exists()


def test_weights_of_samples_are_weights_of_their_joints(puppet_packs: dict[str, Pack]):
    poses = puppet_packs["studio"].poses
    crops = torch.zeros(4, 64, 64, 3, dtype=torch.uint8)
    keypoints = torch.from_numpy(np.array(poses.keypoints_NK2[:4]))
    seen = torch.from_numpy(np.array(poses.visibility_NK[:4]))
    factor = torch.tensor([0.0, 0.5, 1.0, 3.0])

    def weights(weight_B: torch.Tensor | None) -> Any:
        batch = LabeledBatch(torch.arange(4), crops, draws(0, count=4), keypoints, seen, weight_B)
        return labeled_view(batch, ViewConfig(), 32, skeleton("body16"))

    plain, weighed, ones = weights(None), weights(factor), weights(torch.ones(4))
    assert torch.equal(plain[2], ones[2])
    assert torch.equal(weighed[2], plain[2] * factor[:, None])
    assert torch.equal(plain[1], weighed[1])
