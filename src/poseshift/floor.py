"""The floor of a training step: the networks it trains, bare, and nothing around them.

Two parts. The *passes* are the method's pass table: its pose networks, forward and backward on as
many ready images, and the optimisers' step. *Beside* them stand networks of other kinds that the
method trains (a discriminator, an adversary): their calls are noted down from one real step and
repeated bare, with gradients where that step had them. What is not trained, as a style network, is
no part of the floor.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from poseshift.build import build_method, build_optimizers, build_start, open_domains
from poseshift.config import RunConfig
from poseshift.data.domain import Domain
from poseshift.data.loader import Loader, Plan, UniformSampler
from poseshift.devices import make_fabric, place
from poseshift.methods.base import Method, Pass

Work = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Call:
    """A network called in a step.

    Attributes:
        network: The network.
        given: What it was called with; requires a gradient where the step needed one.
        learns: Whether the update that followed moved it.
    """

    network: nn.Module
    given: Tensor
    learns: bool

    def again(self) -> None:
        """The same forward, and the backward that belongs to it."""
        needs = self.given.requires_grad
        given = self.given.detach().requires_grad_(needs)
        inputs = [*(self.network.parameters() if self.learns else ()), *([given] if needs else ())]
        with torch.set_grad_enabled(bool(inputs)):
            found = self.network(given)
        if inputs:
            torch.autograd.backward(found.float().mean(), inputs=inputs)


def bare_step(config: RunConfig) -> tuple[Work, Work]:
    """A step's passes, and what stands beside them, ready to be timed."""
    fabric = make_fabric(config.train)
    source, target = open_domains(config)
    method = build_method(config, source, build_start(config, source))
    method = place(method, fabric.device, config.train.channels_last)
    method.train()
    optimizers = build_optimizers(method, config.train)
    batches = [_batch(config, domain, fabric) for domain in (source, target)]
    calls = _calls_beside(method, batches, fabric)
    method.zero_grad()
    todo = [_pass(method, part, config, fabric.device) for part in method.passes]

    def passes() -> None:
        for _ in range(config.train.accumulate):
            for network, image, grad in todo:
                with torch.set_grad_enabled(grad), fabric.autocast():
                    maps = network(image)
                if grad:
                    maps.float().mean().backward()
        for optimizer in optimizers.values():
            optimizer.step()
            optimizer.zero_grad()

    def beside() -> None:
        for _ in range(config.train.accumulate):
            for call in calls:
                with fabric.autocast():
                    call.again()

    return passes, beside


def _pass(
    method: Method[Any], part: Pass, config: RunConfig, device: torch.device
) -> tuple[nn.Module, Tensor, bool]:
    """A network, ready images for it, and whether a backward follows."""
    shape = (part.images * config.train.batch, 3, config.side, config.side)
    image = torch.randn(shape, device=device)
    if config.train.channels_last:
        image = image.contiguous(memory_format=torch.channels_last)
    network = getattr(method, part.network)
    return (network if part.grad else copy.deepcopy(network)), image, part.grad


def _batch(config: RunConfig, domain: Domain[Any] | None, fabric: Fabric) -> Any:
    """The last step's micro-batch: by then every part of a method is at work."""
    if domain is None:
        return None
    loader = Loader(
        domain, UniformSampler(len(domain), 0), Plan(config.train.batch),
        seed=0, stream=0, workers=config.train.workers, device=fabric.device,
    )  # fmt: skip
    last = config.train.steps - 1
    (batch,) = next(iter(loader.steps(last, last + 1)))
    return batch


def _calls_beside(method: Method[Any], batches: list[Any], fabric: Fabric) -> list[Call]:
    """What one step asks of networks that it trains and that are in no pass of the table."""
    groups = method.groups()
    trained = {id(p) for parameters in groups.values() for p in parameters}
    counted = [getattr(method, part.network) for part in method.passes]
    others = [
        child for child in method.children()
        if child not in counted and any(id(p) in trained for p in child.parameters())
    ]  # fmt: skip
    calls = list[Call]()
    with _noted(others) as seen, fabric.autocast():
        for phase in method.phases(*batches):
            moved = {id(p) for name in phase.update for p in groups[name]}
            for network, given in seen:
                learns = any(id(p) in moved for p in network.parameters())
                calls.append(Call(network, given, learns))
            seen.clear()
    return calls


@contextmanager
def _noted(networks: list[nn.Module]) -> Iterator[list[tuple[nn.Module, Tensor]]]:
    """Note what networks are called with."""
    seen = list[tuple[nn.Module, Tensor]]()

    def note(network: nn.Module, given: tuple[Any, ...]) -> None:
        needs = torch.is_grad_enabled() and given[0].requires_grad
        seen.append((network, given[0].detach().clone().requires_grad_(needs)))

    hooks = [network.register_forward_pre_hook(note) for network in networks]
    try:
        yield seen
    finally:
        for hook in hooks:
            hook.remove()
