"""Two small methods from outside the package, as a plug-in would bring them."""

from collections.abc import Iterator

import torch
from torch import nn

from poseshift.data.types import LabeledBatch, UnlabeledBatch
from poseshift.data.views import random_view, warp_maps
from poseshift.methods.base import METHODS, Method, MethodConfig, Pass, Phase
from poseshift.methods.parts.losses import heatmap_mse


@METHODS.register("toy_mean_teacher")
class ToyMeanTeacher(Method[UnlabeledBatch]):
    """The average's maps on one view of the target teach the network on another."""

    name = "toy_mean_teacher"
    target = "unlabeled"
    passes = (Pass("network", images=2), Pass("average", images=1, grad=False))

    def phases(self, source: LabeledBatch, target: UnlabeledBatch) -> Iterator[Phase]:
        image, label, weight = self.supervised_view(source)
        weak, strong = (random_view(target, self.view, self.side) for _ in range(2))
        with torch.no_grad():
            taught = self.average(weak.image_BCHW).float()
            taught = warp_maps(taught, weak.matrix_B33, strong.matrix_B33, self.side)
        maps, student = self.network(torch.cat([image, strong.image_BCHW])).chunk(2)
        consistency = (student.float() - taught).square().mean()
        yield Phase({"supervised": heatmap_mse(maps, label, weight), "consistency": consistency})


class ThreePhasesConfig(MethodConfig):
    """Settings of the toy."""

    only: tuple[int, ...] = (0, 1, 2)


@METHODS.register("toy_three_phases")
class ToyThreePhases(Method[UnlabeledBatch]):
    """Train on the source, spread a second head on the target, pull the features together."""

    name = "toy_three_phases"
    target = "unlabeled"
    Config = ThreePhasesConfig
    passes = (Pass("network", images=2), Pass("network", images=1))

    def __init__(self, *given) -> None:
        super().__init__(*given)
        self.second = nn.Conv2d(self.network.upsample.channels, len(self.skeleton), 1)

    def groups(self) -> dict[str, list[nn.Parameter]]:
        network = self.network
        features = [*network.backbone.parameters(), *network.upsample.parameters()]
        return {
            "features": features,
            "head": list(network.head.parameters()),
            "second": list(self.second.parameters()),
        }

    def rates(self) -> dict[str, float]:
        return {"second": 0.5}

    def phases(self, source: LabeledBatch, target: UnlabeledBatch) -> Iterator[Phase]:
        image, label, weight = self.supervised_view(source)
        other = random_view(target, self.view, self.side).image_BCHW
        network, only = self.network, self.config.only
        if 0 in only:
            loss = heatmap_mse(network(image), label, weight)
            yield Phase({"supervised": loss}, ("features", "head"))
        if 1 in only:
            features = network.features(other)
            yield Phase({"apart": -self._distance(features)}, ("second",))
        if 2 in only:
            features = torch.dropout(network.features(other), 0.1, True)
            yield Phase({"together": self._distance(features)}, ("features",))

    def _distance(self, features: torch.Tensor) -> torch.Tensor:
        return (self.network.head(features) - self.second(features)).float().abs().mean()
