"""Train the decoder of an AdaIN style for a pair of domains (Huang & Belongie, ICCV 2017; UDAPE).

L = |f(g(t)) - t|^2 + w sum over levels (|mean(f_l(g(t))) - mean(f_l(s))|^2 + the same of
deviations), all means over elements, t = AdaIN(f(c), f(s)), content c, style s, amount 1.

The published code throws a coin an iteration for the direction. Here half of the pairs of a step go
each way: the same expected gradient with less noise, and since every image is content once and
style once, its features are computed once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from poseshift import __version__
from poseshift.data.baked import open_pack
from poseshift.data.domain import UnlabeledDomain
from poseshift.data.draws import mix
from poseshift.data.loader import Loader, Plan, UniformSampler
from poseshift.data.types import Bytes
from poseshift.data.views import ViewConfig, plain_view, random_view
from poseshift.devices import keep_freed_memory, pick_device, pick_precision, place
from poseshift.errors import UserError
from poseshift.files import new_folder
from poseshift.nn.backbone import build_backbone
from poseshift.nn.style import AdaIN, Style, align, check_side, pixels, statistics
from poseshift.nn.style_networks import Encoder, ResNet, build_decoder, read_vgg
from poseshift.pictures import TILE, grid, save_picture
from poseshift.precision import Precision
from poseshift.progress import Meter
from poseshift.run import Run, package_versions
from poseshift.settings import Frozen

DECAY = 5e-5  # of the learning rate: lr / (1 + DECAY i), as published
LOG_EVERY = 20  # steps
PICTURES = "pairs.png"
SHOWN = 6  # pairs in it


class StyleSettings(Frozen):
    """The loop; published are a rate of 1e-5 and 500,000 steps of 4 pairs."""

    weight: float = Field(0.1, ge=0, description="of the style loss")
    steps: int = Field(600, ge=1, description="optimiser steps")
    batch: int = Field(16, ge=2, multiple_of=2, description="pairs a step, half of them each way")
    lr: float = Field(1e-3, gt=0, description="learning rate at the start")
    seed: int = Field(0, ge=0)
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    precision: Precision = "auto"
    workers: int = Field(2, ge=1, description="decoding threads a domain")


class StyleConfig(Frozen):
    """What ``poseshift style`` is told."""

    source: str = Field(description="Pack (labels unread), or world:NAME")
    target: str = Field(description="Pack (labels unread), or world:NAME")
    encoder: str = Field(description="run, VGG-19 weights, or a ResNet's hub id or folder")
    side: int = Field(96, ge=32, le=1024, description="pixels a side")
    style: StyleSettings = StyleSettings()
    view: ViewConfig = ViewConfig(
        rotation=180, scale=(0.6, 1.3), shift=0, brightness=0, contrast=0, saturation=0
    )


def train_style(
    config: StyleConfig,
    out: str | Path,
    *,
    progress: Callable[[int, Mapping[str, float]], object] = lambda done, losses: None,
) -> AdaIN:
    """Train a decoder and keep the style in a folder, with a picture of what it does.

    Args:
        config: What to do.
        out: New folder; :func:`poseshift.nn.style.build_style` opens it.
        progress: Told the steps done and the mean losses of the newest ones.

    Returns:
        The style.
    """
    device = pick_device(config.style.device)
    with new_folder(Path(out)) as folder:
        packs = [open_pack(name, config.side) for name in (config.source, config.target)]
        domains = [UnlabeledDomain(pack) for pack in packs]
        encoder = place(open_encoder(config.encoder), device)
        check_side(encoder, config.side)
        torch.manual_seed(config.style.seed)
        decoder = place(build_decoder(encoder.channels[-1], encoder.mirror), device)
        try:
            losses = _train(config, encoder, decoder, domains, progress)
        except torch.OutOfMemoryError as error:
            raise UserError(
                f"the device ran out of memory with {config.style.batch} pairs a step",
                where=device,
                fix=f"--batch {max(2, config.style.batch // 4 * 2)}, or a lower --set side",
            ) from error
        style = AdaIN(encoder, decoder)
        save_picture(folder / PICTURES, pairs({"AdaIN": style}, domains, config.side, device))
        style.save(folder, _manifest(config, domains, losses))
    return style


def _manifest(
    config: StyleConfig, domains: list[UnlabeledDomain], losses: dict[str, float]
) -> dict[str, Any]:
    source, target = (
        {"name": domain.name, "fingerprint": domain.fingerprint, "count": len(domain)}
        for domain in domains
    )
    return {
        "settings": config.model_dump(),
        "data": {"source": source, "target": target},
        "versions": {"poseshift": __version__, **package_versions()},
        "losses": losses,
    }


def open_encoder(name: str) -> Encoder:
    """A frozen encoder.

    Args:
        name: A run, of which the stem and the first stage are used; a file of VGG-19 weights; or
            the hub id or folder of a transformers ResNet, of which the second stage is used too.
    """
    path = Path(name)
    if (path / "config.yaml").is_file():
        encoder: Encoder = ResNet(Run.open(path).network().backbone, stages=1)
    elif path.suffix in (".safetensors", ".pth", ".pt"):
        encoder = read_vgg(path)
    elif path.is_dir() or "/" in name:
        try:
            encoder = ResNet(build_backbone(name), stages=2)
        except UserError as error:
            raise UserError(error.problem, where=f"--encoder {name}", fix=_ENCODERS) from error
    else:
        raise UserError("is no encoder", where=f"--encoder {name}", fix=_ENCODERS)
    return encoder.requires_grad_(False).eval()


_ENCODERS = "give a run, VGG-19 weights (vgg19.safetensors), or the hub id or folder of a ResNet"


def _train(
    config: StyleConfig,
    encoder: Encoder,
    decoder: nn.Module,
    domains: list[UnlabeledDomain],
    progress: Callable[[int, Mapping[str, float]], object],
) -> dict[str, float]:
    """All steps; returns the losses of the last ones."""
    keep_freed_memory()
    settings, losses = config.style, dict[str, float]()
    device = pick_device(settings.device)
    bf16 = pick_precision(settings.precision, device) == "bf16"
    optimizer = torch.optim.Adam(decoder.parameters(), settings.lr, fused=True)
    meter = Meter(settings.batch)
    for step, image_BCHW in enumerate(_images(config, domains, device)):
        for group in optimizer.param_groups:
            group["lr"] = settings.lr / (1 + DECAY * step)
        with torch.autocast(device, torch.bfloat16, enabled=bf16):
            parts = style_losses(encoder, decoder, image_BCHW)
        torch.autograd.backward(parts["content"] + settings.weight * parts["style"])
        optimizer.step()
        optimizer.zero_grad()
        meter.add({name: value.detach() for name, value in parts.items()})
        if (step + 1) % LOG_EVERY == 0 or step + 1 == settings.steps:
            losses, _ = meter.flush()
            _check_finite(losses, step + 1)
            progress(step + 1, losses)
    return losses


def _images(config: StyleConfig, domains: list[UnlabeledDomain], device: str) -> Iterator[Tensor]:
    """Batches of normalised views: the source's, then as many of the target's."""
    settings, plan = config.style, Plan(config.style.batch // 2)
    loaders = [
        Loader(
            domain, UniformSampler(len(domain), mix(settings.seed, stream)), plan,
            seed=settings.seed, stream=stream, workers=settings.workers, device=device,
        ).steps(0, settings.steps)
        for stream, domain in enumerate(domains)
    ]  # fmt: skip
    for batches in zip(*loaders, strict=True):
        views = [random_view(batch, config.view, config.side) for (batch,) in batches]
        yield torch.cat([view.image_BCHW for view in views])


def style_losses(encoder: Encoder, decoder: nn.Module, image_BCHW: Tensor) -> dict[str, Tensor]:
    """Content and style loss of both directions.

    Args:
        encoder: Frozen.
        decoder: To be trained.
        image_BCHW: Source images, then as many target images; the i-th of each are a pair.
    """
    half = len(image_BCHW) // 2
    with torch.no_grad():
        levels = encoder(image_BCHW)
        looks = [(m.roll(half, 0), d.roll(half, 0)) for m, d in map(statistics, levels)]
        wanted_BCHW = align(levels[-1], *looks[-1], image_BCHW.new_ones(1, 1, 1, 1))
    made = encoder(decoder(wanted_BCHW))
    apart = [
        F.mse_loss(found, look)
        for level, moments in zip(made, looks, strict=True)
        for found, look in zip(statistics(level), moments, strict=True)
    ]
    return {
        "content": F.mse_loss(made[-1].float(), wanted_BCHW),
        "style": torch.stack(apart).sum(),
    }


def _check_finite(losses: Mapping[str, float], done: int) -> None:
    for name, value in losses.items():
        if not math.isfinite(value):
            raise UserError(
                f"the {name} loss is {value} at step {done}", fix="lower --set style.lr"
            )


def pairs(
    styles: Mapping[str, Style], domains: list[UnlabeledDomain], side: int, device: str
) -> Bytes:
    """A sheet with pairs in rows: the source and what styles make of it, then the target."""
    count = min(SHOWN, *map(len, domains))
    images = [_evenly(domain, count, side, device) for domain in domains]
    amount_B = torch.ones(count, device=device)
    columns = dict[str, list[Bytes]]()
    for end, other, (content, look) in (
        ("source", "target", images),
        ("target", "source", images[::-1]),
    ):
        columns[end] = _tiles(content)
        for name, style in styles.items():
            columns[f"as {other}: {name}"] = _tiles(style(content, look, amount_B))
    return grid([*zip(*columns.values(), strict=True)], tuple(columns))


def _evenly(domain: UnlabeledDomain, count: int, side: int, device: str) -> Tensor:
    indices = np.linspace(0, len(domain) - 1, count).round().astype(int)
    crop_BHWC = np.stack([domain.crops.image(int(i)) for i in indices])
    return plain_view(torch.from_numpy(crop_BHWC).to(device), side).image_BCHW


def _tiles(image_BCHW: Tensor) -> list[Bytes]:
    byte_BHWC = (pixels(image_BCHW) * 255).round().clamp(0, 255).byte().permute(0, 2, 3, 1)
    large = (
        cv2.resize(image_HWC, (TILE, TILE), interpolation=cv2.INTER_CUBIC)
        for image_HWC in byte_BHWC.cpu().numpy()
    )
    return [np.asarray(image_HWC, dtype=np.uint8) for image_HWC in large]
