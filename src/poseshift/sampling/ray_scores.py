"""Scoring a Pack on a cluster with Ray Data: the same chunks, the same scores.

Every worker opens the Pack by its path, so it must lie where all machines see it.
"""

from __future__ import annotations

from importlib.util import find_spec
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from poseshift.data.pack import Pack
from poseshift.data.types import Floats
from poseshift.errors import UserError
from poseshift.sampling.making import one_thread
from poseshift.sampling.poses import normalized
from poseshift.sampling.scores import PoseScore


class ChunkScorer:
    """What a worker does: it keeps Pack and score, and is handed numbers of chunks.

    Args:
        path: Of the Pack.
        score: Fitted.
    """

    def __init__(self, path: str, score: PoseScore) -> None:
        self.pack, self.score = Pack(path), score

    def __call__(self, batch: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Rows and their scores, of the chunks asked for."""
        chunks = self.pack.pose_chunks(batch["chunk"].tolist())
        with one_thread():
            scores = [
                self.score.scores(normalized(keypoints_NK2, visibility_NK, self.pack.skeleton))
                for keypoints_NK2, visibility_NK in chunks
            ]
        rows = [first + np.arange(len(s)) for first, s in zip(batch["first"], scores, strict=True)]
        return {"row": np.concatenate(rows), "score": np.concatenate(scores)}


def chunk_table(pack: Pack) -> list[dict[str, int]]:
    """Number and first row of each chunk of poses."""
    sizes = [len(visibility_NK) for _, visibility_NK in pack.pose_chunks()]
    firsts = accumulate(sizes, initial=0)
    return [{"chunk": i, "first": first} for i, (first, _) in enumerate(zip(firsts, sizes))]  # noqa: B905


def require_ray() -> None:
    """Say what is missing before any work is done."""
    if find_spec("ray") is None:
        raise UserError(
            "scoring on a cluster needs ray, which is not installed",
            fix="pip install 'poseshift[ray]', or leave out --ray",
        )


def score_on_ray(pack: Pack, score: PoseScore, workers: int) -> Floats:
    """The scores of a Pack in its order, each chunk scored by one of several workers."""
    require_ray()
    import ray

    chunks = chunk_table(pack)
    # A block is what a worker takes at a time: more of them than workers, so that none waits long.
    blocks = min(len(chunks), 4 * workers)
    scored = ray.data.from_items(chunks, override_num_blocks=blocks).map_batches(
        ChunkScorer,
        fn_constructor_args=(str(pack.path.absolute()), score),
        compute=ray.data.ActorPoolStrategy(size=workers),
    )
    score_N = np.full(len(pack), np.nan, dtype=np.float32)
    for batch in scored.iter_batches(batch_size=65536, batch_format="numpy"):
        score_N[batch["row"]] = batch["score"]
    return score_N
