"""fit(): the whole training loop, visible.

For every step: draw the micro-batches, let each one's ``method.phases`` run in lockstep, and for each
phase add up gradients over micro-batches, average them over processes, clip, and step the optimisers
of the groups the phase names. Then the method's own followers move (averages, teachers).

N processes with batch B equal one process that accumulates N micro-batches of B: gradients are means
over micro-batches, and so are batch statistics; random numbers are drawn for the whole step and sliced.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count, repeat
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from poseshift.config import RunConfig, TrainConfig
from poseshift.data.baked import open_pack
from poseshift.data.domain import LabeledDomain, UnlabeledDomain
from poseshift.data.draws import mix
from poseshift.data.loader import Loader, Plan, UniformSampler
from poseshift.devices import make_fabric
from poseshift.errors import UserError
from poseshift.methods.base import METHODS, Method, Phase
from poseshift.nn.posenet import PoseNet
from poseshift.progress import Progress
from poseshift.run import WEIGHTS, Run, write_manifest
from poseshift.schedule import rate
from poseshift.skeleton import skeleton as find_skeleton

SOURCE, TARGET = 0, 1  # streams of random numbers


class Interrupted(KeyboardInterrupt):
    """The user stopped the run; its folder can be resumed."""


def fit(
    config: RunConfig,
    out: str | Path,
    *,
    resume: bool = False,
    progress: bool = True,
    on_step: Callable[[int], None] | None = None,
) -> Run:
    """Train one method and keep everything about it in a run folder.

    Args:
        config: What to do.
        out: The run folder: a new one, or with ``resume`` one to continue.
        resume: Continue from the folder's last state.
        progress: Show a progress bar.
        on_step: Called after every step with its number (for tests and benchmarks).

    Returns:
        The finished run.
    """
    fabric = make_fabric(config.train)
    fabric.launch()
    if resume:
        run = Run.open(out)
    else:
        run = Run.create(out, config) if fabric.is_global_zero else Run(Path(out), config)
    source, target = open_domains(config)
    method = build_method(config, source).to(fabric.device)
    if config.train.channels_last:
        method.to(memory_format=torch.channels_last)
    if fabric.is_global_zero and not resume:
        write_manifest(run, _data_manifest(source, target), source.skeleton)
    optimizers = build_optimizers(method, config.train)
    start = _restore(run, method, optimizers) if resume else 0
    if config.train.compile:
        method.network.compile()
    fabric.barrier()
    loop = _Loop(fabric, run, method, optimizers, source, target)
    try:
        with _stop_flag() as stop:
            loop.go(start, progress, stop, on_step)
    except torch.OutOfMemoryError as error:
        half = max(1, config.train.batch // 2)
        raise UserError(
            f"the device ran out of memory with {config.train.batch} samples a micro-batch",
            where=str(fabric.device),
            fix=f"--set train.batch={half} --set train.accumulate={config.train.accumulate * 2}",
        ) from error
    return run


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


def build_method(config: RunConfig, source: LabeledDomain) -> Method[Any]:
    """The method with its network at its start: random, pretrained, or ``init``."""
    torch.manual_seed(config.train.seed)
    network = PoseNet(config.network, len(source.skeleton))
    if config.init:
        path = Path(config.init)
        network.load(Run.open(path).weights(Run.open(path).last()) if path.is_dir() else path)
    kind = METHODS[config.method.name]
    return kind(network, source.skeleton, config.method, config.view, config.side)


def build_optimizers(
    method: Method[Any], config: TrainConfig
) -> dict[str, torch.optim.Optimizer]:
    """One optimiser per parameter group, so that a phase can step some of them."""

    def one(parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
        if config.optimizer == "sgd":
            return torch.optim.SGD(
                parameters, config.lr, 0.9, nesterov=True, weight_decay=config.weight_decay, fused=True
            )  # fmt: skip
        return torch.optim.Adam(
            parameters, config.lr, weight_decay=config.weight_decay, fused=True
        )

    return {name: one(parameters) for name, parameters in method.groups().items()}


class _Loop:
    """The state of one call of :func:`fit`."""

    def __init__(
        self,
        fabric: Fabric,
        run: Run,
        method: Method[Any],
        optimizers: dict[str, torch.optim.Optimizer],
        source: LabeledDomain,
        target: LabeledDomain | UnlabeledDomain | None,
    ) -> None:
        self.fabric, self.run, self.method, self.optimizers = fabric, run, method, optimizers
        self.train = run.config.train
        world, rank = fabric.world_size, fabric.global_rank
        self.plan = Plan(self.train.batch, self.train.accumulate, world, rank)
        self.source = self._loader(source, SOURCE)
        self.target = self._loader(target, TARGET) if target is not None else None
        self.buffers = [b for b in method.buffers() if b.is_floating_point()]

    def _loader(self, domain: LabeledDomain | UnlabeledDomain, stream: int) -> Loader[Any]:
        sampler = UniformSampler(len(domain), mix(self.train.seed, stream))
        return Loader(
            domain, sampler, self.plan, seed=self.train.seed, stream=stream,
            workers=self.train.workers, device=self.fabric.device,
        )  # fmt: skip

    def go(
        self,
        start: int,
        progress: bool,
        stop: threading.Event,
        on_step: Callable[[int], None] | None,
    ) -> None:
        """Steps ``start`` to the end, or until ``stop`` is set."""
        train, run, chief = self.train, self.run, self.fabric.is_global_zero
        sources = self.source.steps(start, train.steps)
        nothing = repeat([None] * len(self.plan.mine()))
        targets = self.target.steps(start, train.steps) if self.target else nothing
        sums: dict[str, Tensor] = {}
        since, self.method.training = time.perf_counter(), True
        self.method.network.train()
        with Progress(run, start, train.steps, show=progress and chief) as bar:
            for step in range(start, train.steps):
                for name, value in self._step(step, next(sources), next(targets)).items():
                    sums[name] = sums[name] + value if name in sums else value
                done = step + 1
                if done % train.log_every == 0 or done == train.steps:
                    losses = {k: float(v) / (1 + (step % train.log_every)) for k, v in sums.items()}
                    sums.clear()
                    spent, since = time.perf_counter() - since, time.perf_counter()
                    _check_finite(losses, done)
                    images = self.plan.total * (1 + step % train.log_every) / spent
                    bar.advance(done, losses, images)
                    if chief:
                        run.log({"step": done, **losses, "images_per_s": round(images, 1)})
                if done % train.checkpoint_every == 0 or done == train.steps:
                    self._save(done)
                if on_step is not None:
                    on_step(done)
                if self._should_stop(stop) and done < train.steps:
                    self._save(done)
                    raise Interrupted(
                        f"stopped after step {done}; continue with: "
                        f"poseshift adapt --resume {run.path}"
                    )

    def _step(self, step: int, sources: list[Any], targets: list[Any]) -> dict[str, Tensor]:
        scale = rate(self.train, step)
        for name, optimizer in self.optimizers.items():
            factor = self.method.rates().get(name, 1.0)
            for group in optimizer.param_groups:
                group["lr"] = self.train.lr * scale * factor
        runs = [self.method.phases(s, t) for s, t in zip(sources, targets, strict=True)]
        losses: dict[str, Tensor] = {}
        for number in count():
            part = self._phase(runs, mix(self.train.seed, step, number))
            if part is None:
                break
            losses.update(part)
        self.method.after_step(step)
        return losses

    def _phase(self, runs: Sequence[Iterator[Phase]], seed: int) -> dict[str, Tensor] | None:
        """One phase of every micro-batch, and the update it asks for."""
        before = [b.clone() for b in self.buffers] if self._shared else []
        after: list[list[Tensor]] = []
        losses: dict[str, Tensor] = {}
        phase: Phase | None = None
        for generator, rows in zip(runs, self.plan.mine(), strict=True):
            torch.manual_seed(mix(seed, rows.start))  # for what draws by itself, as dropout does
            if before:
                torch._foreach_copy_(self.buffers, before)
            with self.fabric.autocast():
                phase = next(generator, None)
            if phase is None:
                return None
            moved = [p for name in phase.update for p in _parameters(self.optimizers[name])]
            total = torch.stack(list(phase.losses.values())).sum() / len(runs)
            torch.autograd.backward(total, inputs=moved)
            if before:
                after.append([b.clone() for b in self.buffers])
            for name, value in phase.losses.items():
                value = value.detach() / len(runs)
                losses[name] = losses[name] + value if name in losses else value
        self._share_buffers(after)
        if phase is not None:
            self._update(phase.update)
        return losses

    @property
    def _shared(self) -> bool:
        return self.train.accumulate * self.fabric.world_size > 1

    def _share_buffers(self, after: list[list[Tensor]]) -> None:
        """Batch statistics become the mean over the step's micro-batches."""
        for i, buffer in enumerate(self.buffers if after else []):
            buffer.copy_(torch.stack([clones[i] for clones in after]).mean(0))
        if after:
            self._mean_over_processes(self.buffers)

    def _update(self, names: Sequence[str]) -> None:
        for name in names:
            gradients = [p.grad for p in _parameters(self.optimizers[name]) if p.grad is not None]
            self._mean_over_processes(gradients)
            if self.train.clip:
                nn.utils.clip_grad_norm_(_parameters(self.optimizers[name]), self.train.clip)
            self.optimizers[name].step()
            self.optimizers[name].zero_grad()

    def _mean_over_processes(self, tensors: Sequence[Tensor]) -> None:
        if self.fabric.world_size == 1 or not tensors:
            return
        flat = torch.cat([t.flatten() for t in tensors])  # one message instead of hundreds
        flat = self.fabric.all_reduce(flat, reduce_op="mean")
        parts = flat.split([t.numel() for t in tensors])
        for tensor, part in zip(tensors, parts, strict=True):
            tensor.copy_(part.view_as(tensor))

    def _should_stop(self, stop: threading.Event) -> bool:
        if self.fabric.world_size == 1:
            return stop.is_set()
        flag = torch.tensor(float(stop.is_set()), device=self.fabric.device)
        return bool(self.fabric.all_reduce(flag, reduce_op="sum") > 0)

    def _save(self, done: int) -> None:
        if self.fabric.is_global_zero:
            self.run.save_checkpoint(self.method.predictor(), done)
            self.run.save_state(
                {
                    "step": done,
                    "method": self.method.state_dict(),
                    "optimizers": {k: o.state_dict() for k, o in self.optimizers.items()},
                }
            )
        self.fabric.barrier()


