"""From settings to things: domains in their roles, the method at its start, its optimisers."""

from __future__ import annotations

import copy
import logging
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import nn

from poseshift.config import RunConfig, TrainConfig
from poseshift.data.baked import open_pack
from poseshift.data.domain import LabeledDomain, UnlabeledDomain
from poseshift.data.frames import Frames, TargetLabels, TeacherPredictions, match_frames
from poseshift.errors import UserError
from poseshift.methods.base import METHODS, Course, Method
from poseshift.methods.teaching import PRETRAIN, TeachingConfig
from poseshift.nn.posenet import PoseNet
from poseshift.nn.starting import Start, start
from poseshift.run import Run
from poseshift.sampling.base import SAMPLERS, SourceSampler, build_sampler
from poseshift.skeleton import skeleton as find_skeleton

_log = logging.getLogger(__name__)


def open_domains(
    config: RunConfig,
) -> tuple[LabeledDomain, LabeledDomain | UnlabeledDomain | None]:
    """Open source and target in the roles the method declares."""
    wanted = find_skeleton(config.skeleton) if config.skeleton else None
    aliases = Path(config.aliases) if config.aliases else None
    source = LabeledDomain(open_pack(config.source, config.side), wanted, aliases)
    role = METHODS[config.method.name].target
    if role == "unused":
        return source, None
    if config.target is None:
        raise UserError(f"method {config.method.name} needs a target", fix="name a target Pack")
    pack = open_pack(config.target, config.side)
    if role == "labeled":
        return source, LabeledDomain(pack, source.skeleton, aliases)
    return source, UnlabeledDomain(pack)


def open_frames(config: RunConfig, source: LabeledDomain) -> list[Frames]:
    """Open what is known of single target frames: a few labels, another tool's predictions."""
    files = {TargetLabels: config.target_labels, TeacherPredictions: config.teacher_predictions}
    given = {kind: file for kind, file in files.items() if file is not None}
    if not given:
        return []
    if config.target is None:
        raise UserError(
            "belongs to frames of a target, and there is none",
            where=next(iter(given.values())),
            fix="name the target Pack too",
        )
    pack = open_pack(config.target, config.side)
    aliases, least = Path(config.aliases) if config.aliases else None, config.teacher_confidence
    return [
        match_frames(kind, file, pack, source.skeleton, aliases, least)
        for kind, file in given.items()
    ]


def open_sampler(config: RunConfig, source: LabeledDomain, seed: int) -> SourceSampler:
    """Which source samples are drawn."""
    name, method = config.sampler.name, config.method.name
    if SAMPLERS[name].sees_target and METHODS[method].target != "unlabeled":
        raise UserError(
            f"sampler {name} looks at an unlabelled target, and method {method} has none",
            fix="choose another --sampler, or a method that adapts",
        )
    return build_sampler(config.sampler, source, config.train.steps, seed)


def sampler_manifest(config: RunConfig, sampler: SourceSampler) -> dict[str, Any]:
    """For the manifest: the sampler and the bins it goes by; nothing for the uniform one."""
    name = config.sampler.name
    if name == "uniform":
        return {}
    about = {"name": name, "fingerprint": sampler.fingerprint, "count": sampler.length}
    return {"sampler": {**about, "crop_from": "", "mapping": ""}}


def inherited_labels(config: RunConfig) -> dict[str, Any]:
    """For the manifest: target frames whose labels the run it starts from has seen."""
    path = Path(config.init) if config.init else None
    if path is None or not (path / "manifest.json").is_file():
        return {}
    images = Run.open(path).labelled_images()
    about = {"name": str(path), "fingerprint": "", "count": len(images), "crop_from": ""}
    return {"start": {**about, "mapping": "", "images": [*map(asdict, images)]}} if images else {}


