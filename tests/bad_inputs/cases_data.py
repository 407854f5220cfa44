"""Bad data, one case a line or two: what is wrong, what is typed, what the message must say."""

import json
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import scipy.io

from tests.bad_inputs.case import Case
from tests.data import tiny

Change = Callable[[dict[str, Any]], object]
FOLDER = ["--skeleton", "body16"]


def prepare(build: Callable[[Path], Path | None], *options: str) -> Callable[[Path], list[str]]:
    """``poseshift prepare WHAT out OPTIONS`` where ``build`` makes WHAT."""

    def argv(folder: Path) -> list[str]:
        path = build(folder / "in")
        return ["prepare", str(path), str(folder / "out"), *options]

    return argv


def text(name: str, content: str | bytes) -> Callable[[Path], Path]:
    """One file with this content."""

    def build(folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return build


def coco(change: Change) -> Callable[[Path], Path]:
    return lambda folder: tiny.coco(folder, change)


def person(**fields: Any) -> Callable[[Path], Path]:
    """A COCO file whose second annotation is spoilt."""
    return coco(lambda data: data["annotations"][1].update(fields))


def dlc(rows: str, header: str = tiny.DLC_HEADER) -> Callable[[Path], Path]:
    return lambda folder: tiny.dlc(folder, header + rows)


def mat(**variables: Any) -> Callable[[Path], Path]:
    def build(folder: Path) -> Path:
        tiny.lsp(folder, extended=True)
        scipy.io.savemat(folder / "joints.mat", variables)
        return folder / "joints.mat"

    return build


def spoilt_photo(content: Callable[[bytes], bytes]) -> Callable[[Path], Path]:
    """A folder of images, the second of them damaged."""

    def build(folder: Path) -> Path:
        photo = tiny.photos(folder) / "img01.png"
        photo.write_bytes(content(photo.read_bytes()))
        return folder

    return build


def huge_png(_: bytes) -> bytes:
    """A few bytes that claim to be 60000 x 60000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(b"\0" * 100))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + body + chunk(b"IEND", b"")


def without(build: Callable[[Path], Path], name: str) -> Callable[[Path], Path]:
    """The same, one of its files taken away."""

    def spoil(folder: Path) -> Path:
        path = build(folder)
        (folder / name).unlink()
        return path

    return spoil


def then(build: Callable[[Path], Path], change: Callable[[Path], object]) -> Callable[[Path], Path]:
    """The same, changed afterwards; ``change`` gets the folder."""

    def spoil(folder: Path) -> Path:
        path = build(folder)
        change(folder)
        return path

    return spoil


def pack(spoil: Callable[[Path], object]) -> Callable[[Path], list[str]]:
    """``poseshift check`` of a Pack that was damaged after it was made."""

    def argv(folder: Path) -> list[str]:
        from poseshift.data.prepare import prepare as bake

        bake(tiny.coco(folder / "in"), folder / "pack", side=32)
        spoil(folder / "pack")
        return ["check", str(folder / "pack")]

    return argv


def taken(folder: Path, kind: str) -> list[str]:
    """An output path with something at it already."""
    path = tiny.coco(folder / "in")
    if kind == "pack":
        from poseshift.data.prepare import prepare as bake

        bake(path, folder / "out", side=32)
        return ["prepare", str(path), str(folder / "out")]
    tiny.photos(folder / "out")
    return ["prepare", str(path), str(folder / "out"), "--overwrite"]


NAN_KEYPOINTS = [float("nan"), 12, 2, 30, 14, 1, 0, 0, 0]
POSES = "nose_X,nose_Y,tail_X,tail_Y\n"
ONE_POSE = [{"points": {"nose": [1, 2], "tail": [3, 4]}}]

CASES = [
    # --- finding the format -----------------------------------------------------------------------
    Case("detect/no such path", prepare(lambda f: f / "gone"), ("gone", "no such file")),
    Case("detect/unknown", prepare(text("a.xyz", "?")), ("a.xyz", "no format", "coco", "--format")),
    Case(
        "detect/nothing in it", prepare(text("a.json", "{}")), ("a.json: is empty", "name another")
    ),
    Case("detect/no byte in it", prepare(text("a.csv", "")), ("a.csv: is empty", "name another")),
    Case("detect/unknown name", prepare(tiny.photos, "--format", "cocoo"), ("cocoo", "'coco'")),
    Case(
        "detect/two formats",
        prepare(then(tiny.facesynthetics, lambda f: text("a.bvh", tiny.BVH)(f))),
        ("bvh or facesynthetics", "--format"),
    ),
    # --- COCO -------------------------------------------------------------------------------------
    Case(
        "coco/truncated", prepare(text("a.json", '{"images": [')), ("a.json", "not JSON", "line 1")
    ),
    Case("coco/not utf-8", prepare(text("a.json", b'{"a": "\xff"}')), ("a.json", "UTF-8")),
    Case("coco/deep nesting", prepare(text("a.json", "[" * 100_000)), ("a.json", "not JSON")),
    Case(
        "coco/no categories",
        prepare(coco(lambda d: d.pop("categories"))),
        ("labels.json", "'categories'", "fix"),
    ),
    Case(
        "coco/no keypoint names",
        prepare(coco(lambda d: d["categories"][0].pop("keypoints"))),
        ("labels.json", "no category has keypoints", "--skeleton"),
    ),
    Case(
        "coco/empty",
        prepare(coco(lambda d: d["annotations"].clear())),
        ("labels.json", "no annotations"),
    ),
    Case(
        "coco/edge out of range",
        prepare(coco(lambda d: d["categories"][0].update(skeleton=[[1, 9]]))),
        ("labels.json", "[1, 9]"),
    ),
    Case(
        "coco/two images with one id",
        prepare(coco(lambda d: d["images"][1].update(id=0))),
        ("labels.json", "occurs twice", "images"),
    ),
    Case(
        "coco/wrong joint count",
        prepare(person(keypoints=[1, 2, 2])),
        ("annotation 1", "expected 9 numbers, found 3"),
    ),
    Case(
        "coco/nan",
        prepare(person(keypoints=NAN_KEYPOINTS)),
        ("annotation 1", "keypoints", "nan", "--skip-bad"),
    ),
    Case(
        "coco/text for a number",
        prepare(person(keypoints=["10", *NAN_KEYPOINTS[1:]])),
        ("annotation 1", "'10'"),
    ),
    Case(
        "coco/boolean for a number",
        prepare(person(keypoints=[True, *NAN_KEYPOINTS[1:]])),
        ("annotation 1", "True"),
    ),
    Case(
        "coco/huge integer",
        prepare(person(keypoints=[10**400, *NAN_KEYPOINTS[1:]])),
        ("annotation 1", "expected a number"),
    ),
    Case(
        "coco/visibility 7",
        prepare(person(keypoints=[10, 12, 7, 30, 14, 1, 0, 0, 0])),
        ("annotation 1", "joint head", "7"),
    ),
    Case(
        "coco/joint far away",
        prepare(person(keypoints=[9999, 12, 2, 30, 14, 1, 0, 0, 0])),
        ("'101'", "joint head", "far outside", "64 x 48"),
    ),
    Case("coco/negative box", prepare(person(bbox=[8, 8, -3, 9])), ("'101'", "box", "-3")),
    Case("coco/box outside", prepare(person(bbox=[500, 8, 9, 9])), ("'101'", "box", "64 x 48")),
    Case("coco/no box", prepare(person(bbox=None)), ("labels.json", "'101'", "no box", "--box")),
    Case("coco/unknown image", prepare(person(image_id=77)), ("annotation 1", "77", "images")),
    Case("coco/duplicate id", prepare(person(id=100)), ("labels.json", "'100'", "twice")),
    Case(
        "coco/path escape",
        prepare(coco(lambda d: d["images"][1].update(file_name="../../etc/passwd"))),
        ("annotation 1", "../../etc/passwd", "out of the images folder"),
    ),
    Case(
        "coco/image of another size",
        prepare(coco(lambda d: d["images"][1].update(width=640))),
        ("img01.png", "64 x 48", "640 x 48"),
    ),
    Case(
        "coco/missing image",
        prepare(without(tiny.coco, "img01.png")),
        ("img01.png", "no such image", "--images"),
    ),
    Case(
        "coco/no images at all",
        prepare(coco(lambda d: [i.update(file_name="q.jpg") for i in d["images"]])),
        ("labels.json", "q.jpg", "--images FOLDER"),
    ),
    # --- images -----------------------------------------------------------------------------------
    Case("folder/no skeleton", prepare(tiny.photos), ("--skeleton body16",)),
    Case(
        "folder/truncated",
        prepare(spoilt_photo(lambda b: b[:-200]), *FOLDER),
        ("img01.png", "damaged"),
    ),
    Case(
        "folder/empty file",
        prepare(spoilt_photo(lambda b: b""), *FOLDER),
        ("img01.png", "no image"),
    ),
    Case(
        "folder/not an image",
        prepare(spoilt_photo(lambda b: b"hello" * 99), *FOLDER),
        ("img01.png",),
    ),
    Case("folder/bomb", prepare(spoilt_photo(huge_png), *FOLDER), ("img01.png", "large")),
    Case(
        "folder/name of no encoding",
        prepare(
            then(tiny.photos, lambda f: (f / "img01.png").rename(f / os.fsdecode(b"\xff.png"))),
            *FOLDER,
        ),
        ("udcff.png", "not Unicode", "rename"),
    ),
    Case(
        "folder/none inside",
        prepare(lambda f: text("a.txt", "")(f).parent, "--format", "folder", *FOLDER),
        ("holds no images", ".png"),
    ),
    Case(
        "folder/keypoint boxes",
        prepare(tiny.photos, *FOLDER, "--box", "keypoints"),
        ("without labels", "--box image"),
    ),
    # --- LSP --------------------------------------------------------------------------------------
    Case("lsp/not a mat", prepare(text("joints.mat", "hello")), ("joints.mat", "not a MATLAB")),
    Case("lsp/other variable", prepare(mat(points=np.ones(3))), ("joints.mat", "'joints'")),
    Case(
        "lsp/wrong joint count",
        prepare(mat(joints=np.ones((16, 3, 4)))),
        ("joints.mat", "16 x 3 x 4", "14 x 3 x N"),
    ),
    Case("lsp/bad flag", prepare(mat(joints=np.full((14, 3, 4), 7.0))), ("joints.mat", "pose 1")),
    Case(
        "lsp/no images",
        prepare(lambda f: tiny.lsp(f, extended=True), "--images", "."),
        ("joints.mat", "im00001.jpg", "--images"),
    ),
    # --- DeepLabCut -------------------------------------------------------------------------------
    Case("dlc/no header", prepare(text("a.csv", "scorer,a\n1,2\n")), ("a.csv", "bodyparts")),
    Case("dlc/no rows", prepare(dlc("")), ("CollectedData_me.csv", "no frame")),
    Case(
        "dlc/predictions",
        prepare(dlc("x.png,1,2,3\n", "scorer,m,m,m\nbodyparts,e,e,e\ncoords,x,y,likelihood\n")),
        ("predictions", "CollectedData"),
    ),
    Case(
        "dlc/short row",
        prepare(dlc("labeled-data/a/img00.png,1,2\n")),
        ("line 4", "3 cells", "5"),
    ),
    Case(
        "dlc/half a point",
        prepare(dlc("labeled-data/a/img00.png,1,,3,4\n")),
        ("line 4", "leftear", "one coordinate"),
    ),
    Case(
        "dlc/text for a number",
        prepare(dlc("labeled-data/a/img00.png,1,2,3,four\n")),
        ("line 4", "rightear", "'four'"),
    ),
    Case(
        "dlc/missing images",
        prepare(dlc("labeled-data/a/gone.png,1,2,3,4\n")),
        ("gone.png", "--images"),
    ),
    Case(
        "dlc/broken config",
        prepare(then(tiny.dlc, lambda f: (f / "config.yaml").write_text("a: [1"))),
        ("config.yaml", "line 1", "not valid YAML"),
    ),
    # --- poses ------------------------------------------------------------------------------------
    Case(
        "poses/no pairs",
        prepare(text("a.csv", "a,b\n1,2\n"), "--format", "poses"),
        ("a.csv", "nose_X"),
    ),
    Case("poses/no rows", prepare(text("a.csv", POSES)), ("a.csv", "no row")),
    Case("poses/short row", prepare(text("a.csv", POSES + "1,2,3\n")), ("row 1", "3 cells", "4")),
    Case("poses/infinite", prepare(text("a.csv", POSES + "1,2,inf,4\n")), ("row 1", "tail", "inf")),
    Case(
        "poses/huge", prepare(text("a.csv", POSES + "1,2,1e200,4\n")), ("joint tail", "far outside")
    ),
    Case("poses/NUL bytes", prepare(text("a.csv", POSES + "1,2,\0,4\n")), ("a.csv", "NUL")),
    Case(
        "poses/unknown count",
        prepare(text("a.csv", "x0,y0,x1,y1\n1,2,3,4\n")),
        ("a.csv", "2 joints", "--skeleton"),
    ),
    Case(
        "poses/skeleton of another size",
        prepare(text("a.csv", "x0,y0,x1,y1\n1,2,3,4\n"), "--skeleton", "hand21"),
        ("a.csv", "2 numbered joints", "hand21 has 21"),
    ),
    Case(
        "poses/point of three",
        prepare(text("a.json", json.dumps([*ONE_POSE, {"points": {"nose": [1, 2, 3]}}]))),
        ("pose 1", "nose", "2 numbers"),
    ),
    Case(
        "poses/whole image",
        prepare(text("a.csv", POSES + "1,2,3,4\n"), "--box", "image"),
        ("no image to crop", "--box keypoints"),
    ),
    # --- further readers --------------------------------------------------------------------------
    Case(
        "animalpose/wrong joint count",
        prepare(lambda f: tiny.animalpose(f, lambda d: d["cat_train"][0]["keypoints"].pop())),
        ("cat_train[0]", "19", "20"),
    ),
    Case(
        "animalpose/box reversed",
        prepare(
            lambda f: tiny.animalpose(f, lambda d: d["cat_train"][0].update(bbox=[9, 9, 1, 1]))
        ),
        ("cat_train-0000", "box"),
    ),
    Case(
        "facesynthetics/missing line",
        prepare(then(tiny.facesynthetics, lambda f: (f / "000001_ldmks.txt").write_text("1 2\n"))),
        ("000001_ldmks.txt", "70"),
    ),
    Case(
        "facesynthetics/missing image",
        prepare(without(tiny.facesynthetics, "000001.png")),
        ("000001_ldmks.txt", "000001.png"),
    ),
    Case(
        "handgraph/no cameras",
        prepare(without(tiny.gestures, "camPosition.txt")),
        ("handGestures.txt", "camPosition.txt"),
    ),
    Case(
        "handgraph/short hand",
        prepare(
            then(tiny.gestures, lambda f: (f / "handGestures.txt").write_text("a 1 2 3\n\na 1 2 3"))
        ),
        ("handGestures.txt", "gesture 0", "21"),
    ),
    Case(
        "handgraph/other shape",
        prepare(
            then(
                tiny.handgraph,
                lambda f: scipy.io.savemat(f / "pose_gt.mat", {"pose_gt": np.ones(5)}),
            )
        ),
        ("N x 21 x 3",),
    ),
    Case("bvh/cut off", prepare(text("a.bvh", tiny.BVH[:-20])), ("a.bvh", "2 frames of 12", "24")),
    Case("bvh/no hierarchy", prepare(text("a.bvh", "MOTION\n")), ("a.bvh: line 1", "HIERARCHY")),
    Case(
        "bvh/million frames",
        prepare(text("a.bvh", tiny.BVH.replace("Frames: 2", "Frames: 99999999999"))),
        ("a.bvh: line", "99999999999"),
    ),
    # --- options of prepare -----------------------------------------------------------------------
    Case(
        "prepare/unknown skeleton",
        prepare(tiny.coco, "--skeleton", "body17"),
        ("body17", "'body16'"),
    ),
    Case(
        "prepare/no joint in common",
        prepare(tiny.coco, "--skeleton", "hand21"),
        ("hand21", "no keypoint in common", "alias"),
    ),
    Case(
        "prepare/rows not a range",
        prepare(tiny.coco, "--rows", "5"),
        ("--rows", "start:stop", "0:1000"),
    ),
    Case(
        "prepare/rows beyond the end",
        prepare(tiny.coco, "--rows", "50:60"),
        ("labels.json", "no usable sample", "rows"),
    ),
    Case("prepare/side of 3", prepare(tiny.coco, "--side", "3"), ("--side 3", "16 and 2048")),
    Case("prepare/margin nan", prepare(tiny.coco, "--margin", "nan"), ("--margin", "1.25")),
    Case(
        "prepare/unknown box", prepare(tiny.coco, "--box", "round"), ("--box", "round", "keypoints")
    ),
    Case(
        "prepare/no such images",
        prepare(tiny.coco, "--images", "/no/where"),
        ("/no/where", "--images"),
    ),
    Case(
        "prepare/pack is there",
        lambda f: taken(f, "pack"),
        ("out", "already exists", "--overwrite"),
    ),
    Case(
        "prepare/not a pack is there",
        lambda f: taken(f, "photos"),
        ("out", "not a Pack", "left alone"),
    ),
    Case(
        "prepare/all skipped",
        prepare(coco(lambda d: [a.update(bbox=None) for a in d["annotations"]]), "--skip-bad"),
        ("no usable sample", "3 skipped", "no box"),
    ),
    Case(
        "prepare/unknown world",
        lambda f: ["prepare", "world:studioo", str(f / "out")],
        ("studioo", "studio"),
    ),
    Case(
        "prepare/world with options",
        lambda f: ["prepare", "world:studio", str(f / "out"), "--rows", "0:9"],
        ("world:studio", "leave the other options out"),
    ),
    Case(
        "prepare/out below a file",
        lambda f: ["prepare", str(path := tiny.coco(f / "in")), str(path / "out")],
        ("could not write", "another folder"),
    ),
    # --- check ------------------------------------------------------------------------------------
    Case(
        "check/no such pack",
        lambda f: ["check", str(f / "gone")],
        ("gone", "no such Pack", "prepare"),
    ),
    Case("check/not a pack", lambda f: ["check", str(f)], ("not a Pack", "pack.json")),
    Case(
        "check/damaged pack.json",
        pack(lambda p: (p / "pack.json").write_text("{")),
        ("pack.json", "prepare again"),
    ),
    Case(
        "check/poses gone",
        pack(lambda p: (p / "poses.arrow").unlink()),
        ("poses.arrow", "missing", "prepare again"),
    ),
    Case(
        "check/images cut off",
        pack(lambda p: (p / "images-00000.arrow").write_bytes(b"ARROW1\0\0cut")),
        ("images-00000.arrow", "damaged", "prepare again"),
    ),
    Case(
        "check/sheet is no picture",
        lambda f: [*pack(lambda p: None)(f), "--sheet", str(f / "sheet.json")],
        ("sheet.json", ".png"),
    ),
    Case(
        "check/sheet is there",
        lambda f: [*pack(lambda p: None)(f), "--sheet", str(f / "in" / "labels.json")],
        ("labels.json", "already exists", "--sheet"),
    ),
]
