"""What a method is: networks, a generator of losses, and the network it would predict with.

To add one, copy ``source_only.py``: a config, ``phases``, a ``passes`` table. See CONTRIBUTING.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Literal, Self, TypeVar

from pydantic import Field
from torch import Tensor, nn

from poseshift.data.heatmap import encode
from poseshift.data.types import LabeledBatch
from poseshift.data.views import ViewConfig, apply, labeled_view, resize_matrix
from poseshift.methods import NAMES
from poseshift.nn.ema import ema_decay, ema_update
from poseshift.nn.posenet import NetworkConfig, PoseNet
from poseshift.registry import Registry
from poseshift.settings import Frozen
from poseshift.skeleton import Skeleton

TargetBatch = TypeVar("TargetBatch")


class MethodConfig(Frozen):
    """Settings every method has."""

    name: str = "source_only"
    ema: float = Field(
        0.99, ge=0, lt=1, description="decay of the averaged weights that predict; 0 for none"
    )


@dataclass(frozen=True, slots=True)
class Phase:
    """One optimiser update: weighted losses by name, and the parameter groups it moves."""

    losses: Mapping[str, Tensor]
    update: tuple[str, ...] = ("network",)


@dataclass(frozen=True, slots=True)
class Pass:
    """One forward a step: the floor of a step's cost is the sum of these.

    Attributes:
        network: Attribute of the method.
        images: How many, in micro-batches (2 when source and target go through together).
        grad: Whether a backward follows.
    """

    network: str
    images: int = 1
    grad: bool = True


@dataclass(frozen=True, slots=True)
class Course:
    """What a method knows of the run it is in.

    Attributes:
        steps: How many there will be.
        started: Whether the network comes from an earlier run, and not from random weights.
    """

    steps: int
    started: bool = False


class Method(nn.Module, ABC, Generic[TargetBatch]):
    """Base of all methods; the type parameter is what it sees of the target.

    ``Method[None]`` sees nothing, ``Method[UnlabeledBatch]`` crops, ``Method[LabeledBatch]`` (upper
    bounds only) labels too; ``target`` says the same to the engine.

    Everything learnable or counted is in ``state_dict``; everything random comes from
    ``batch.draws``: so a resumed run is the uninterrupted one.

    Args:
        network: The network to train, already holding its start.
        skeleton: Joints, one map each.
        config: The method's settings.
        view: Augmentation ranges.
        side: Pixels a side of the views.
        course: The run it is in.
    """

    name: ClassVar[str]
    target: ClassVar[Literal["unused", "unlabeled", "labeled"]]
    Config: ClassVar[type[MethodConfig]] = MethodConfig
    passes: ClassVar[tuple[Pass, ...]]

    def __init__(
        self,
        network: PoseNet,
        skeleton: Skeleton,
        config: MethodConfig,
        view: ViewConfig,
        side: int,
        course: Course,
    ) -> None:
        super().__init__()
        self.network, self.skeleton, self.config, self.course = network, skeleton, config, course
        self.view, self.side, self.cells = view, side, network.cells(side)
        self.average = copy.deepcopy(network).requires_grad_(False).eval() if config.ema else None

    @classmethod
    def check(cls, config: MethodConfig) -> None:
        """Tell what the settings name and is not there, before there is a network: here nothing."""

    @classmethod
    def shape(cls, network: NetworkConfig, config: MethodConfig) -> NetworkConfig:
        """The shape of the network it trains, given that of the start: here the same, of maps.

        A start that was trained for logits keeps its features and gets a fresh head.
        """
        return network.model_copy(update={"output": "maps"})

    @abstractmethod
    def phases(self, source: LabeledBatch, target: TargetBatch) -> Iterator[Phase]:
        """Yield one :class:`Phase` per optimiser update of this step."""

    def groups(self) -> dict[str, list[nn.Parameter]]:
        """Parameters by the names that phases update."""
        return {"network": list(self.network.parameters())}

    def rates(self) -> dict[str, float]:
        """Factors on the learning rate by group; 1 where not given."""
        return {}

    def after_step(self, step: int) -> None:
        """Move what follows the network: here its average."""
        if self.average is not None:
            ema_update(self.average, self.network, ema_decay(self.config.ema, step))

    def train(self, mode: bool = True) -> Self:
        """Switch to training; the average only ever follows, so it stays as it is."""
        super().train(mode)
        if self.average is not None:
            self.average.eval()
        return self

    @property
    def begins(self) -> int | None:
        """The step after which it adapts to the target; ``None`` where it never does."""
        return 0 if self.target == "unlabeled" else None

    def predictor(self) -> PoseNet:
        """The network that predicts: what checkpoints keep and evaluation measures."""
        return self.network if self.average is None else self.average

    def supervised_view(self, batch: LabeledBatch) -> tuple[Tensor, Tensor, Tensor]:
        """An augmented labelled view: images, clean target heatmaps, weights."""
        view, points_BK2, weight_BK = labeled_view(batch, self.view, self.side, self.skeleton)
        to_cells = resize_matrix(self.side, self.cells).to(points_BK2.device)
        return view.image_BCHW, encode(apply(to_cells, points_BK2), self.cells), weight_BK


METHODS: Registry[type[Method[Any]]] = Registry(
    "methods", {name: f"poseshift.methods.{name}" for name in NAMES}
)
