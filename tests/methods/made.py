"""Small methods, batches of noise, and published formulas written again in float64 NumPy."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from poseshift.data.draws import Draws
from poseshift.data.types import LabeledBatch, UnlabeledBatch
from poseshift.data.views import ViewConfig
from poseshift.methods.base import METHODS, Course, Method, Phase
from poseshift.nn.posenet import NetworkConfig, PoseNet
from poseshift.skeleton import skeleton

BODY, COUNT = skeleton("body16"), 3
Doubles = NDArray[np.float64]


def make(
    name: str,
    *,
    steps: int = 70,
    started: bool = True,
    side: int = 32,
    view: ViewConfig | None = None,
    **config: Any,
) -> Any:
    """A method in training; two of the same arguments are equal to the bit."""
    torch.manual_seed(0)
    kind = METHODS[name]
    settings = kind.Config(name=name, **config)
    shape = kind.shape(NetworkConfig(widths=(8, 8)), settings)
    course = Course(steps, started)
    network = PoseNet(shape, len(BODY))
    waken(network.head)
    return kind(network, BODY, settings, view or ViewConfig(), side, course).train()


def waken(head: nn.Module) -> None:
    """Let a head say something: at its published start all maps are next to zero."""
    with torch.no_grad():
        for conv in head.modules():
            if isinstance(conv, nn.Conv2d):
                conv.weight.mul_(300)


def draws(step: int = 0, stream: int = 0, count: int = COUNT) -> Draws:
    return Draws(5, step, stream, slice(0, count), count)


def crops(seed: int, count: int = COUNT, side: int = 32) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return (torch.rand(count, side, side, 3, generator=generator) * 255).byte()


def taught_maps(cells: int = 8) -> Tensor:
    """What a teacher might say: Gaussians of distinct heights at inner places, and some noise."""
    rng = np.random.default_rng(3)
    height = rng.permutation(np.linspace(0.3, 1, COUNT * 16)).reshape(COUNT, 16, 1, 1)
    place = rng.uniform(0.3 * cells, 0.65 * cells, (COUNT, 16, 2))
    noise = rng.uniform(0, 0.05, (COUNT, 16, cells, cells))
    return torch.tensor(height * gaussians(place, cells, cells / 32) + noise).float()


def labeled(step: int = 0) -> LabeledBatch:
    """Source: one joint in eight is not labelled."""
    generator = torch.Generator().manual_seed(2)
    points = torch.rand(COUNT, 16, 2, generator=generator) * 31
    visibility = torch.full((COUNT, 16), 2)
    points[:, ::8], visibility[:, ::8] = torch.nan, 0
    return LabeledBatch(torch.arange(COUNT), crops(0), draws(step), points, visibility)


def unlabeled(step: int = 0, side: int = 32) -> UnlabeledBatch:
    return UnlabeledBatch(torch.arange(COUNT), crops(1, side=side), draws(step, stream=1))


def total(phase: Phase, *names: str) -> Tensor:
    """Sum of a phase's losses, or of some of them."""
    return torch.stack([phase.losses[name] for name in names or phase.losses]).sum()


def gradients(loss: Tensor, module: nn.Module) -> dict[str, Tensor]:
    """Gradients of a module's parameters by name; zeros where the loss does not reach."""
    names, values = zip(*module.named_parameters(), strict=True)
    found = torch.autograd.grad(loss, values, retain_graph=True, allow_unused=True)
    pairs = zip(names, values, found, strict=True)
    return {n: torch.zeros_like(v) if g is None else g for n, v, g in pairs}


def capture(module: nn.Module) -> list[tuple[Tensor, Any]]:
    """Inputs and outputs of every call of a module from now on."""
    seen: list[tuple[Tensor, Any]] = []

    def hook(_: nn.Module, given: tuple[Tensor, ...], out: Any) -> None:
        copy = out.detach().clone() if isinstance(out, Tensor) else out
        seen.append((given[0].detach().clone(), copy))

    module.register_forward_hook(hook)
    return seen


