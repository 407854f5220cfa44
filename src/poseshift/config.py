"""Everything a run was told, in one frozen model; a run folder keeps it as ``config.yaml``."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SerializeAsAny, field_validator

from poseshift.data.views import ViewConfig
from poseshift.methods.base import METHODS, MethodConfig
from poseshift.nn.posenet import NetworkConfig
from poseshift.sampling.base import SAMPLERS, SamplerConfig
from poseshift.settings import Frozen, build, overlay, own_settings, parse_set, read_yaml


class TrainConfig(Frozen):
    """The loop: how long, how many at a time, how fast, on what."""

    steps: int = Field(1000, ge=1, description="optimiser steps")
    batch: int = Field(32, ge=1, description="samples of each domain in a micro-batch")
    accumulate: int = Field(1, ge=1, description="micro-batches a process adds up in a step")
    optimizer: Literal["adam", "sgd"] = Field("adam", description="sgd is Nesterov, momentum .9")
    lr: float = Field(1e-3, gt=0, description="peak learning rate")
    weight_decay: float = Field(0.0, ge=0)
    schedule: Literal["cosine", "multistep", "inverse", "constant"] = Field(
        "cosine", description="multistep: x0.1 at milestones; inverse: (1 + 1e-4 i)^-0.75"
    )
    milestones: tuple[float, ...] = Field((0.64, 0.86), description="multistep, share of the steps")
    warmup: float = Field(0.02, ge=0, lt=1, description="share of the steps the rate grows over")
    clip: float = Field(0.0, ge=0, description="largest gradient norm, 0 for none")
    seed: int = Field(0, ge=0)
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    devices: int = Field(1, ge=1, description="processes on this machine")
    nodes: int = Field(1, ge=1, description="machines")
    precision: Literal["auto", "32", "bf16"] = Field(
        "auto", description="auto: bf16 where the device computes it natively"
    )
    channels_last: bool = True
    compile: bool = Field(False, description="torch.compile the networks")
    workers: int = Field(2, ge=1, description="decoding threads a process")
    checkpoint_every: int = Field(500, ge=1, description="steps between kept checkpoints")
    log_every: int = Field(20, ge=1, description="steps between lines of metrics.jsonl")

    @field_validator("precision", mode="before")
    @classmethod
    def _as_word(cls, value: Any) -> Any:
        """YAML reads ``precision: 32`` as a number; it is a name."""
        return str(value) if isinstance(value, int) else value


class RunConfig(Frozen):
    """One run."""

    source: str = Field(description="labelled Pack, or world:NAME")
    target: str | None = Field(None, description="target Pack (labels unread), or world:NAME")
    skeleton: str | None = Field(None, description="joints to train on; the source's if not given")
    aliases: str | None = Field(None, description="YAML of further joint names")
    init: str | None = Field(None, description="start from: run, .safetensors, backbone or ViTPose")
    target_labels: str | None = Field(
        None, description="labels of a few target frames (COCO, DeepLabCut csv ...), trusted"
    )
    teacher_predictions: str | None = Field(
        None, description="another tool's predictions on target frames, taught at the beginning"
    )
    extra_share: float = Field(
        0.25, gt=0, le=0.5, description="part of a source batch that either of the two takes"
    )
    teacher_confidence: float = Field(
        0.5, ge=0, description="joints predicted with less count as not labelled"
    )
    side: int = Field(96, ge=32, le=1024, description="pixels a side of the network's views")
    method: SerializeAsAny[MethodConfig] = Field(
        default_factory=lambda: MethodConfig(name="source_only"), validate_default=True
    )
    sampler: SerializeAsAny[SamplerConfig] = Field(
        default_factory=SamplerConfig, validate_default=True, description="which source samples"
    )
    network: NetworkConfig = NetworkConfig()
    view: ViewConfig = ViewConfig()
    train: TrainConfig = TrainConfig()

    @field_validator("method", mode="before")
    @classmethod
    def _own_settings(cls, value: Any) -> MethodConfig:
        """Each method brings its own settings: read the section with its model."""
        settings: MethodConfig = own_settings(value, METHODS, "source_only")
        return settings

    @field_validator("sampler", mode="before")
    @classmethod
    def _own_sampling(cls, value: Any) -> SamplerConfig:
        """So does each sampler."""
        settings: SamplerConfig = own_settings(value, SAMPLERS, "uniform")
        return settings


def load_config(
    files: Iterable[str | Path] = (), sets: Iterable[str] = (), **given: Any
) -> RunConfig:
    """Layer settings: defaults, then YAML files, then given values, then ``--set`` words.

    Example:
        >>> config = load_config(source="world:studio", sets=["train.lr=1e-4", "side=128"])
        >>> config.train.lr, config.side, config.method.name
        (0.0001, 128, 'source_only')
    """
    files = list(files)
    layers = [_named(read_yaml(file)) for file in files]
    words = _named(parse_set(sets))
    told = _named({key: value for key, value in given.items() if value is not None})
    where = ", ".join([*map(str, files), "settings"])
    return build(RunConfig, overlay(*layers, told, words), where=where)


def _named(layer: dict[str, Any]) -> dict[str, Any]:
    """``method: udape`` is short for ``method: {name: udape}``; so for the sampler."""
    short = {key: layer[key] for key in ("method", "sampler") if isinstance(layer.get(key), str)}
    return {**layer, **{key: {"name": name} for key, name in short.items()}}
