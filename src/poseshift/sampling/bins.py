"""Bins: the samples of a Pack in the order of their scores, cut into k parts.

Scores are kept beside the Pack, one folder for each settings of a score; bins are cut from them in
no time, so any k and kind can be asked for::

    my_pack/bins/<fingerprint>/
      bins.arrow                          score and bin of every sample, in the Pack's order
      bins.json                           settings, edges, how scores of held-out poses compare
      score.safetensors, score.json       the score itself, to be applied to other poses

Legend: N samples, k bins.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import BaseModel, ValidationError

from poseshift.data.domain import Indices
from poseshift.data.pack import Pack
from poseshift.data.types import Floats
from poseshift.errors import BadInput, UserError
from poseshift.files import write_atomic, write_json
from poseshift.run import read_json
from poseshift.sampling.scores import USUAL, ScoreConfig

FORMAT = 1
READ_TIMES = 1000  # scores are small: squared shares of a box diagonal
CLIP = 0.001  # share of the scores at either end that equal widths do not stretch out to
Kind = Literal["count", "width"]
Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Bins:
    """Scores and bins of a Pack.

    Attributes:
        score_N: Higher is rarer; NaN for a sample of which too little is labelled.
        bin_N: From 0, the easiest, to k - 1. Samples without a score are in 0.
        edges: The k + 1 scores between the bins, the lowest and the highest.
        kind: ``count`` for bins of one size, ``width`` for equal widths in log score.
        folder: Where the score is kept.
    """

    score_N: Floats
    bin_N: Indices
    edges: Doubles
    kind: Kind
    folder: Path

    @property
    def k(self) -> int:
        """Number of bins."""
        return len(self.edges) - 1

    @property
    def size_k(self) -> Indices:
        """Samples in each bin."""
        return np.bincount(self.bin_N, minlength=self.k)

    @property
    def range_k(self) -> list[str]:
        """From where to where each bin goes, for reading: scores times 1000."""
        edges = READ_TIMES * self.edges
        return [f"{low:.3f} .. {high:.3f}" for low, high in pairwise(edges)]

    @property
    def fingerprint(self) -> str:
        """Of the scores and how they were cut, for manifests."""
        return hashlib.sha256(self.score_N.tobytes() + self.bin_N.tobytes()).hexdigest()[:16]

    def find(self, score_M: Floats) -> Indices:
        """The bins of further scores, of other poses."""
        return np.searchsorted(self.edges[1:-1], score_M, side="right")


def cut(score_N: Floats, k: int, kind: Kind) -> tuple[Indices, Doubles]:
    """Bins and their edges.

    Bins of equal count differ by one sample at most, and equal scores stay in the order they come
    in. Bins of equal width in log score may be empty; a thousandth of the scores at either end is
    clipped, as broken labels would otherwise have most bins to themselves.

    Example:
        >>> score = np.float32([1, 8, 2, 4, 16, 32])
        >>> cut(score, 3, "count")
        (array([0, 1, 0, 1, 2, 2]), array([ 1.,  4., 16., 32.]))
    """
    known = np.isfinite(score_N)
    check_k(k, len(score_N))
    low, high = float(score_N[known].min()), float(score_N[known].max())
    if kind == "width":
        clipped = np.quantile(score_N[known], [CLIP, 1 - CLIP]).clip(min=1e-12)
        edges = np.geomspace(float(clipped[0]), float(clipped[1]), k + 1)
        inner = np.searchsorted(edges[1:-1], np.where(known, score_N, low), side="right")
        return inner, np.concatenate([[low], edges[1:-1], [high]])
    order_N = np.argsort(np.where(known, score_N, -np.inf), kind="stable")
    bin_N = np.empty(len(score_N), dtype=np.int64)
    bin_N[order_N] = np.arange(len(score_N)) * k // len(score_N)
    first_k = -(-np.arange(1, k) * len(score_N) // k)
    inner_edges = np.where(known, score_N, low)[order_N[first_k]]
    return bin_N, np.concatenate([[low], inner_edges, [high]]).astype(np.float64)


def check_k(k: int, count: int) -> None:
    """More bins than samples are a mistake."""
    if k > count:
        raise UserError(
            f"{k} bins of {count} samples",
            fix="ask for fewer with --k, or for training with --set sampler.k=...",
        )


def bins_folder(pack: Pack, config: ScoreConfig) -> Path:
    """Where scores of these settings are kept."""
    return pack.path / "bins" / _name(FORMAT, pack.info.fingerprint, config.model_dump())


def _name(form: int, pack: str, score: dict[str, Any]) -> str:
    said = json.dumps([form, pack, score], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


class HeldOut(BaseModel):
    """Quantiles of the scores of poses that were learned from, and of those that were not."""

    fitted: tuple[float, float, float]
    held_out: tuple[float, float, float]


class About(BaseModel):
    """What ``bins.json`` must tell."""

    format: int
    fingerprint: str
    score: dict[str, Any]
    poses: int
    held_out: HeldOut | None


def write_bins(bins: Bins, about: dict[str, Any]) -> None:
    """Keep bins in their folder; ``bins.json`` comes last, with it they exist."""
    table = pa.table({"score": bins.score_N, "bin": bins.bin_N.astype(np.int32)})

    def write(path: Path) -> None:
        with pa.ipc.new_file(str(path), table.schema) as sink:
            sink.write_table(table)

    write_atomic(bins.folder / "bins.arrow", write)
    cut_as = {"k": bins.k, "kind": bins.kind, "edges": bins.edges.tolist()}
    write_json(bins.folder / "bins.json", {**about, **cut_as})


def read_bins(pack: Pack, config: ScoreConfig, k: int = 25, kind: Kind = "count") -> Bins:
    """The bins of a Pack, from scores that are already kept."""
    folder = bins_folder(pack, config)
    if not (folder / "bins.json").is_file():
        raise UserError(
            f"has no scores of these settings ({config.name}, seed {config.seed})",
            where=pack.path,
            fix=f"make them with: poseshift bins {pack.path} {_options(config)}".rstrip(),
        )
    score_N = _read_scores(folder / "bins.arrow", len(pack))
    return Bins(score_N, *cut(score_N, k, kind), kind, folder)


def read_about(bins: Bins) -> dict[str, Any]:
    """What is known of how the scores came about, in the form of :class:`About`."""
    file = bins.folder / "bins.json"
    try:
        said = read_json(file)
        about = About.model_validate(said)
    except BadInput as error:
        raise _damaged(file, error.problem) from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise _damaged(file, f"'{key}': {first['msg']}") from error
    if _name(about.format, about.fingerprint, about.score) != bins.folder.name:
        raise _damaged(file, "it tells of other data or settings than its folder's")
    return said


def _damaged(file: Path, why: object) -> BadInput:
    return BadInput(f"is damaged ({why})", where=file, fix=f"delete {file.parent}")


def open_bins(pack: Pack, config: ScoreConfig, k: int, kind: Kind) -> Bins:
    """The bins of a Pack; scores that are not there yet are made, and that is said."""
    if not (bins_folder(pack, config) / "bins.json").is_file():
        from rich.console import Console

        from poseshift.sampling.making import make_scores

        console = Console(stderr=True)
        console.print(f"{pack.info.name}: scoring {len(pack)} poses ({config.name}) ...")
        folder = make_scores(pack, config)
        console.print(f"scores kept in {folder}", soft_wrap=True, markup=False)
    return read_bins(pack, config, k, kind)


def _read_scores(file: Path, count: int) -> Floats:
    try:
        with pa.memory_map(str(file)) as source:
            column = pa.ipc.open_file(source).read_all()["score"]
            score_N = np.array(column, dtype=np.float32)
    except (OSError, KeyError, ValueError, pa.ArrowInvalid) as error:
        raise _damaged(file, error) from error
    if len(score_N) != count:
        raise BadInput(
            f"{len(score_N)} scores of {count} samples", where=file, fix=f"delete {file.parent}"
        )
    return score_N


def _options(config: ScoreConfig) -> str:
    """What to type for a score's settings where they are not the default ones."""
    plain = type(config)()
    words = [f"--score {config.name}"] if config.name != USUAL else []
    return " ".join(
        words
        + [
            f"--set {key}={value}"
            for key, value in config
            if key != "name" and value != getattr(plain, key)
        ]
    )