def parameters(method: Method[Any]) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in method.named_parameters()}


# --- formulas -------------------------------------------------------------------------------------


def doubles(values: Tensor | NDArray[Any]) -> Doubles:
    return np.asarray(values.detach() if isinstance(values, Tensor) else values, np.float64)


def mse(maps: Any, target: Any, weight: Any) -> float:
    """Half of w (map - target)^2, averaged over B, K, H and W."""
    maps, target, weight = map(doubles, (maps, target, weight))
    return float((0.5 * weight[..., None, None] * (maps - target) ** 2).mean())


def kl(logits: Any, target: Any, weight: Any, eps: float = 0.0) -> float:
    """w sum p (log p - log q), averaged over B and K; nothing where there is no target."""
    logits, target, weight = map(doubles, (logits, target, weight))
    joints, sum_ = weight.size, 0.0
    for index in np.ndindex(weight.shape):
        p, q = target[index] + eps, np.exp(logits[index] - logits[index].max())
        if p.sum() == 0:
            continue
        p, q = p / p.sum(), q / q.sum()
        on = p > 0
        sum_ += weight[index] * (p[on] * (np.log(p[on]) - np.log(q[on]))).sum()
    return sum_ / joints


def bce(logits: Any, label: float) -> float:
    """Cross-entropy of sigmoids with one label."""
    p = 1 / (1 + np.exp(-doubles(logits)))
    return float(-(label * np.log(p) + (1 - label) * np.log(1 - p)).mean())


def entropy(logits: Doubles) -> float:
    """Mean entropy of softmaxes over the last axis."""
    p = np.exp(logits - logits.max(-1, keepdims=True))
    p /= p.sum(-1, keepdims=True)
    return float(-(p * np.log(p, where=p > 0, out=np.zeros_like(p))).sum(-1).mean())


def profile_entropies(maps: Any, temperature: float = 1.0) -> tuple[float, float, float]:
    """Of row profiles, of column profiles, of the batch's mean maps; in nats."""
    values = doubles(maps) / temperature
    mean = values.mean(0).reshape(values.shape[1], -1)
    return entropy(values.mean(3)), entropy(values.mean(2)), entropy(mean)


def gaussians(place: Any, cells: int, sigma: float) -> Doubles:
    """exp(-|x - place|^2 / 2 sigma^2) on the cells of a map."""
    place, ticks = doubles(place), np.arange(cells)
    square = (ticks - place[..., None, :1]) ** 2, (ticks - place[..., None, 1:]) ** 2
    across, down = (np.exp(-part / (2 * sigma**2))[..., 0, :] for part in square)
    return down[..., :, None] * across[..., None, :]


def cut_gaussians(cell: Any, cells: int, sigma: float) -> Doubles:
    """Gaussians on whole cells in a window of 3 sigma, nothing for a cell outside of the map."""
    cell = np.floor(doubles(cell) + 0.5)
    reach, ticks = int(3 * sigma + 0.5), np.arange(cells)
    near = np.abs(ticks - cell[..., None]) <= reach
    window = near[..., 1, :, None] & near[..., 0, None, :]
    inside = ((cell >= 0) & (cell < cells)).all(-1)[..., None, None]
    return gaussians(cell, cells, sigma) * window * inside


def argmax_cells(maps: Any) -> Doubles:
    """x and y of the largest value of each map."""
    maps = doubles(maps)
    y, x = np.divmod(maps.reshape(*maps.shape[:-2], -1).argmax(-1), maps.shape[-1])
    return np.stack([x, y], -1).astype(np.float64)


def top_share(peak: Any, share: float) -> Doubles:
    """Ones for the floor(share B K) largest."""
    peak = doubles(peak)
    keep = np.zeros(peak.size)
    keep[np.argsort(peak.ravel())[::-1][: int(np.floor(share * peak.size))]] = 1
    return keep.reshape(peak.shape)