def _parameters(optimizer: torch.optim.Optimizer) -> list[nn.Parameter]:
    return [p for group in optimizer.param_groups for p in group["params"]]


def _restore(
    run: Run, method: Method[Any], optimizers: dict[str, torch.optim.Optimizer]
) -> int:
    state = run.load_state()
    if state is None:
        return 0
    method.load_state_dict(state["method"])
    for name, optimizer in optimizers.items():
        optimizer.load_state_dict(state["optimizers"][name])
    run.rewind_log(state["step"])
    return int(state["step"])


def _check_finite(losses: dict[str, float], step: int) -> None:
    for name, value in losses.items():
        if not value == value or abs(value) == float("inf"):
            raise UserError(
                f"the loss '{name}' is {value} at step {step}",
                fix="lower --set train.lr, or clip gradients with --set train.clip=1",
            )


def _data_manifest(
    source: LabeledDomain, target: LabeledDomain | UnlabeledDomain | None
) -> dict[str, Any]:
    roles = {"source": source, "target": target}
    return {
        role: {
            "name": domain.name,
            "fingerprint": domain.fingerprint,
            "count": len(domain),
            "crop_from": domain.crop_from,
        }
        for role, domain in roles.items()
        if domain is not None
    }


@contextmanager
def _stop_flag() -> Iterator[threading.Event]:
    """Ctrl-C and SIGTERM ask to stop after the step; a second Ctrl-C stops at once."""
    stop = threading.Event()

    def ask(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    old = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
