"""A prior on disk: plain numbers and JSON, nothing that could run.

::

    priors/gym/
      prior.json              what it is, and how it was made
      generator.safetensors   the source's generator, its critic and its hinges
      transfer.safetensors    what was learned from the target; not in a fitted prior
      target.csv              the target poses it was shown; not in a fitted prior

A folder holds all it needs: the prior it was adapted from may go.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from poseshift import __version__
from poseshift.errors import BadInput, UserError
from poseshift.files import write_json
from poseshift.prior.compare import Candidate, Sampler
from poseshift.prior.generator import GENERATORS, Generator
from poseshift.prior.pose_files import read_poses
from poseshift.prior.pose_writer import write_poses
from poseshift.prior.poses import PoseSet
from poseshift.prior.transfers.base import Transfer
from poseshift.run import read_json
from poseshift.settings import build
from poseshift.skeleton import Skeleton

ABOUT, GENERATOR, TRANSFER, SHOWN = (
    "prior.json", "generator.safetensors", "transfer.safetensors", "target.csv",
)  # fmt: skip
_AGAIN = "fit or adapt it again"


@dataclass(frozen=True, slots=True)
class Prior:
    """A generator, and how it was adapted if it was.

    Attributes:
        generator: Of the source's poses.
        transfer: To the target; ``None`` in a fitted prior.
        shown: Whole target poses it was adapted to.
    """

    generator: Generator
    transfer: Transfer | None = None
    shown: PoseSet | None = None

    @property
    def skeleton(self) -> Skeleton:
        """Joints of its poses."""
        return self.generator.skeleton

    @property
    def sampler(self) -> Sampler:
        """Where its poses come from."""
        return self.transfer or self.generator

    def save(self, folder: Path, made: Mapping[str, Any]) -> None:
        """Write it into a folder that is there and empty; ``made`` is told in ``prior.json``."""
        generator = self.generator
        flat = {f"{p}.{k}": v for p, kept in generator.parts().items() for k, v in kept.items()}
        _save(flat, folder / GENERATOR)
        about: dict[str, Any] = {
            "version": __version__,
            **made,
            "skeleton": generator.skeleton.to_dict(),
            "kind": generator.name,
            "generator": generator.config.model_dump(),
        }
        if self.transfer is not None and self.shown is not None:
            about |= {"transfer": self.transfer.name, "settings": self.transfer.config.model_dump()}
            _save(self.transfer.learned, folder / TRANSFER)
            write_poses(folder / SHOWN, [self.shown.points_NK2], self.skeleton)
        write_json(folder / ABOUT, about)


def open_prior(folder: Path) -> Prior:
    """Open what :meth:`Prior.save` wrote."""
    if not folder.exists():
        fix = "make one with: poseshift prior fit POSES --out FOLDER"
        raise BadInput("no such prior", where=folder, fix=fix)
    if not (folder / ABOUT).is_file():
        fix = "name a folder that poseshift prior fit or adapt has made"
        raise BadInput(f"is not a prior: it has no {ABOUT}", where=folder, fix=fix)
    prior = _open(folder)
    with _blaming(folder):
        if not prior.sampler.sample(1, seed=0).isfinite().all():
            raise ValueError("its poses are not finite")
    return prior


def _open(folder: Path) -> Prior:
    with _blaming(folder / ABOUT) as file:
        about = read_json(file)
        skeleton = Skeleton.from_dict(about["skeleton"], file)
        kind = GENERATORS[about.get("kind", "coordinates")]
        config = build(kind.Config, about["generator"], where=str(file))
    with _blaming(folder / GENERATOR) as file:
        parts: dict[str, dict[str, Tensor]] = {}
        for name, value in _load(file).items():
            part, _, rest = name.partition(".")
            parts.setdefault(part, {})[rest] = value
        generator = kind.revive(skeleton, parts, config)
    if "transfer" not in about:
        return Prior(generator)
    with _blaming(folder / ABOUT) as file:
        transfer_kind = generator.transfers[about["transfer"]]
        settings = build(transfer_kind.Config, about["settings"], where=str(file))
    with _blaming(folder / TRANSFER) as file:
        transfer = transfer_kind.revive(generator, _load(file), settings)
    with _blaming(folder / SHOWN) as file:
        shown, _ = read_poses(file, skeleton)
    return Prior(generator, transfer, shown)


@contextmanager
def _blaming(path: Path) -> Iterator[Path]:
    """Whatever goes wrong with a part of a prior is told as damage of that part."""
    try:
        yield path
    except UserError as error:
        problem = f"is damaged: {error.problem}"
        raise BadInput(problem, where=error.where or path, fix=_AGAIN) from error
    except KeyError as error:
        raise BadInput(f"is damaged: it lacks {error}", where=path, fix=_AGAIN) from error
    except (OSError, ValueError, TypeError, RuntimeError, SafetensorError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise BadInput(f"is damaged: {reason[:120]}", where=path, fix=_AGAIN) from error


def open_generator(folder: Path) -> Generator:
    """The generator of a fitted prior; one that was adapted is refused."""
    prior = open_prior(folder)
    if prior.transfer is not None:
        raise UserError(
            f"was adapted already, by {prior.transfer.name}",
            where=folder,
            fix="name the prior it was adapted from: poses of both targets can be given at once",
        )
    return prior.generator


def open_candidates(folders: Sequence[Path]) -> tuple[Generator, list[Candidate]]:
    """Priors to compare, and the generator that all of them were adapted from.

    A fitted prior among them is that generator.
    """
    priors = {folder: open_prior(folder) for folder in folders}
    first, source = next(iter(priors.items()))
    for folder, prior in priors.items():
        if not _same(prior.generator.weights, source.generator.weights):
            raise UserError(
                f"was adapted from another prior than {first}",
                where=folder,
                fix="compare priors that have one source; others one by one",
            )
    names = short_names([folder.resolve() for folder in priors])
    return source.generator, [
        Candidate(name, prior.transfer.name, prior.transfer, prior.shown)
        for name, prior in zip(names, priors.values(), strict=True)
        if prior.transfer is not None and prior.shown is not None
    ]


def short_names(folders: Sequence[Path]) -> list[str]:
    """As much of each path's end as tells it from the others.

    Example:
        >>> short_names([Path("/a/gym"), Path("/b/gym"), Path("/b/park")])
        ['a/gym', 'b/gym', 'park']
    """
    names = []
    for folder in folders:
        ends = ("/".join(folder.parts[-n:]) for n in range(1, len(folder.parts) + 1))
        names.append(
            next(
                (
                    e
                    for e in ends
                    if sum(f"/{f.as_posix()}".endswith(f"/{e}") for f in folders) == 1
                ),
                str(folder),
            )
        )
    return names


def _same(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(one[k].equal(other[k]) for k in one)


def _save(tensors: Mapping[str, Tensor], path: Path) -> None:
    save_file({name: value.detach().clone().contiguous() for name, value in tensors.items()}, path)


def _load(path: Path) -> dict[str, Tensor]:
    tensors: dict[str, Tensor] = load_file(path)
    # In a file they lie anywhere: products of what is not aligned round in another way.
    return {name: value.clone() for name, value in tensors.items()}
