"""Starting from somebody's weights: an earlier run, a file of ours, a backbone, or a ViTPose.

What is started from decides the shape of the network: settings that were left out follow it,
settings that say otherwise are refused.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from torch import Tensor

from poseshift.errors import BadInput, UserError
from poseshift.nn.backbone import as_backbone, build_backbone, presets
from poseshift.nn.posenet import NetworkConfig, PoseNet
from poseshift.nn.vitpose import at_side, head_config, head_state, joints_of, squared
from poseshift.run import SHAPE, Run, read_json
from poseshift.skeleton import Skeleton, joint_map

_log = logging.getLogger(__name__)


class Start(NamedTuple):
    """What a run begins with.

    Attributes:
        network: The network.
        whole: Whether nothing of it is fresh, so that what it predicts means something.
    """

    network: PoseNet
    whole: bool


def start(config: NetworkConfig, skeleton: Skeleton, init: str, side: int) -> Start:
    """A network for a skeleton that begins with the weights of ``init``.

    Args:
        config: The shape asked for; what it leaves out follows from ``init``.
        skeleton: The joints wanted; those that ``init`` does not know start fresh, and are logged.
        init: A run (its choice), a .safetensors file of ours, or a model of transformers by folder,
            hub id or preset: a ViTPose with its head, of any other the backbone alone.
        side: Pixels a side of the images it will see.
    """
    path = Path(init)
    if path.is_file():
        return _from_file(config, skeleton, path, side)
    if (path / "config.json").is_file() or _is_name(init):
        about = _model_config(init)
        if about is not None and about.model_type == "vitpose":
            return _from_vitpose(config, skeleton, init, side, about)
        return _from_backbone(config, skeleton, init, side)
    if path.is_dir():
        return _from_run(config, skeleton, Run.open(path), side)
    raise BadInput(
        "no such run, .safetensors file, or folder of a transformers model",
        where=init,
        fix=f"check the path, or give a hub id owner/name or one of: {', '.join(presets())}",
    )


def _from_run(config: NetworkConfig, skeleton: Skeleton, run: Run, side: int) -> Start:
    """The run's choice; joints are matched by name when its skeleton is another."""
    network, where = run.network(run.chosen()), str(run.path)
    _agree(config, network.config, where)
    network.backbone = at_side(network.backbone, side, where)
    if run.skeleton.keypoints == skeleton.keypoints:
        return Start(network, whole=True)
    other = PoseNet(network.config, len(skeleton), network.backbone)
    try:
        indices = joint_map(run.skeleton, skeleton).indices
    except BadInput as error:
        raise BadInput(
            error.problem,
            where=where,
            fix="start from a run that knows some of the joints",
        ) from error
    _load(other, network.state_dict(), indices)
    _tell(where, skeleton, indices)
    return Start(other, whole=min(indices) >= 0)


def _from_file(config: NetworkConfig, skeleton: Skeleton, path: Path, side: int) -> Start:
    """Weights that :meth:`PoseNet.save` wrote; their shape lies beside them or is as configured."""
    shape = path.with_name(SHAPE)
    if not shape.is_file():
        network = PoseNet(_fresh(config), len(skeleton))
        network.load(path)
        return Start(network, whole=True)
    network = PoseNet.from_description(read_json(shape), shape)
    _agree(config, network.config, str(path))
    network.load(path)
    if network.joints != len(skeleton):
        raise BadInput(
            f"has {network.joints} joints, skeleton {skeleton.name} has {len(skeleton)}",
            where=path,
            fix="give the run's folder, whose joints have names, or the skeleton it was trained on",
        )
    network.backbone = at_side(network.backbone, side, str(path))
    return Start(network, whole=True)


def _from_backbone(config: NetworkConfig, skeleton: Skeleton, init: str, side: int) -> Start:
    """The backbone's weights; everything after it is fresh."""
    shape = _fresh(config).model_copy(update={"backbone": init})
    _agree(config, shape, init)
    backbone = at_side(build_backbone(init, pretrained=True), side, init)
    return Start(PoseNet(shape, len(skeleton), backbone), whole=False)


