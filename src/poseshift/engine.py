"""fit(): the whole training loop, visible.

For every step: draw the micro-batches, let each one's ``method.phases`` run in lockstep, and for
each phase add up gradients over micro-batches, average them over processes, clip, and step the
optimisers of the groups the phase names. Then the method's own followers move (averages, teachers).

N processes with batch B equal one process that accumulates N micro-batches of B: gradients are
means over micro-batches, and so are batch statistics; random numbers are drawn for the whole step
and sliced.
"""

from __future__ import annotations

import copy
import math
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import count, pairwise, repeat
from pathlib import Path
from typing import Any, cast

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from poseshift.build import (
    build_method,
    build_optimizers,
    build_start,
    data_manifest,
    inherited_labels,
    open_domains,
    open_frames,
    open_sampler,
    resolved,
    sampler_manifest,
)
from poseshift.config import RunConfig
from poseshift.data.domain import Domain, LabeledDomain, UnlabeledDomain
from poseshift.data.draws import mix
from poseshift.data.frames import Frames
from poseshift.data.loader import Loader, Plan, Sampler, UniformSampler
from poseshift.data.mixed import mix_frames
from poseshift.data.types import LabeledBatch
from poseshift.devices import make_fabric, place
from poseshift.errors import BadInput, UserError
from poseshift.interrupt import Interrupted, stop_flag
from poseshift.methods.base import Method, Phase
from poseshift.progress import Meter, Progress
from poseshift.run import Run, write_manifest
from poseshift.sampling.base import SourceSampler
from poseshift.sampling.weighted import WeightedDomain
from poseshift.schedule import rate

SOURCE, TARGET, FRAMES = 0, 1, 2  # streams of random numbers


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
    # Mistakes are told here: before there is a folder, and before there are further processes.
    source, target = open_domains(config)
    frames = open_frames(config, source)
    data = data_manifest(source, target, frames) | inherited_labels(config)
    resumed = resume and (Path(out) / "state.pt").exists()
    start = build_start(config, source, resumed=Run.open(out) if resumed else None)
    config = resolved(config, start)
    method = build_method(config, source, start)
    sampler = open_sampler(config, source, mix(_seed(config), SOURCE))
    data |= sampler_manifest(config, sampler)
    run = _open_run(config, out, resume, fabric.is_global_zero, data)
    fabric.launch()
    if fabric.is_global_zero and not run.has_manifest():
        write_manifest(run, data, source.skeleton, method.begins)
    if fabric.is_global_zero and config.init and not resumed:
        run.save_checkpoint(start.network, 0)  # to do nothing is a choice too
    method = place(method, fabric.device, config.train.channels_last)
    optimizers = build_optimizers(method, config.train)
    loop = _Loop(fabric, run, method, optimizers, source, target, frames, sampler)
    first = loop.restore() if resume else 0
    if config.train.compile:
        method.network.compile()
    fabric.barrier()
    try:
        with stop_flag() as stop:
            loop.go(first, progress, stop, on_step)
    except torch.OutOfMemoryError as error:
        raise UserError(
            f"the device ran out of memory with {config.train.batch} samples a micro-batch",
            where=str(fabric.device),
            fix=_smaller(config),
        ) from error
    return run


def _open_run(
    config: RunConfig, out: str | Path, resume: bool, chief: bool, data: dict[str, Any]
) -> Run:
    if not resume:
        return Run.create(out, config) if chief else Run(Path(out), config)
    run = Run.open(out)
    before = run.manifest["data"] if run.has_manifest() else data
    for role, now in data.items():
        if before.get(role, {}).get("fingerprint") != now["fingerprint"]:
            raise UserError(
                f"the {role} {now['name']} is no longer the data this run began with",
                where=run.path,
                fix=f"prepare it as it was, or start a new run with --init {run.path}",
            )
    return run


def _seed(config: RunConfig) -> int:
    """A run that starts from another goes on with data of its own, not with that run's again."""
    return mix(config.train.seed, 1) if config.init else config.train.seed