def build_start(config: RunConfig, source: LabeledDomain, *, resumed: Run | None = None) -> Start:
    """The network a run begins with: random, pretrained, or ``init``.

    A resumed run gets its weights from its own state, so nothing outside of it is looked for. A
    method that trains a network of another shape begins with a fresh head.
    """
    METHODS[config.method.name].check(config.method)
    torch.manual_seed(config.train.seed)
    if config.init:
        if resumed is not None:
            return Start(resumed.network(0), whole=True)  # its settings say what follows if not
        begun = start(config.network, source.skeleton, config.init, config.side)
        if not begun.whole:
            _warn_untaught(config)
        held = begun.network.config
        same = METHODS[config.method.name].shape(held, config.method) == held
        return Start(begun.network, whole=begun.whole and same)
    if resumed is None:
        _warn_untaught(config)
    update = {} if resumed is None else {"pretrained": False}
    network = PoseNet(config.network.model_copy(update=update), len(source.skeleton))
    return Start(network, whole=False)


def _warn_untaught(config: RunConfig) -> None:
    """Methods with a teacher begin with pre-training; others take the start as it is."""
    kind = METHODS[config.method.name]
    if kind.target == "unlabeled" and not isinstance(config.method, TeachingConfig):
        _log.warning(
            "%s adapts from the first step, and nothing has taught its network the joints: train "
            "source_only first and give that run as --init",
            config.method.name,
        )


def resolved(config: RunConfig, begun: Start) -> RunConfig:
    """Settings as the start has them: its shape, and pre-training where it cannot teach yet."""
    method = config.method
    update: dict[str, Any] = {"network": begun.network.config}
    unable = config.init and not begun.whole
    if unable and isinstance(method, TeachingConfig) and method.pretrain is None:
        update["method"] = method.model_copy(update={"pretrain": PRETRAIN})
        _log.warning(
            "%s: not all of the network comes from it, so %.0f%% of the steps are on the source "
            "alone; --set method.pretrain=0 adapts at once",
            config.init, 100 * PRETRAIN,
        )  # fmt: skip
    return config.model_copy(update=update)


def build_method(config: RunConfig, source: LabeledDomain, begun: Start) -> Method[Any]:
    """The method with its network at its start.

    A method that trains a network of another shape takes over what the shapes share.
    """
    kind, network = METHODS[config.method.name], begun.network
    shape = kind.shape(network.config, config.method)
    if shape != network.config:
        other = PoseNet(shape, network.joints, copy.deepcopy(network.backbone))
        other.upsample.load_state_dict(network.upsample.state_dict())
        network = other
    course = Course(config.train.steps, started=config.init is not None)
    return kind(network, source.skeleton, config.method, config.view, config.side, course)


def build_optimizers(method: Method[Any], config: TrainConfig) -> dict[str, torch.optim.Optimizer]:
    """One optimiser per parameter group, so that a phase can step some of them."""
    decay = config.weight_decay

    def one(parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
        if config.optimizer == "sgd":
            return torch.optim.SGD(
                parameters, config.lr, 0.9, weight_decay=decay, nesterov=True, fused=True
            )
        return torch.optim.Adam(parameters, config.lr, weight_decay=decay, fused=True)

    return {name: one(parameters) for name, parameters in method.groups().items()}


def _labelled(domain: object) -> dict[str, Any]:
    """Frames whose labels are given, as they can be known again."""
    return {"images": [*map(asdict, domain.images)]} if isinstance(domain, TargetLabels) else {}


def data_manifest(
    source: LabeledDomain,
    target: LabeledDomain | UnlabeledDomain | None,
    frames: Sequence[Frames] = (),
) -> dict[str, Any]:
    """Names, sizes and fingerprints of the data, for the run's manifest."""
    roles = {"source": source, "target": target, **{part.role: part for part in frames}}
    return {
        role: {
            "name": domain.name,
            "fingerprint": domain.fingerprint,
            "count": len(domain),
            "crop_from": domain.crop_from,
            "mapping": "" if isinstance(domain, UnlabeledDomain) else domain.said,
            **_labelled(domain),
        }
        for role, domain in roles.items()
        if domain is not None
    }
