"""predict: the file says what the network found, the overlay shows what the file says."""

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import pytest
import torch
from faster_coco_eval import COCO

from poseshift.data.formats import ReadOptions
from poseshift.data.formats.coco import Coco
from poseshift.data.pack import Pack
from poseshift.data.prepare import prepare
from poseshift.errors import BadInput, UserError
from poseshift.evaluation import evaluate
from poseshift.nn.posenet import PoseNet
from poseshift.pictures import COLORS
from poseshift.predict_images import PredictReport, predict_images
from poseshift.run import Run, write_manifest
from poseshift.skeleton import skeleton
from tests.data import tiny as files
from tests.tiny_runs import tiny

BODY = skeleton("body16")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run as training leaves it, but for the training: every map has its peak somewhere."""
    config = tiny().model_copy(update={"side": 64})
    run = Run.create(tmp_path_factory.mktemp("run") / "run", config)
    write_manifest(run, {}, BODY)
    torch.manual_seed(3)
    network = PoseNet(config.network, len(BODY))
    network.train()(torch.rand(16, 3, 64, 64))
    torch.nn.init.normal_(network.head.weight, std=0.5)
    for step in (2, 4):
        run.save_checkpoint(network, step)
    return run


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    for i, (width, height) in enumerate([(64, 48), (90, 120), (30, 80)]):
        files.photo(folder / f"img{i + 8}.png", width, height, seed=i)
    return folder


def found(report: PredictReport) -> dict[str, Any]:
    return json.loads((report.out / "predictions.json").read_text())


def places(data: dict[str, Any]) -> np.ndarray:
    return np.array([a["keypoints"] for a in data["annotations"]]).reshape(-1, 16, 3)


def test_whole_images_in_the_order_of_counting(run: Run, photos: Path, tmp_path: Path):
    report = predict_images(run, [photos], tmp_path / "out", threshold=0)
    data = found(report)
    assert [i["file_name"] for i in data["images"]] == ["img8.png", "img9.png", "img10.png"]
    assert [(i["width"], i["height"]) for i in data["images"]] == [(64, 48), (90, 120), (30, 80)]
    assert [a["bbox"] for a in data["annotations"]] == [
        [0, 0, 64, 48], [0, 0, 90, 120], [0, 0, 30, 80],
    ]  # fmt: skip
    assert (report.step, report.images, report.poses, report.skipped) == (4, 3, 3, [])
    assert data["info"]["step"] == 4
    assert data["categories"][0]["keypoints"] == list(BODY.keypoints)
    for entry in data["annotations"]:
        assert entry["score"] == pytest.approx(np.mean(entry["keypoint_scores"]), abs=1e-3)
        assert len(entry["keypoint_scores"]) == 16


def test_a_coco_reader_reads_the_same_numbers(run: Run, photos: Path, tmp_path: Path):
    report = predict_images(run, [photos], tmp_path / "out", threshold=0.2)
    data = found(report)
    triples = places(data)
    set_ = Coco().read(report.out / "predictions.json", ReadOptions(images=photos))
    assert set_.skeleton is BODY
    items = list(set_.items)
    seen = triples[..., 2] > 0
    assert seen.any()
    assert not seen.all()
    for item, triple, box in zip(items, triples, [(64, 48), (90, 120), (30, 80)], strict=True):
        expected = np.where(triple[:, 2:] > 0, triple[:, :2], np.nan)
        np.testing.assert_array_equal(item.keypoints_K2, expected)
        assert item.box_xywh == (-0.5, -0.5, *box)
    pack = prepare(report.out / "predictions.json", tmp_path / "pack", images=photos, side=32)
    assert pack.count == seen.any(1).sum()


def test_tools_of_coco_read_it(run: Run, photos: Path, tmp_path: Path):
    report = predict_images(run, [photos], tmp_path / "out")
    truth = COCO(str(report.out / "predictions.json"))
    results = truth.loadRes(found(report)["annotations"])
    assert len(results.anns) == 3


def test_a_puppet_is_found_where_evaluation_finds_it(
    run: Run, puppet_packs: dict[str, Pack], tmp_path: Path
):
    """Its image is the crop: prepare cut it, predict is given it whole."""
    pack = puppet_packs["street"]
    for i in range(len(pack)):
        (tmp_path / "in").mkdir(exist_ok=True)
        crop = np.ascontiguousarray(pack.crops.image(i)[..., ::-1])
        cv2.imwrite(str(tmp_path / "in" / f"{i:03}.png"), crop)
    (evaluation,) = evaluate(run, pack)
    with pa.memory_map(str(evaluation.folder / "predictions.arrow")) as source:
        column = pa.ipc.open_file(source).read_all().column("keypoints")
        expected = np.array(column.to_pylist()).reshape(-1, 16, 2)
    report = predict_images(run, [tmp_path / "in"], tmp_path / "out")
    np.testing.assert_allclose(places(found(report))[..., :2], expected, atol=0.5)


def test_the_overlay_shows_the_numbers(run: Run, tmp_path: Path):
    (tmp_path / "in").mkdir()
    cv2.imwrite(str(tmp_path / "in" / "grey.png"), np.full((300, 200, 3), 128, np.uint8))
    boxes = tmp_path / "boxes.csv"
    boxes.write_text("image,x,y,w,h\ngrey.png,20,40,150,220\n")
    report = predict_images(run, [tmp_path / "in"], tmp_path / "out", boxes=boxes, threshold=0)
    picture = cv2.imread(str(report.out / "overlays" / "grey.jpg"))[..., ::-1].astype(int)
    assert picture.shape == (300, 200, 3)
    (triples,) = places(found(report))
    colors = np.array(list(COLORS.values()))
    seen = triples[triples[:, 2] > 0]
    inside = [(round(x), round(y)) for x, y, _ in seen if 3 < x < 196 and 3 < y < 296]
    assert inside
    for x, y in inside:
        near = picture[y - 1 : y + 2, x - 1 : x + 2].reshape(-1, 1, 3)
        assert np.abs(near - colors).sum(-1).min() < 150, (x, y)
    assert np.abs(picture - 128).max(-1).mean() > 2  # and elsewhere it is the image
    assert np.median(np.abs(picture - 128)) < 3


def test_a_large_overlay_is_shrunk(run: Run, tmp_path: Path):
    files.photo(tmp_path / "wide.png", 2560, 320)
    report = predict_images(run, [tmp_path / "wide.png"], tmp_path / "out")
    assert cv2.imread(str(report.out / "overlays" / "wide.jpg")).shape == (160, 1280, 3)


def test_joints_below_the_threshold_keep_their_place(run: Run, photos: Path, tmp_path: Path):
    low = found(predict_images(run, [photos], tmp_path / "a", threshold=0, overlays=False))
    high = found(predict_images(run, [photos], tmp_path / "b", threshold=1, overlays=False))
    np.testing.assert_array_equal(places(low)[..., :2], places(high)[..., :2])
    for entry in high["annotations"]:
        expected = [2 * (score >= 1) for score in entry["keypoint_scores"]]
        assert entry["keypoints"][2::3] == expected
        assert entry["num_keypoints"] == sum(map(bool, expected))
    assert not (tmp_path / "a" / "overlays").exists()


# --- boxes ----------------------------------------------------------------------------------------


def test_several_people_an_image_with_the_ids_of_their_file(run: Run, photos: Path, tmp_path: Path):
    boxes = files.write_json(
        tmp_path / "boxes.json",
        {
            "images": [
                {"id": 7, "file_name": "elsewhere/img9.png"},
                {"id": 1, "file_name": "img10.png"},
                {"id": 3, "file_name": "other.png"},
            ],
            "annotations": [
                {"id": 1, "image_id": 7, "bbox": [10, 20, 40, 60]},
                {"id": 2, "image_id": 7, "bbox": [30, 20, 50, 90]},
                {"id": 3, "image_id": 3, "bbox": [0, 0, 9, 9]},
                {"id": 4, "image_id": 1, "bbox": [0, 0, 9, 9], "iscrowd": 1},
            ],
            "categories": [],
        },
    )
    report = predict_images(run, [photos], tmp_path / "out", boxes=boxes)
    data = found(report)
    assert [(a["image_id"], a["bbox"]) for a in data["annotations"]] == [
        (7, [10, 20, 40, 60]),
        (7, [30, 20, 50, 90]),
    ]
    assert [(i["id"], i["file_name"]) for i in data["images"]] == [
        (2, "img8.png"),
        (7, "img9.png"),
        (1, "img10.png"),
    ]
    assert (report.images, report.poses) == (3, 2)
    assert "2 images have no box" in report.notes[0]


def test_a_box_is_cut_as_prepare_cuts_it(run: Run, tmp_path: Path):
    """The crop of a box, through a Pack and evaluation, is the same pose in the same pixels."""
    names = list(BODY.keypoints)

    def change(data: dict[str, Any]) -> None:
        data["categories"][0].update(keypoints=names, skeleton=[])
        for entry in data["annotations"]:
            entry["keypoints"] = [20, 20, 2] * 16

    labels = files.coco(tmp_path / "in", change)
    prepare(labels, tmp_path / "pack", side=64, margin=1.5)
    (evaluation,) = evaluate(run, Pack(tmp_path / "pack"))
    with pa.memory_map(str(evaluation.folder / "predictions.arrow")) as source:
        column = pa.ipc.open_file(source).read_all().column("original")
        expected = np.array(column.to_pylist()).reshape(-1, 16, 2)
    report = predict_images(
        run, [tmp_path / "in"], tmp_path / "out", boxes=labels, margin=1.5, overlays=False
    )
    off = np.linalg.norm(places(found(report))[..., :2] - expected, axis=-1)
    assert np.median(off) < 0.5  # the Pack's JPEG moves a peak here and there


# --- many, and bad ones ---------------------------------------------------------------------------


def test_the_batch_does_not_matter(
    run: Run, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    whole = found(predict_images(run, [photos], tmp_path / "a", overlays=False))
    real = PoseNet.heatmaps

    def small(self: PoseNet, image_BCHW: torch.Tensor) -> torch.Tensor:
        if len(image_BCHW) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return real(self, image_BCHW)

    monkeypatch.setattr(PoseNet, "heatmaps", small)
    parts = found(predict_images(run, [photos], tmp_path / "b", overlays=False))
    np.testing.assert_allclose(places(parts), places(whole), atol=1e-2)


def test_inputs_of_several_folders_have_distinct_names(run: Run, tmp_path: Path):
    for name in ("a/1.png", "b/1.png", "b/deep/2.png"):
        files.photo(tmp_path / "in" / name)
    inputs = [tmp_path / "in" / name for name in ("b", "a/1.png", "b/1.png")]
    report = predict_images(run, inputs, tmp_path / "out")
    names = [image["file_name"] for image in found(report)["images"]]
    assert names == ["b/deep/2.png", "b/1.png", "a/1.png"]
    assert (report.out / "overlays" / "b" / "deep" / "2.jpg").is_file()


def test_bad_images_are_listed_where_asked_for(run: Run, tmp_path: Path):
    files.photos(tmp_path / "in")
    (tmp_path / "in" / "img01.png").write_bytes(b"hello")
    with pytest.raises(BadInput, match=r"img01.png: is no image") as error:
        predict_images(run, [tmp_path / "in"], tmp_path / "out")
    assert "--skip-bad" in str(error.value.fix)
    assert [p.name for p in tmp_path.iterdir()] == ["in"]
    report = predict_images(run, [tmp_path / "in"], tmp_path / "out", skip_bad=True)
    assert (report.images, report.poses) == (2, 2)
    assert "img01.png" in report.skipped[0]
    assert found(report)["info"]["skipped"] == report.skipped


def test_images_are_turned_upright_unless_boxes_say_where(run: Run, tmp_path: Path):
    from PIL import Image

    (tmp_path / "in").mkdir()
    image = Image.fromarray(np.zeros((48, 64, 3), np.uint8))
    exif = image.getexif()
    exif[0x0112] = 6
    image.save(tmp_path / "in" / "turned.jpg", exif=exif)
    upright = found(predict_images(run, [tmp_path / "in"], tmp_path / "a"))["images"][0]
    assert (upright["width"], upright["height"]) == (48, 64)
    (tmp_path / "boxes.csv").write_text("image,x,y,w,h\nturned.jpg,0,0,64,48\n")
    report = predict_images(run, [tmp_path / "in"], tmp_path / "b", boxes=tmp_path / "boxes.csv")
    stored = found(report)["images"][0]
    assert (stored["width"], stored["height"]) == (64, 48)


def test_a_step_that_is_not_there(run: Run, photos: Path, tmp_path: Path):
    assert predict_images(run, [photos], tmp_path / "out", step=2, overlays=False).step == 2
    with pytest.raises(UserError, match="has no checkpoint of step 3"):
        predict_images(run, [photos], tmp_path / "other", step=3)
