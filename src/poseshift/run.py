"""A run folder: resumable, evaluable, and it knows what made it.

::

    my_run/
      config.yaml                       every setting, resolved
      manifest.json                     versions, data fingerprints, seed, hardware, command
      metrics.jsonl                     one line every few steps
      state.pt                          all that resuming needs
      checkpoints/000500/                the network that predicts, and what shape it has
          network.safetensors, network.json, student.safetensors
      selection.json                    the checkpoint chosen without target labels, and why
      evaluations/<pack>/000500/{predictions.arrow, metrics.json}
"""

from __future__ import annotations

import io
import json
import os
import platform
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

from poseshift import __version__
from poseshift.config import RunConfig
from poseshift.data.names import Shown
from poseshift.errors import BadInput, UserError, command
from poseshift.files import make_folder, write_atomic, write_json, write_text
from poseshift.nn.posenet import PoseNet
from poseshift.settings import build, dump_yaml, read_yaml
from poseshift.skeleton import Skeleton

WEIGHTS, STUDENT, SHAPE = "network.safetensors", "student.safetensors", "network.json"
SELECTION = "selection.json"


@dataclass(frozen=True)
class Run:
    """A folder and its settings.

    Args:
        path: The folder.
        config: What it was told.
    """

    path: Path
    config: RunConfig

    @classmethod
    def create(cls, path: str | Path, config: RunConfig) -> Run:
        """Start a folder; one that holds anything is left alone."""
        path = Path(path)
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise UserError(
                "is not empty",
                where=path,
                fix="choose another --out, or continue that run with --resume",
            )
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"cannot be made ({error.strerror})", where=path) from error
        write_text(path / "config.yaml", dump_yaml(config))
        return cls(path, config)

    @classmethod
    def open(cls, path: str | Path) -> Run:
        """Open a folder that :meth:`create` started."""
        path = Path(path)
        file = path / "config.yaml"
        if not file.is_file():
            raise BadInput(
                "is not a run: it has no config.yaml",
                where=path,
                fix="make one with: poseshift adapt SOURCE TARGET --out RUN",
            )
        return cls(path, build(RunConfig, read_yaml(file), where=str(file)))

    def has_manifest(self) -> bool:
        """Whether the run got as far as writing down what makes it."""
        return (self.path / "manifest.json").is_file()

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """What made this run."""
        file = self.path / "manifest.json"
        manifest = read_json(file)
        if missing := [key for key in ("data", "skeleton") if key not in manifest]:
            raise BadInput(f"does not say '{missing[0]}'", where=file, fix="start a new run")
        return manifest

    def labelled_images(self) -> list[Shown]:
        """Target images whose labels went into it: evaluation leaves them out."""
        told = [
            image for role in self.manifest["data"].values() for image in role.get("images", [])
        ]
        try:
            return [
                Shown(image["name"], tuple(image["matrix"]), tuple(image["glance"]))
                for image in told
            ]
        except (KeyError, TypeError) as error:
            raise BadInput(
                "does not say which images it had labels of",
                where=self.path / "manifest.json",
                fix="start a new run",
            ) from error

    @property
    def skeleton(self) -> Skeleton:
        """The joints it predicts."""
        return Skeleton.from_dict(self.manifest["skeleton"], where=str(self.path / "manifest.json"))

    @property
    def begins(self) -> int:
        """Step of what adaptation began from: the source alone, if that checkpoint is kept."""
        step = self.manifest.get("begins")
        return step if type(step) is int else 0

    def checkpoints(self) -> list[int]:
        """Steps of the kept checkpoints, oldest first."""
        names = (file.parent.name for file in self.path.glob(f"checkpoints/*/{WEIGHTS}"))
        return sorted(int(name) for name in names if name.isdigit())

    def last(self) -> int:
        """Step of the newest checkpoint."""
        steps = self.checkpoints()
        if not steps:
            raise UserError(
                "has no checkpoint yet",
                where=self.path,
                fix=f"continue it with: {command('adapt', '--resume', self.path)}",
            )
        return steps[-1]

    def chosen(self) -> int:
        """Step of the checkpoint chosen without target labels; of the last where none was."""
        file = self.path / SELECTION
        if not file.exists():
            return self.last()
        step = read_json(file).get("step")
        if type(step) is not int or step not in self.checkpoints():
            raise BadInput(
                f"names no checkpoint of this run, but {step!r}",
                where=file,
                fix="delete it; the last checkpoint is then the run's choice",
            )
        return step

    def weights(self, step: int) -> Path:
        """The weights file of one checkpoint."""
        return self.path / "checkpoints" / f"{step:06d}" / WEIGHTS

    def network(self, step: int | None = None) -> PoseNet:
        """The network of a checkpoint (the last if not given), ready to predict."""
        return self._open(self.weights(self.last() if step is None else step))

    def student(self, step: int) -> PoseNet | None:
        """The network being trained, where an average of it predicts."""
        file = self.weights(step).with_name(STUDENT)
        return self._open(file) if file.exists() else None

    def _open(self, weights: Path) -> PoseNet:
        shape = weights.with_name(SHAPE)
        network = PoseNet.from_description(read_json(shape), shape)
        if network.joints != len(self.skeleton):
            raise BadInput(
                f"has {network.joints} joints, the run's skeleton has {len(self.skeleton)}",
                where=weights,
            )
        network.load(weights)
        return network.eval()

    def save_checkpoint(self, network: PoseNet, step: int, student: PoseNet | None = None) -> None:
        """Keep the predicting network, and the one being trained if that is another."""
        path = self.weights(step)
        folder = make_folder(path.parent)
        write_json(folder / SHAPE, network.describe())
        if student is not None and student is not network:
            write_atomic(folder / STUDENT, student.save)
        write_atomic(path, network.save)  # last: with it the checkpoint exists

    def save_state(self, state: Mapping[str, Any]) -> None:
        """Keep all that resuming needs; the previous state stays until this one is whole."""
        # Through memory: on a full disk torch.save itself fails in ways of its own.
        memory = io.BytesIO()
        torch.save(dict(state), memory)
        write_atomic(self.path / "state.pt", lambda path: path.write_bytes(memory.getbuffer()))

    def load_state(self) -> dict[str, Any] | None:
        """The resumable state, or ``None`` if the run never got to its first."""
        path = self.path / "state.pt"
        if not path.exists():
            return None
        try:
            state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
            state["step"]
        except Exception as error:  # torch raises many kinds for a damaged file
            raise BadInput(
                f"is damaged ({(str(error) or type(error).__name__).splitlines()[0]})",
                where=path,
                fix="start a new run; the checkpoints beside it can be its --init",
            ) from error
        return state

    def log(self, line: Mapping[str, Any]) -> None:
        """Append one line to the metrics stream."""
        with (self.path / "metrics.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(dict(line)) + "\n")

    def metrics(self) -> list[dict[str, Any]]:
        """The metrics stream."""
        file = self.path / "metrics.jsonl"
        if not file.exists():
            return []
        return [json.loads(line) for line in file.read_text().splitlines() if line.endswith("}")]

    def rewind_log(self, step: int) -> None:
        """Drop lines after a step, so that a resumed run does not tell them twice."""
        lines = [line for line in self.metrics() if line["step"] <= step]
        write_text(self.path / "metrics.jsonl", "".join(json.dumps(e) + "\n" for e in lines))


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object of ours."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BadInput("is missing", where=path) from error
    except ValueError as error:
        raise BadInput(f"is not JSON ({error})", where=path) from error
    if not isinstance(data, dict):
        raise BadInput(f"expected an object, found a {type(data).__name__}", where=path)
    return data


def write_manifest(
    run: Run, data: Mapping[str, Any], skeleton: Skeleton, begins: int | None = None
) -> None:
    """Record what made the run: code, packages, data, seed, hardware, command, date.

    ``begins`` is the step after which it adapts to a target.
    """
    write_json(
        run.path / "manifest.json",
        {
            "poseshift": __version__,
            "versions": package_versions(),
            "hardware": hardware(),
            "command": " ".join(sys.argv),
            "date": time.strftime("%Y-%m-%d %H:%M:%S"),
            "seed": run.config.train.seed,
            "begins": begins,
            "data": dict(data),
            "skeleton": skeleton.to_dict(),
        },
    )


def package_versions() -> dict[str, str]:
    """Versions of the packages that can change a number."""
    names = ("torch", "lightning-fabric", "transformers", "numpy", "opencv-python-headless")
    found = {"python": platform.python_version()}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def hardware() -> dict[str, Any]:
    """The machine, in words."""
    gpus = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {"machine": platform.machine(), "cores": cores, "gpus": gpus}
