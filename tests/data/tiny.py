"""Tiny datasets in every format the package reads, written from scratch into a folder."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import scipy.io

WIDTH, HEIGHT = 64, 48

BVH = """HIERARCHY
ROOT Hips
{
  OFFSET 0 0 0
  CHANNELS 6 Xposition Yposition Zposition Zrotation Yrotation Xrotation
  JOINT LeftHip
  {
    OFFSET 1 0 0
    CHANNELS 3 Zrotation Yrotation Xrotation
    End Site
    {
      OFFSET 0 -4 0
    }
  }
  JOINT RightHip
  {
    OFFSET -1 0 0
    CHANNELS 3 Zrotation Yrotation Xrotation
    End Site
    {
      OFFSET 0 -4 0
    }
  }
}
MOTION
Frames: 2
Frame Time: 0.04
0 10 0 0 0 0 0 0 0 0 0 0
5 10 0 0 0 0 90 0 0 0 0 0
"""


def photo(path: Path, width: int = WIDTH, height: int = HEIGHT, seed: int = 0) -> Path:
    """Write an image of smooth noise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    coarse = np.random.default_rng(seed).integers(0, 255, (6, 8, 3), dtype=np.uint8)
    cv2.imwrite(str(path), cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC))
    return path


def photos(folder: Path, count: int = 3) -> Path:
    """Write a folder of images."""
    for i in range(count):
        photo(folder / f"img{i:02d}.png", seed=i)
    return folder


def write_json(path: Path, data: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data))
    return path


def coco_data(count: int = 3) -> dict[str, Any]:
    """Three joints, one box and one image a person."""
    return {
        "images": [
            {"id": i, "file_name": f"img{i:02d}.png", "width": WIDTH, "height": HEIGHT}
            for i in range(count)
        ],
        "annotations": [
            {
                "id": 100 + i,
                "image_id": i,
                "category_id": 1,
                "iscrowd": 0,
                "bbox": [8, 8, 32, 32],
                "keypoints": [10 + i, 12, 2, 30, 14 + i, 1, 0, 0, 0],
            }
            for i in range(count)
        ],
        "categories": [
            {
                "id": 1,
                "name": "bug",
                "keypoints": ["head", "left_wing", "right_wing"],
                "skeleton": [[1, 2], [1, 3]],
            }
        ],
    }


def coco(
    folder: Path, change: Callable[[dict[str, Any]], object] | None = None, count: int = 3
) -> Path:
    """A COCO file with its images; ``change`` spoils the data before it is written."""
    data = coco_data(count)
    if change:
        change(data)
    photos(folder, count)
    return write_json(folder / "labels.json", data)


def lsp(folder: Path, *, extended: bool, count: int = 3) -> Path:
    """``joints.mat`` of either layout with images beside."""
    rng = np.random.default_rng(0)
    joints = np.concatenate(
        [rng.uniform(1, 40, (14, 2, count)), rng.integers(0, 2, (14, 1, count))], axis=1
    )
    folder.mkdir(parents=True, exist_ok=True)
    array = joints if extended else joints.transpose(1, 0, 2)
    scipy.io.savemat(folder / "joints.mat", {"joints": array})
    for i in range(count):
        photo(folder / "images" / f"im{i + 1:0{5 if extended else 4}d}.jpg", seed=i)
    return folder / "joints.mat"


DLC_HEADER = "scorer,me,me,me,me\nbodyparts,leftear,leftear,rightear,rightear\ncoords,x,y,x,y\n"
DLC_ROWS = "labeled-data/a/img00.png,10,12,30,14\nlabeled-data/a/img01.png,11,12,,\n"


def dlc(folder: Path, text: str = DLC_HEADER + DLC_ROWS) -> Path:
    """A DeepLabCut project with one video; returns its label file."""
    photos(folder / "labeled-data" / "a")
    path = folder / "labeled-data" / "a" / "CollectedData_me.csv"
    path.write_text(text)
    (folder / "config.yaml").write_text("skeleton:\n- [leftear, rightear]\n- [leftear, tail]\n")
    return path


def animalpose(folder: Path, change: Callable[[dict[str, Any]], object] | None = None) -> Path:
    """Two animals, one of them without a labelled point."""
    points = [[5 + k, 9 + 2 * k, 1] for k in range(20)]
    points[3] = [0, 0, 0]
    data: dict[str, Any] = {
        "cat_train": [{"image_id": 1, "bbox": [2, 4, 41, 63], "keypoints": points}],
        "dog_test": [{"image_id": 2, "bbox": [0, 0, 9, 9], "keypoints": [[0, 0, 0]] * 20}],
    }
    if change:
        change(data)
    return write_json(folder / "animals.json", data)


def facesynthetics(folder: Path, count: int = 2) -> Path:
    """Landmark files with images."""
    for i in range(count):
        photo(folder / f"{i:06d}.png", 64, 64, seed=i)
        lines = [f"{10 + k / 2} {20 + i + k / 4}" for k in range(70)]
        (folder / f"{i:06d}_ldmks.txt").write_text("\n".join(lines))
    return folder


def handgraph(folder: Path, count: int = 2) -> Path:
    """Real hands: 3D joints, cameras and crops."""
    rng = np.random.default_rng(0)
    pose = rng.uniform(-5, 5, (count, 21, 3)) + np.array([0, 0, 45])
    for i in range(count):
        photo(folder / "images" / f"{i:05d}.jpg", 256, 256, seed=i)
    scipy.io.savemat(folder / "pose_gt.mat", {"pose_gt": pose})
    scipy.io.savemat(
        folder / "params.mat",
        {
            "cam_param": np.tile([900.0, 900.0, 640.0, 360.0], (count, 1)),
            "bbox": np.tile([384, 104, 512, 512], (count, 1)),
            "image_path": np.array([f"images/{i:05d}.jpg" for i in range(count)]),
        },
    )
    return folder


def gestures(folder: Path) -> Path:
    """Synthetic hands: two gestures, two cameras."""
    folder.mkdir(parents=True, exist_ok=True)
    hand = "\n".join(f"joint{k} {k % 5} {k // 5} {-10 - k / 10}" for k in range(21))
    (folder / "handGestures.txt").write_text(f"\n{hand}\n\n{hand}\n")
    cameras = "cam01 100 0 0 0 0 0 0\ncam02 100 1 0 0 0 90 0"
    (folder / "camPosition.txt").write_text(f"{cameras}\n\n{cameras}\n")
    return folder / "handGestures.txt"
