"""Prediction: crops in, keypoints in crop pixels out, the same however it is batched."""

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor

from poseshift.data.heatmap import encode
from poseshift.data.pack import Pack, PackWriter
from poseshift.data.types import Sample
from poseshift.errors import BadInput, UserError
from poseshift.nn.posenet import NetworkConfig, PoseNet
from poseshift.predict import predict_crops
from poseshift.skeleton import Skeleton

DOTS = Skeleton.from_dict({"name": "dots", "keypoints": ["red", "green", "blue"]}, "test")


class Dots(PoseNet):
    """Knows the places: finds the middle of each colour and draws its map there."""

    def __init__(self) -> None:
        super().__init__(NetworkConfig(widths=(2, 2, 2)), joints=3)
        self.modes: set[bool] = set()

    def forward(self, image_BCHW: Tensor) -> Tensor:
        self.modes.add(self.training)
        high, low = image_BCHW.amax((2, 3), keepdim=True), image_BCHW.amin((2, 3), keepdim=True)
        share = ((image_BCHW - low) / (high - low) - 0.1).clamp(min=0).double()
        share = share / share.sum((2, 3), keepdim=True)
        ticks = torch.arange(image_BCHW.shape[-1], dtype=torch.float64)
        x, y = (share.sum(2) * ticks).sum(-1), (share.sum(3) * ticks).sum(-1)
        cells = self.cells(image_BCHW.shape[-1])
        scale = cells / image_BCHW.shape[-1]
        return encode((torch.stack([x, y], -1) + 0.5) * scale - 0.5, cells).float()


@pytest.fixture(scope="module")
def dots(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    """Blobs of three colours on black, 128 px."""
    path = tmp_path_factory.mktemp("dots") / "pack"
    rng, (row, column) = np.random.default_rng(0), np.mgrid[:128, :128]
    with PackWriter(path, DOTS, 128) as writer:
        for i in range(7):
            points = rng.uniform(20, 108, (3, 2)).astype(np.float32)
            blobs = [np.exp(-((column - x) ** 2 + (row - y) ** 2) / 50) for x, y in points]
            bgr = (255 * np.stack(blobs[::-1], -1)).round().astype(np.uint8)
            image = cv2.imencode(".png", bgr)[1].tobytes()
            writer.add(Sample(f"{i}", image, points, np.full(3, 2, np.uint8)))
    return Pack(path)


@pytest.mark.parametrize("precision", ["32", "bf16"])
@pytest.mark.parametrize("side", [128, 96])
def test_keypoints_are_in_crop_pixels(dots: Pack, side: int, precision: str):
    found = predict_crops(Dots(), dots.crops, side, device="cpu", precision=precision)
    error = found.keypoints_NK2 - torch.tensor(dots.poses.keypoints_NK2)
    assert error.abs().max() < 0.1
    assert found.keypoints_NK2.shape == (7, 3, 2)
    assert found.cells == side // 2


def test_confidence_and_cells_are_those_of_the_maps(dots: Pack):
    found = predict_crops(Dots(), dots.crops, 96, device="cpu", precision="32")
    place = (found.keypoints_NK2 + 0.5) * found.cells / 128 - 0.5
    assert torch.equal(found.cell_NK2, place.round())
    offset = (place - found.cell_NK2).square().sum(-1)
    expected = torch.exp(-offset / (2 * (found.cells / 32) ** 2))
    torch.testing.assert_close(found.confidence_NK, expected, atol=1e-3, rtol=0)


@pytest.mark.parametrize("batch", [1, 3, 7, 100])
def test_the_batch_does_not_matter(dots: Pack, batch: int):
    torch.manual_seed(0)
    network = PoseNet(NetworkConfig(widths=(8, 8)), joints=3)
    network.train()(torch.rand(8, 3, 64, 64))
    every = predict_crops(network, dots.crops, 64, device="cpu", precision="32")
    some = predict_crops(network, dots.crops, 64, device="cpu", precision="32", batch=batch)
    torch.testing.assert_close(some.keypoints_NK2, every.keypoints_NK2, atol=1e-2, rtol=0)
    torch.testing.assert_close(some.confidence_NK, every.confidence_NK, atol=1e-5, rtol=1e-3)


def test_the_network_is_evaluated_without_a_graph(dots: Pack):
    network = Dots().train()
    found = predict_crops(network, dots.crops, 64, device="cpu", precision="32")
    assert network.modes == {False}
    assert not found.keypoints_NK2.requires_grad


def test_a_device_that_is_not_there(dots: Pack):
    if torch.backends.mps.is_available():
        pytest.skip("this machine has an mps device")
    with pytest.raises(UserError, match="sees no mps device"):
        predict_crops(Dots(), dots.crops, 64, device="mps")


def test_a_damaged_crop_is_named(dots: Pack, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(type(dots.crops), "encoded", lambda self, i: memoryview(b"no image"))
    with pytest.raises(BadInput, match="sample 0: its stored image is damaged"):
        predict_crops(Dots(), dots.crops, 64, device="cpu")


def test_a_side_the_network_cannot_take(dots: Pack):
    with pytest.raises(UserError, match="not a multiple"):
        predict_crops(Dots(), dots.crops, 65, device="cpu")


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_the_gpu_predicts_what_the_cpu_predicts(dots: Pack):
    torch.manual_seed(0)
    network = PoseNet(NetworkConfig(widths=(8, 8)), joints=3)
    here, there = (
        predict_crops(network, dots.crops, 64, device=d, precision="32") for d in ("cpu", "cuda")
    )
    torch.testing.assert_close(here.confidence_NK, there.confidence_NK, atol=1e-4, rtol=1e-2)
