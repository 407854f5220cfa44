"""Starts: what is taken over, what is fresh, and what is refused."""

from pathlib import Path

import pytest
import torch
from transformers import ResNetConfig, ResNetForImageClassification

from poseshift.errors import BadInput, UserError
from poseshift.nn.posenet import NetworkConfig, PoseNet
from poseshift.nn.starting import start
from poseshift.run import Run, write_manifest
from poseshift.skeleton import Skeleton, skeleton
from tests.tiny_runs import same, tiny

BODY, LSP = skeleton("body16"), skeleton("lsp14")
SMALL = NetworkConfig(widths=(8, 8))


def a_run(folder: Path, joints: Skeleton = BODY, shape: NetworkConfig = SMALL) -> Run:
    run = Run.create(folder, tiny())
    write_manifest(run, {}, joints)
    for step in (3, 10):
        torch.manual_seed(step)
        run.save_checkpoint(PoseNet(shape, len(joints)), step)
    return run


def test_a_run_gives_its_last_checkpoint_whole(tmp_path: Path):
    run = a_run(tmp_path / "run")
    for config in (SMALL, NetworkConfig()):  # said, or left to follow
        network = start(config, BODY, str(run.path), 32).network
        assert same(network.state_dict(), run.network(10).state_dict())
        assert network.config.widths == (8, 8)


def test_a_run_gives_the_checkpoint_it_chose(tmp_path: Path):
    run = a_run(tmp_path / "run")
    (run.path / "selection.json").write_text('{"step": 3}')
    network = start(SMALL, BODY, str(run.path), 32).network
    assert same(network.state_dict(), run.network(3).state_dict())


@pytest.mark.parametrize("regressor", ["linear", "conv"])
def test_joints_of_a_run_are_matched_by_name(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, regressor: str
):
    shape = NetworkConfig.model_validate({"widths": (8, 8), "regressor": regressor})
    run = a_run(tmp_path / "run", LSP, shape)
    theirs, ours = run.network(10), start(shape, BODY, str(run.path), 32).network.eval()
    image = torch.rand(1, 3, 32, 32)
    for name in ("left_wrist", "right_hip"):
        mine, other = ours(image)[:, BODY.index(name)], theirs(image)[:, LSP.index(name)]
        torch.testing.assert_close(mine, other)
    assert "start fresh: pelvis, thorax" in caplog.text


def test_the_same_number_of_joints_is_not_the_same_joints(tmp_path: Path):
    names = list(reversed(BODY.keypoints))
    turned = Skeleton.from_dict({"name": "turned", "keypoints": names}, "test")
    run = a_run(tmp_path / "run", turned)
    ours = start(SMALL, BODY, str(run.path), 32).network.state_dict()
    assert torch.equal(ours["head.weight"], run.network(10).state_dict()["head.weight"].flip(0))


def test_a_file_beside_its_shape_and_one_alone(tmp_path: Path):
    run = a_run(tmp_path / "run")
    network = start(NetworkConfig(), BODY, str(run.weights(3)), 32).network
    assert same(network.state_dict(), run.network(3).state_dict())
    network.save(tmp_path / "alone.safetensors")
    again = start(SMALL, BODY, str(tmp_path / "alone.safetensors"), 32).network
    assert same(again.state_dict(), network.state_dict())
    with pytest.raises(BadInput, match="tensors differ"):
        start(NetworkConfig(), BODY, str(tmp_path / "alone.safetensors"), 32)
    with pytest.raises(BadInput, match="has 16 joints, skeleton lsp14 has 14"):
        start(SMALL, LSP, str(run.weights(3)), 32)


def test_a_backbone_gives_its_weights_and_nothing_else(tmp_path: Path):
    torch.manual_seed(0)
    shape = ResNetConfig(
        embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], layer_type="basic", num_labels=3
    )
    model = ResNetForImageClassification(shape)
    model.save_pretrained(tmp_path)
    network = start(NetworkConfig(widths=(4,)), BODY, str(tmp_path), 32).network
    assert network.config.backbone == str(tmp_path)
    mine = network.backbone.state_dict()
    kept = [key for key in model.state_dict() if key.startswith("resnet.e")]
    assert len(kept) > 10
    for key in kept:
        assert torch.equal(mine[key.replace("resnet.", "model.")], model.state_dict()[key])
    assert network(torch.rand(2, 3, 32, 32)).shape[1] == 16


def test_settings_that_say_otherwise(tmp_path: Path):
    run = a_run(tmp_path / "run")
    with pytest.raises(UserError, match=r"has widths \[8, 8\], the settings say \[4, 4\]") as error:
        start(NetworkConfig(widths=(4, 4)), BODY, str(run.path), 32)
    assert error.value.where == str(run.path)
    assert "network.widths" in str(error.value.fix)


def test_a_run_of_other_joints(tmp_path: Path):
    run = a_run(tmp_path / "run", skeleton("hand21"))
    with pytest.raises(BadInput, match="no keypoint in common"):
        start(SMALL, BODY, str(run.path), 32)


@pytest.mark.parametrize("name", ["nothing.safetensors", "/no/such/run", "restnet50", "./a/b"])
def test_what_is_not_there(name: str):
    with pytest.raises(BadInput, match="no such run") as error:
        start(SMALL, BODY, name, 32)
    assert "resnet50" in str(error.value.fix)


@pytest.mark.parametrize(
    ("name", "said"), [("nobody/nothing", "nobody"), ("resnet50", "resnet-50")]
)
def test_what_the_hub_does_not_give(name: str, said: str):
    with pytest.raises(UserError) as error:
        start(SMALL, BODY, name, 32)
    assert said in str(error.value)
    assert "connection" in str(error.value)


@pytest.mark.parametrize(
    "text",
    ["{", "[]", '{"model_type": "none_such"}', '{"model_type": "vitpose", "scale_factor": "x"}'],
)
def test_a_config_that_is_not_one(tmp_path: Path, text: str):
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(BadInput, match=r"neither a run nor|could not be loaded|not open") as error:
        start(NetworkConfig(), BODY, str(tmp_path), 32)
    assert error.value.where == str(tmp_path)