def _smaller(config: RunConfig) -> str:
    train = config.train
    if train.batch == 1:
        return "lower --set side=... or choose a smaller network.backbone"
    return f"--set train.batch={train.batch // 2} --set train.accumulate={train.accumulate * 2}"


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
        frames: Sequence[Frames] = (),
        sampler: SourceSampler | None = None,
    ) -> None:
        self.fabric, self.run, self.method, self.optimizers = fabric, run, method, optimizers
        self.train, self.chief = run.config.train, fabric.is_global_zero
        self.seed = _seed(run.config)
        self.sampler = sampler or open_sampler(run.config, source, mix(self.seed, SOURCE))
        world, rank = fabric.world_size, fabric.global_rank
        self.plan = Plan(self.train.batch, self.train.accumulate, world, rank)
        self.meter = Meter(self.plan.total)
        mixed, order = mix_frames(
            source, self.sampler, frames,
            share=run.config.extra_share, steps=self.train.steps, seed=mix(self.seed, FRAMES),
        )  # fmt: skip
        weighed = WeightedDomain(mixed, self.sampler)
        self.source: Loader[LabeledBatch] = self._loader(weighed, order, SOURCE)
        self.target: Loader[Any] | None = None
        if target is not None:
            uniform = UniformSampler(len(target), mix(self.seed, TARGET))
            self.target = self._loader(target, uniform, TARGET)
        # Through .data: batch norm keeps its statistics for a backward that has no use for them,
        # and would refuse one that comes after they were set, as a graph over two phases does.
        buffers = [b.data for b in method.buffers()]
        self.buffers = [b for b in buffers if b.is_floating_point()]
        self.counters = [b for b in buffers if not b.is_floating_point()]

    def _loader(self, domain: Domain[Any], sampler: Sampler, stream: int) -> Loader[Any]:
        return Loader(
            domain, sampler, self.plan, seed=self.seed, stream=stream,
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
        train, steps = self.train, self.train.steps
        self.method.train()
        with Progress(self.run, start, steps, show=progress and self.chief) as bar:
            for step, sources, targets in self._batches(start, steps):
                self.meter.add(self._step(step, sources, targets))
                done = step + 1
                if done % train.log_every == 0 or done == steps:
                    self._tell(done, bar)
                stopping = self._should_stop(stop)
                # Where adaptation begins, the source alone can still be chosen.
                due = done % train.checkpoint_every == 0 or done in (steps, self.method.begins)
                if due or stopping:
                    self._save(done)
                if on_step is not None:
                    on_step(done)
                if stopping and done < steps:
                    how = f"continue with: poseshift adapt --resume {self.run.path}"
                    raise Interrupted(f"stopped after step {done}; {how}" if self.chief else "")

    def _batches(self, start: int, stop: int) -> Iterator[tuple[int, list[Any], list[Any]]]:
        """Steps and their micro-batches; batches are made ahead, but not past a look."""
        nothing = repeat([None] * len(self.plan.mine()))
        for begin, end in spans(start, stop, self.sampler.refreshes):
            if begin in self.sampler.refreshes:
                self._look()
            sources = self.source.steps(begin, end)
            targets = self.target.steps(begin, end) if self.target else nothing
            for step in range(begin, end):
                yield step, next(sources), next(targets)

    def _look(self) -> None:
        """Let the sampler see what is predicted on the target; one process looks for all."""
        from poseshift.sampling.target_aware import look_at

        target = self.target.domain if self.target else None
        if self.chief and isinstance(target, UnlabeledDomain):
            config = self.run.config
            predictions = look_at(
                target, copy.deepcopy(self.method.predictor()), config.side,
                device=self.fabric.device.type, precision=config.train.precision,
            )  # fmt: skip
            self.sampler.look(predictions)
        self.sampler.restore(self.fabric.broadcast(self.sampler.state()))

    def restore(self) -> int:
        """Take up the run's last state; returns the step to go on from."""
        state = self.run.load_state()
        if state is not None:
            self._load(state)
        step = int(state["step"]) if state is not None else 0
        if self.chief:
            self.run.rewind_log(step)
        return step

    def _load(self, state: dict[str, Any]) -> None:
        try:
            self.method.load_state_dict(state["method"])
            for name, optimizer in self.optimizers.items():
                optimizer.load_state_dict(state["optimizers"][name])
            self.meter.restore(state["meter"])
            self.sampler.restore(state.get("sampler", {}))
        except (KeyError, RuntimeError, ValueError) as error:
            raise BadInput(
                "does not belong to the settings beside it",
                where=self.run.path / "state.pt",
                fix="put config.yaml back as it was, or start a new run",
            ) from error

    def _tell(self, done: int, bar: Progress) -> None:
        self._mean_over_processes(list(self.meter.sums.values()))
        losses, speed = self.meter.flush()
        self._check_finite(losses, done)
        bar.advance(done, losses, speed)
        if self.chief:
            self.run.log({"step": done, **losses, "images_per_s": round(speed, 1)})

    def _check_finite(self, losses: Mapping[str, float | Tensor], done: int) -> None:
        for name, value in losses.items():
            if not math.isfinite(float(value)):
                raise UserError(
                    f"the loss '{name}' is {float(value)} at step {done}",
                    where=self.run.path,
                    fix="lower --set train.lr, or clip gradients with --set train.clip=1",
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
            part = self._phase(runs, mix(self.seed, step, number))
            if part is None:
                break
            losses.update(part)
        self.method.after_step(step)
        return losses

    def _phase(self, runs: Sequence[Iterator[Phase]], seed: int) -> dict[str, Tensor] | None:
        """One phase of every micro-batch, and the update it asks for."""
        kept = [*self.buffers, *self.counters]
        before = [b.clone() for b in kept] if self._shared else []
        after: list[list[Tensor]] = []
        losses: dict[str, Tensor] = {}
        phase: Phase | None = None
        for generator, rows in zip(runs, self.plan.mine(), strict=True):
            torch.manual_seed(mix(seed, rows.start))  # for what draws by itself, as dropout does
            if before:
                torch._foreach_copy_(kept, before)
            with self.fabric.autocast():
                phase = next(generator, None)
            if phase is not None:
                self._backward(phase, len(runs), losses)
            if before:
                after.append([b.clone() for b in self.buffers])
        self._share_buffers(after)  # also of what a method does after its last phase
        if phase is None:
            return None
        self._update(phase.update)
        return losses

    def _backward(self, phase: Phase, share: int, losses: dict[str, Tensor]) -> None:
        moved = [p for name in phase.update for p in _parameters(self.optimizers[name])]
        total = torch.stack(list(phase.losses.values())).sum() / share
        torch.autograd.backward(total, inputs=moved)
        for name, value in phase.losses.items():
            value = value.detach() / share
            losses[name] = losses[name] + value if name in losses else value

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
        flat = self._reduce(flat, "mean")
        parts = torch.split(flat, [t.numel() for t in tensors])
        for tensor, part in zip(tensors, parts, strict=True):
            tensor.copy_(part.view_as(tensor))

    def _should_stop(self, stop: threading.Event) -> bool:
        if self.fabric.world_size == 1:
            return stop.is_set()
        flag = torch.tensor(float(stop.is_set()), device=self.fabric.device)
        return bool(self._reduce(flag, "sum") > 0)

    def _reduce(self, tensor: Tensor, how: str) -> Tensor:
        return cast("Tensor", self.fabric.all_reduce(tensor, reduce_op=how))

    def _save(self, done: int) -> None:
        self._mean_over_processes(list(self.meter.sums.values()))
        self._check_finite(self.meter.sums, done)  # never over the last good state
        if self.chief:
            self.run.save_checkpoint(self.method.predictor(), done, self.method.network)
            seen = self.sampler.state()
            self.run.save_state(
                {
                    "step": done,
                    "method": self.method.state_dict(),
                    "optimizers": {k: o.state_dict() for k, o in self.optimizers.items()},
                    "meter": self.meter.state(),
                    **({"sampler": seen} if seen else {}),
                }
            )
        self.fabric.barrier()


def spans(start: int, stop: int, cuts: Iterable[int]) -> Iterator[tuple[int, int]]:
    """The steps from ``start`` to ``stop`` in pieces that end where a cut is.

    Example:
        >>> list(spans(2, 9, (1, 4, 9)))
        [(2, 4), (4, 9)]
    """
    inside = [cut for cut in cuts if start < cut < stop]
    return pairwise([start, *inside, stop]) if start < stop else iter(())


def _parameters(optimizer: torch.optim.Optimizer) -> list[nn.Parameter]:
    return [p for group in optimizer.param_groups for p in group["params"]]
