"""Packs of puppets in a prior's poses, by function and by command."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from poseshift.data.baked import WorldSpec
from poseshift.data.pack import Pack
from poseshift.data.puppets.tracing import Tracer
from poseshift.errors import UserError
from poseshift.prior.annotate.puppets import write_puppets
from poseshift.prior.folder import Prior
from poseshift.prior.poses import PoseSet
from poseshift.skeleton import skeleton
from tests.prior.made import BODY, body_generator
from tests.tiny_runs import Shell

SPEC = WorldSpec.parse("world:studio?count=3")


def test_labels_are_the_priors_poses(tmp_path: Path):
    generator = body_generator()
    pack = write_puppets(tmp_path / "p", generator, BODY, SPEC, 4, side=48, seed=2, pool=30)
    found = PoseSet.of(np.array(pack.poses.keypoints_NK2), BODY)
    assert torch.allclose(found.points_NK2, generator.sample(4, 2), atol=1e-3)
    assert pack.crops.image(0).shape == (48, 48, 3)
    assert len(set(pack.poses.id_N)) == 4


def test_the_worlds_own_samples_come_first(tmp_path: Path):
    pack = write_puppets(
        tmp_path / "p", body_generator(), BODY, SPEC, 2, own=True, side=48, pool=30
    )
    assert len(pack) == 5
    own = SPEC.world.sample(1, 48)
    np.testing.assert_array_equal(pack.poses.keypoints_NK2[1], own.keypoints_K2)
    assert pack.poses.category_N[:3] == [SPEC.world.sample(i, 48).category for i in range(3)]


def test_a_prior_of_hands_draws_no_bodies(tmp_path: Path):
    with pytest.raises(UserError, match="draws body16, the poses are of hand21"):
        write_puppets(tmp_path / "p", body_generator(), skeleton("hand21"), SPEC, 1)
    assert not (tmp_path / "p").exists()


def test_the_command_writes_a_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr("poseshift.prior.annotate.puppets.Tracer", lambda w, _: Tracer(w, 30))
    (tmp_path / "prior").mkdir()
    Prior(body_generator()).save(tmp_path / "prior", {})
    said = Shell(monkeypatch, capsys)(
        "prior", "draw", tmp_path / "prior", "world:studio?count=2", "--own", "-n", "2",
        "--side", "48", "-o", tmp_path / "pack", "--json",
    )  # fmt: skip
    assert said.code == 0, said.err
    assert json.loads(said.out)["samples"] == 4
    pack = Pack(tmp_path / "pack")
    assert (len(pack), pack.info.labeled, pack.info.side) == (4, True, 48)
