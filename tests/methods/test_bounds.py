"""Source only and supervised: the two bounds are plain heatmap regression, passes as declared."""

from collections import Counter
from typing import Any

import pytest
import torch

from poseshift.data.draws import Draws
from poseshift.data.types import LabeledBatch
from poseshift.data.views import ViewConfig
from poseshift.methods.base import METHODS, Course, Method
from poseshift.methods.parts.losses import heatmap_mse
from poseshift.nn.posenet import NetworkConfig, PoseNet
from poseshift.skeleton import skeleton

BODY, COUNT = skeleton("body16"), 3
bounds = pytest.mark.parametrize("name", ["source_only", "supervised"])


def make(name: str) -> Method[Any]:
    torch.manual_seed(0)
    kind = METHODS[name]
    network = PoseNet(NetworkConfig(widths=(8, 8)), len(BODY))
    return kind(network, BODY, kind.Config(), ViewConfig(), 32, Course(steps=25)).train()


def batch(seed: int) -> LabeledBatch:
    generator = torch.Generator().manual_seed(seed)
    return LabeledBatch(
        torch.arange(COUNT),
        (torch.rand(COUNT, 32, 32, 3, generator=generator) * 255).byte(),
        Draws(seed, 0, 0, slice(0, COUNT), COUNT),
        torch.rand(COUNT, 16, 2, generator=generator) * 31,
        torch.full((COUNT, 16), 2),
    )


def targets(method: Method[Any]) -> LabeledBatch | None:
    return None if method.target == "unused" else batch(1)


@bounds
def test_the_pass_table_is_what_runs(name: str):
    method, seen = make(name), Counter[tuple[str, int, bool]]()

    def count(network: str) -> Any:
        def hook(module: Any, inputs: Any, output: Any) -> None:
            seen[network, len(inputs[0]) // COUNT, output.requires_grad] += 1

        return hook

    for attribute, module in method.named_children():
        module.register_forward_hook(count(attribute))
    for phase in method.phases(batch(0), targets(method)):
        torch.stack(list(phase.losses.values())).sum().backward()
    method.after_step(0)
    assert seen == Counter((p.network, p.images, p.grad) for p in method.passes)


@bounds
def test_every_parameter_of_the_updated_groups_has_a_gradient(name: str):
    method = make(name)
    (phase,) = method.phases(batch(0), targets(method))
    torch.stack(list(phase.losses.values())).sum().backward()
    assert phase.update == ("network",)
    assert set(phase.update) <= set(method.groups())
    missing = [key for key, p in method.network.named_parameters() if p.grad is None]
    assert missing == []


def test_source_only_is_the_regression_loss_of_a_source_view():
    method = make("source_only")
    (phase,) = method.phases(batch(0), None)
    image, label, weight = method.supervised_view(batch(0))
    expected = heatmap_mse(make("source_only").network(image), label, weight)
    assert phase.losses.keys() == {"supervised"}
    torch.testing.assert_close(phase.losses["supervised"], expected)


def test_supervised_takes_both_domains_through_the_network_together():
    method = make("supervised")
    (phase,) = method.phases(batch(0), batch(1))
    views = [method.supervised_view(batch(seed)) for seed in (0, 1)]
    maps = make("supervised").network(torch.cat([views[0][0], views[1][0]]))
    assert phase.losses.keys() == {"source", "target"}
    for name, part, (_, label, weight) in zip(
        phase.losses, (maps[:COUNT], maps[COUNT:]), views, strict=True
    ):
        torch.testing.assert_close(phase.losses[name], heatmap_mse(part, label, weight))


def test_roles():
    roles = {name: METHODS[name].target for name in ("source_only", "supervised")}
    assert roles == {"source_only": "unused", "supervised": "labeled"}


@bounds
def test_a_handful_of_steps_lowers_the_loss(name: str):
    method = make(name)
    optimizer = torch.optim.Adam(method.network.parameters(), 2e-3)
    losses = []
    for _ in range(25):
        (phase,) = method.phases(batch(0), targets(method))
        total = torch.stack(list(phase.losses.values())).sum()
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        losses.append(total.item())
    assert losses[-1] < 0.8 * losses[0]
