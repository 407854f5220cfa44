"""Predictions as a COCO keypoints file, written as they come.

Half-pixel rule: the inverse of the COCO reader's. Keypoints are pixel indices (centres at integers)
and stay as they are; boxes count pixel edges, so 0.5 is added to their corner. A joint below the
threshold has visibility 0 and keeps its place, the others have 2.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from poseshift.data.crops import Box, Doubles
from poseshift.data.types import UNLABELED, VISIBLE
from poseshift.skeleton import Skeleton

CATEGORY = 1


def pose_entry(
    keypoints_K2: Doubles, score_K: Doubles, box: Box, threshold: float
) -> dict[str, Any]:
    """One person as COCO says it, but for the ids.

    Example:
        >>> entry = pose_entry(np.array([[3.0, 4.25]]), np.array([0.9]), (-0.5, -0.5, 9, 9), 0.5)
        >>> entry["keypoints"], entry["bbox"], entry["score"]
        ([3.0, 4.25, 2], [0.0, 0.0, 9.0, 9.0], 0.9)
    """
    seen_K = np.where(score_K >= threshold, VISIBLE, UNLABELED)
    left, top, width, height = box
    triples = zip(keypoints_K2.round(3).tolist(), seen_K.tolist(), strict=True)
    return {
        "category_id": CATEGORY,
        "keypoints": [value for (x, y), seen in triples for value in (x, y, seen)],
        "keypoint_scores": score_K.round(4).tolist(),
        "score": round(float(score_K.mean()), 4),
        "num_keypoints": int((seen_K > UNLABELED).sum()),
        "bbox": [round(float(v), 3) for v in (left + 0.5, top + 0.5, width, height)],
        "area": round(float(width * height), 3),
        "iscrowd": 0,
    }


def category(skeleton: Skeleton) -> dict[str, Any]:
    """The joints and lines of a skeleton; COCO counts the joints of its lines from 1.

    Example:
        >>> from poseshift.skeleton import skeleton
        >>> category(skeleton("coco17"))["skeleton"][0]
        [1, 2]
    """
    return {
        "id": CATEGORY,
        "name": skeleton.name,
        "keypoints": list(skeleton.keypoints),
        "skeleton": [[a + 1, b + 1] for a, b in skeleton.edges],
    }


class CocoWriter:
    """A COCO file that grows image by image; of them only names and sizes stay in memory.

    Use as a context: the file is whole when it is left.

    Args:
        path: File to write.
        skeleton: Joints of the poses.
        info: What the file says of itself, as it is when the file is left.
    """

    def __init__(self, path: Path, skeleton: Skeleton, info: Mapping[str, Any]) -> None:
        self.path, self.skeleton, self.info = path, skeleton, info
        self.images: list[str] = []
        self.poses = 0

    def __enter__(self) -> Self:
        self._file = self.path.open("w", encoding="utf-8")
        categories = [category(self.skeleton)]
        self._file.write(f'{{"categories": {json.dumps(categories)},\n"annotations": [')
        return self

    def add(
        self, number: int, name: str, size_wh: tuple[int, int], poses: Iterable[Mapping[str, Any]]
    ) -> None:
        """Append an image and the poses in it."""
        width, height = size_wh
        image = {"id": number, "file_name": name, "width": width, "height": height}
        self.images.append(json.dumps(image))
        for pose in poses:
            self._file.write(",\n" if self.poses else "\n")
            self.poses += 1
            self._file.write(json.dumps({"id": self.poses, "image_id": number, **pose}))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        with self._file:
            if kind is None:
                self._file.write('\n],\n"images": [\n' + ",\n".join(self.images))
                self._file.write(f'\n],\n"info": {json.dumps(dict(self.info))}}}\n')
