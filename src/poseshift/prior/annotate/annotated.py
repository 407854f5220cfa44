"""What the annotator found, as files: COCO keypoints of the original images, and a picture.

Legend: N crops, K joints.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from poseshift.data.coco_writer import category, pose_entry
from poseshift.data.crops import transform
from poseshift.data.names import sample_names
from poseshift.data.pack import Pack
from poseshift.data.types import UNLABELED, VISIBLE
from poseshift.files import write_json
from poseshift.pictures import grid, picture, save_picture
from poseshift.skeleton import Skeleton

FILE, SHEET = "predictions.json", "frames.png"
SURE = 0.5  # joints that it is less sure of count as not seen
COLUMNS, ROWS = 6, 4


def write_annotated(
    folder: Path, pack: Pack, joints: Skeleton, found_NK2: Tensor, sure_NK: Tensor, made_by: str
) -> None:
    """Write what was found in the crops of a Pack.

    Args:
        folder: There already.
        pack: The crops; its labels are not looked at.
        joints: What was looked for.
        found_NK2: Crop pixels.
        sure_NK: How sure the annotator is.
        made_by: What the file should say of itself.
    """
    keypoints_NK2, score_NK = found_NK2.double().numpy(), sure_NK.double().numpy()
    names, matrix_N33 = sample_names(pack), pack.poses.matrix_N33.astype(np.float64)
    number_of = {name: number for number, name in enumerate(dict.fromkeys(names), 1)}
    edge = np.array([[-0.5, -0.5], [pack.info.side - 0.5, pack.info.side - 0.5]])
    annotations: list[dict[str, Any]] = []
    for row, name in enumerate(names):
        (left, top), (right, bottom) = transform(matrix_N33[row], edge).tolist()
        box = (left, top, right - left, bottom - top)
        placed_K2 = transform(matrix_N33[row], keypoints_NK2[row])
        entry = pose_entry(placed_K2, score_NK[row], box, SURE)
        annotations.append({"id": row + 1, "image_id": number_of[name], **entry})
    write_json(
        folder / FILE,
        {
            "info": {"description": made_by},
            "images": [{"id": number, "file_name": name} for name, number in number_of.items()],
            "annotations": annotations,
            "categories": [category(joints)],
        },
    )
    _sheet(folder / SHEET, pack, joints, keypoints_NK2.astype(np.float32), score_NK >= SURE)


def _sheet(path: Path, pack: Pack, joints: Skeleton, found_NK2: Any, seen_NK: Any) -> None:
    """Crops from all over the Pack with what was found in them."""
    rows = np.linspace(0, len(pack) - 1, min(len(pack), COLUMNS * ROWS)).round().astype(int)
    tiles = [
        picture(
            pack.crops.image(row),
            found_NK2[row],
            joints,
            np.where(seen_NK[row], VISIBLE, UNLABELED).astype(np.uint8),
        )
        for row in rows.tolist()
    ]
    save_picture(path, grid([tiles[at : at + COLUMNS] for at in range(0, len(tiles), COLUMNS)]))