def _from_vitpose(
    config: NetworkConfig, skeleton: Skeleton, init: str, side: int, about: Any
) -> Start:
    """A whole ViTPose, its head's maps matched to the joints by name."""
    shape = NetworkConfig(backbone=init, **head_config(about, init))
    _agree(config, shape, init)
    theirs = joints_of(about, init)
    model = _open_vitpose(init)
    network = PoseNet(shape, len(skeleton), as_backbone(squared(model.backbone, side), init))
    body = {f"backbone.model.{k}": v for k, v in network.backbone.model.state_dict().items()}
    indices = _indices(theirs, skeleton)
    _load(network, body | head_state(model.head.state_dict()), indices)
    _tell(init, skeleton, indices)
    return Start(network, whole=min(indices) >= 0)


# --- shapes ---------------------------------------------------------------------------------------


def _fresh(config: NetworkConfig) -> NetworkConfig:
    """The same shape, fetching nothing: the weights come from elsewhere."""
    return config.model_copy(update={"pretrained": False})


def _agree(config: NetworkConfig, held: NetworkConfig, where: str) -> None:
    """Refuse settings that were given and say another shape than the start has."""
    for name in sorted(config.model_fields_set - {"pretrained"}):
        asked, found = getattr(config, name), getattr(held, name)
        if asked != found:
            raise UserError(
                f"the start's network has {name} {_word(found)}, the settings say {_word(asked)}",
                where=where,
                fix=f"leave network.{name} out, or set it to {_word(found)}",
            )


def _word(value: Any) -> str:
    return str(list(value)) if isinstance(value, tuple) else f"'{value}'"


# --- joints ---------------------------------------------------------------------------------------


def _load(network: PoseNet, state: Mapping[str, Tensor], indices: Sequence[int]) -> None:
    """Load weights of other joints: ``indices`` says which map is whose, -1 stays fresh."""
    mine, mixed = network.state_dict(), dict(state)
    *_, last = (key for key in mine if key.startswith("head.") and key.endswith(".weight"))
    known = [k for k, index in enumerate(indices) if index >= 0]
    for key in (last, last.replace("weight", "bias")):
        rows = mine[key].clone()
        rows[known] = state[key][[indices[k] for k in known]]
        mixed[key] = rows
    network.load_state_dict(mixed)


def _indices(theirs: Skeleton, ours: Skeleton) -> tuple[int, ...]:
    """Which of their joints stands for each of ours; a body's network may well start a hand's."""
    try:
        return joint_map(theirs, ours).indices
    except BadInput:  # not one in common
        return (-1,) * len(ours)


def _tell(where: str, skeleton: Skeleton, indices: Sequence[int]) -> None:
    """Name the joints that the start does not know."""
    pairs = zip(skeleton.keypoints, indices, strict=True)
    if fresh := [name for name, index in pairs if index < 0]:
        _log.warning("%s: joints that start fresh: %s", where, ", ".join(fresh))


# --- models of transformers -----------------------------------------------------------------------


def _is_name(init: str) -> bool:
    """Whether it can only be a preset or a hub id, ``owner/name``."""
    there = Path(init).exists()
    return init in presets() or (not there and init.count("/") == 1 and init[0] not in "./~")


def _model_config(init: str) -> Any:
    """The config of a transformers model; ``None`` for a preset, which has its own."""
    from transformers import AutoConfig

    if init in presets():
        return None
    try:
        return AutoConfig.from_pretrained(init, trust_remote_code=False)
    except Exception as error:  # a config is checked in many places, each with errors of its own
        raise _not_opened("is neither a run nor a model of transformers", init, error) from error


def _open_vitpose(init: str) -> Any:
    from transformers import VitPoseForPoseEstimation

    make: Any = VitPoseForPoseEstimation
    try:
        model, loaded = make.from_pretrained(
            init, use_safetensors=True, output_loading_info=True, trust_remote_code=False
        )
    except Exception as error:  # the file may be missing, cut off, or of another shape
        raise _not_opened("its weights could not be loaded", init, error) from error
    if missing := sorted(loaded["missing_keys"]):
        raise BadInput(f"its weights lack {len(missing)} tensors, first '{missing[0]}'", where=init)
    return model


def _not_opened(problem: str, init: str, error: Exception) -> BadInput:
    reason = (str(error).strip() or type(error).__name__).split("\n")[0]
    return BadInput(
        f"{problem} ({reason})",
        where=init,
        fix="check the name and the connection, or give a folder with config.json and safetensors",
    )
