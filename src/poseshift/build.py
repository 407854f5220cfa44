"""From settings to things: domains in their roles, the method at its start, its optimisers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn

from poseshift.config import RunConfig, TrainConfig
from poseshift.data.baked import open_pack
from poseshift.data.domain import LabeledDomain, UnlabeledDomain
from poseshift.errors import UserError
from poseshift.methods.base import METHODS, Method
from poseshift.nn.posenet import PoseNet
from poseshift.run import Run
from poseshift.skeleton import skeleton as find_skeleton


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


def build_method(config: RunConfig, source: LabeledDomain, *, resumed: bool = False) -> Method[Any]:
    """The method with its network at its start: random, pretrained, or ``init``.

    A resumed one gets its weights from the run's own state, so nothing else is looked for.
    """
    torch.manual_seed(config.train.seed)
    shape = config.network.model_copy(update={"pretrained": False}) if resumed else config.network
    network = PoseNet(shape, len(source.skeleton))
    if config.init and not resumed:
        path = Path(config.init)
        network.load(Run.open(path).weights(Run.open(path).last()) if path.is_dir() else path)
    kind = METHODS[config.method.name]
    return kind(network, source.skeleton, config.method, config.view, config.side)


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


def data_manifest(
    source: LabeledDomain, target: LabeledDomain | UnlabeledDomain | None
) -> dict[str, Any]:
    """Names, sizes and fingerprints of the data, for the run's manifest."""
    roles = {"source": source, "target": target}
    return {
        role: {
            "name": domain.name,
            "fingerprint": domain.fingerprint,
            "count": len(domain),
            "crop_from": domain.crop_from,
            "mapping": domain.said if isinstance(domain, LabeledDomain) else "",
        }
        for role, domain in roles.items()
        if domain is not None
    }
