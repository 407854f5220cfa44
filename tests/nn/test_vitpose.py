"""ViTPose as one of our networks: the same maps as transformers' own, on the joints shared."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import VitPoseBackboneConfig, VitPoseConfig, VitPoseForPoseEstimation

from poseshift.engine import fit
from poseshift.errors import BadInput, UserError
from poseshift.nn.posenet import NetworkConfig, PoseNet
from poseshift.nn.starting import start
from poseshift.nn.vitpose import head_config, joints_of, stretched
from poseshift.run import Run
from poseshift.skeleton import skeleton
from tests.tiny_runs import tiny

SIDE = 64
COCO = skeleton("coco17")


def vitpose(folder: Path, size: tuple[int, int] = (SIDE, SIDE), **changes: Any) -> Any:
    """A small ViTPose with nothing left at its start, saved; ``experts`` makes it a ViTPose+."""
    torch.manual_seed(0)
    experts = changes.pop("experts", 1)
    body = VitPoseBackboneConfig(
        image_size=list(size), patch_size=[16, 16], hidden_size=32, num_hidden_layers=2,
        num_attention_heads=4, out_indices=[2], num_experts=experts, part_features=8,
    )  # fmt: skip
    config = VitPoseConfig(backbone_config=body, **{"num_labels": 17, **changes})
    model = VitPoseForPoseEstimation(config).eval()
    with torch.no_grad():
        for value in model.state_dict().values():
            if value.is_floating_point():
                value.copy_(torch.rand_like(value) / 2 + 0.01)
    model.save_pretrained(folder)
    return model


def shifted(image_BCHW: torch.Tensor) -> torch.Tensor:
    return (image_BCHW - 0.5) / 0.25


@pytest.mark.parametrize("simple", [True, False], ids=["simple head", "classic head"])
@pytest.mark.parametrize("experts", [1, 3], ids=["ViTPose", "ViTPose+"])
def test_its_maps_are_those_of_transformers(tmp_path: Path, simple: bool, experts: int):
    theirs = vitpose(tmp_path, use_simple_decoder=simple, experts=experts)
    ours = start(NetworkConfig(), COCO, str(tmp_path), SIDE).network.eval()
    image = shifted(torch.rand(3, 3, SIDE, SIDE))
    index = torch.zeros(3, dtype=torch.long) if experts > 1 else None
    with torch.inference_mode():
        expected, found = theirs(image, dataset_index=index).heatmaps, ours(image)
    assert found.shape == (3, 17, 16, 16) == (3, 17, ours.cells(SIDE), ours.cells(SIDE))
    assert expected.std() > 0.01
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


def test_its_joints_are_matched_by_name(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    theirs, body = vitpose(tmp_path), skeleton("body16")
    torch.manual_seed(7)
    ours = start(NetworkConfig(), body, str(tmp_path), SIDE).network.eval()
    image = shifted(torch.rand(2, 3, SIDE, SIDE))
    with torch.inference_mode():
        expected, found = theirs(image).heatmaps, ours(image)
    for name in ("left_wrist", "right_ankle", "left_hip"):
        mine, other = found[:, body.index(name)], expected[:, COCO.index(name)]
        torch.testing.assert_close(mine, other, rtol=1e-4, atol=1e-4)
    said = caplog.text
    for name in ("thorax", "pelvis"):
        assert name in said
        fresh = ours.head.weight[body.index(name)]
        assert 0 < fresh.std() < 0.002
    assert "left_wrist" not in said


def test_names_in_its_config_go_before_coco(tmp_path: Path):
    names = dict(enumerate(["Nose", "R_Wrist", "L_Wrist"]))
    theirs = vitpose(tmp_path, id2label=names, num_labels=3)
    ours = start(NetworkConfig(), COCO, str(tmp_path), SIDE).network.eval()
    image = shifted(torch.rand(1, 3, SIDE, SIDE))
    with torch.inference_mode():
        left = ours(image)[:, COCO.index("left_wrist")]
        torch.testing.assert_close(left, theirs(image).heatmaps[:, 2], rtol=1e-4, atol=1e-4)


def test_a_body_starts_a_hand(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    vitpose(tmp_path)
    hand = start(NetworkConfig(), skeleton("hand21"), str(tmp_path), SIDE).network
    assert hand.joints == 21
    assert "wrist" in caplog.text


def test_any_side_and_it_reopens_without_its_folder(tmp_path: Path):
    vitpose(tmp_path / "vitpose", size=(64, 48))
    first = start(NetworkConfig(), COCO, str(tmp_path / "vitpose"), 96).network.eval()
    first.save(tmp_path / "w.safetensors")
    about = first.describe()
    (tmp_path / "vitpose" / "config.json").unlink()
    again = PoseNet.from_description(about, "network.json").eval()
    again.load(tmp_path / "w.safetensors")
    image = shifted(torch.rand(1, 3, 96, 96))
    assert torch.equal(again(image), first(image))
    assert first(image).shape == (1, 17, 24, 24)


def test_only_shapes_that_were_not_given_follow(tmp_path: Path):
    vitpose(tmp_path, use_simple_decoder=False)
    asked = NetworkConfig(widths=(256, 256))
    assert start(asked, COCO, str(tmp_path), SIDE).network.config.head == "deconv"
    with pytest.raises(UserError, match=r"has head 'deconv', the settings say 'lateral'"):
        start(NetworkConfig(head="lateral"), COCO, str(tmp_path), SIDE)


def test_a_run_that_starts_from_it_goes_on_and_reopens_without_it(tmp_path: Path):
    vitpose(tmp_path / "vitpose", use_simple_decoder=False)
    plan = tiny(steps=3, checkpoint_every=1).model_copy(
        update={"init": str(tmp_path / "vitpose"), "network": NetworkConfig()}
    )

    def stop(step: int) -> None:
        if step == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(plan, tmp_path / "run", progress=False, on_step=stop)
    shutil.rmtree(tmp_path / "vitpose")
    begun = Run.open(tmp_path / "run")
    assert (begun.config.network.head, begun.config.network.widths) == ("deconv", (256, 256))
    run = fit(begun.config, begun.path, resume=True, progress=False)
    assert run.checkpoints()[0] == 0
    assert run.last() == 3
    assert run.network()(torch.zeros(1, 3, 32, 32)).shape == (1, 16, 8, 8)


# --- position embeddings --------------------------------------------------------------------------


@given(st.integers(2, 9), st.integers(2, 9), st.integers(2, 12))
@settings(max_examples=20, deadline=None)
def test_stretching_keeps_what_is_even(high: int, wide: int, side: int):
    even = torch.full((1, 1 + high * wide, 3), 0.7)
    torch.testing.assert_close(
        stretched(even, (high, wide), side), even[:, :1].expand(1, 1 + side**2, 3)
    )


def test_stretching_keeps_rows_and_columns_apart():
    row_HW = torch.arange(8.0)[:, None].expand(8, 6)
    positions = torch.cat([torch.tensor([9.0]), row_HW.flatten()])[None, :, None]
    found = stretched(positions, (8, 6), 8)
    assert found[0, 0, 0] == 9
    torch.testing.assert_close(found[0, 1:, 0].reshape(8, 8), row_HW[:, :1].expand(8, 8))


def test_the_same_grid_is_left_as_it_is():
    positions = torch.rand(1, 17, 4)
    assert stretched(positions, (4, 4), 4) is positions


# --- what cannot be used --------------------------------------------------------------------------


def test_an_odd_scale(tmp_path: Path):
    vitpose(tmp_path, scale_factor=3)
    with pytest.raises(BadInput, match="enlarges the map 3 times, expected a power of two"):
        start(NetworkConfig(), COCO, str(tmp_path), SIDE)


def test_joints_without_names():
    config = VitPoseConfig(num_labels=5)
    with pytest.raises(BadInput, match=r"does not name its 5 joints") as error:
        joints_of(config, "x")
    assert "id2label" in str(error.value.fix)
    assert joints_of(VitPoseConfig(num_labels=17), "x") is COCO


def test_head_shapes():
    shape = NetworkConfig(**head_config(VitPoseConfig(use_simple_decoder=False), "x"))
    assert (shape.head, shape.widths, shape.regressor) == ("deconv", (256, 256), "linear")


@pytest.mark.parametrize("spoil", ["missing", "cut", "lacking"])
def test_weights_that_cannot_be_used(tmp_path: Path, spoil: str):
    vitpose(tmp_path)
    file = tmp_path / "model.safetensors"
    if spoil == "missing":
        file.unlink()
    elif spoil == "cut":
        file.write_bytes(file.read_bytes()[:-50])
    else:
        from safetensors.torch import load_file, save_file

        state = load_file(file)
        del state["head.conv.bias"]
        save_file(state, file, metadata={"format": "pt"})
    with pytest.raises(BadInput, match=r"head.conv.bias|could not be loaded") as error:
        start(NetworkConfig(), COCO, str(tmp_path), SIDE)
    assert error.value.where == str(tmp_path)
