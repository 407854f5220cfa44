"""What must hold to the bit or nearly so, and what bad inputs are answered with."""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest import mock

import torch
from safetensors.torch import load_file

from benchmarks.common import Bench
from poseshift.config import RunConfig, load_config
from poseshift.data.baked import open_pack
from poseshift.data.pack import Pack, PackWriter
from poseshift.data.types import Sample
from poseshift.engine import fit
from poseshift.interrupt import Interrupted
from poseshift.run import Run

SOURCE, TARGET = "world:studio?count=128", "world:street?count=128"


def small(method: str, steps: int, **train: Any) -> RunConfig:
    """A small run in full precision."""
    base = {"batch": 4, "precision": "32", "device": "cpu", "checkpoint_every": 5}
    settings = {"steps": steps, **base, **train}
    return load_config(source=SOURCE, target=TARGET, method=method, side=64, train=settings)


def _weights(run: Run) -> dict[str, torch.Tensor]:
    return load_file(run.weights(run.last()))


def resume_bitwise(method: str) -> Mapping[str, Any]:
    """Stop a run half way, resume it, and compare with one that was never stopped."""
    with tempfile.TemporaryDirectory() as folder:
        config = small(method, 10)
        whole = fit(config, f"{folder}/whole", progress=False)

        def stop(step: int) -> None:
            if step == 7:  # where methods with a teacher have begun to adapt
                os.kill(os.getpid(), 15)

        with contextlib.suppress(Interrupted):
            fit(config, f"{folder}/parts", progress=False, on_step=stop)
        parts = fit(config, f"{folder}/parts", resume=True, progress=False)
        states = [whole.load_state(), parts.load_state()]
        equal = all(_same(a, b) for a, b in [(states[0], states[1])])
        return {"resume_bitwise": int(equal)}


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, torch.Tensor):
        return torch.equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(_same(a[k], b[k]) for k in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(_same, a, b))
    return bool(a == b)


def ddp2_max_diff(method: str) -> Mapping[str, Any]:
    """Two processes against one that accumulates two micro-batches, after 20 steps.

    One thread each: a sum split over two threads rounds in another order, and Adam's first steps
    make much of a last bit.
    """
    threads = torch.get_num_threads()
    with tempfile.TemporaryDirectory() as folder:
        torch.set_num_threads(1)
        one = fit(small(method, 20, accumulate=2), f"{folder}/one", progress=False)
        torch.set_num_threads(threads)
        command = [
            str(Path(sys.executable).with_name("poseshift")), "adapt", SOURCE, TARGET,
            "--method", method, "--out", f"{folder}/two", "--devices", "2",
        ]  # fmt: skip
        sets = ["side=64", "train.steps=20", "train.batch=4", "train.precision=32",
                "train.checkpoint_every=5", "train.device=cpu"]  # fmt: skip
        words = [word for pair in sets for word in ("--set", pair)]
        env = {**os.environ, "OMP_NUM_THREADS": "1"}
        subprocess.run([*command, *words], check=True, capture_output=True, env=env)
        a, b = _weights(one), _weights(Run.open(f"{folder}/two"))
        worst = max(float((a[k].double() - b[k].double()).abs().max()) for k in a)
    return {"ddp2_max_diff": worst}


def nan_target_equal(method: str) -> Mapping[str, Any]:
    """Train on a target, and on the same target with NaN where its labels were."""
    with tempfile.TemporaryDirectory() as folder:
        pack = open_pack(TARGET, 64)
        blind = _without_labels(pack, Path(folder) / "blind")
        runs = []
        for name, target in (("seen", str(pack.path)), ("blind", str(blind))):
            config = small(method, 10).model_copy(update={"target": target})
            runs.append(_weights(fit(config, f"{folder}/run-{name}", progress=False)))
        return {"nan_target_equal": int(_same(*runs))}


def _without_labels(pack: Pack, path: Path) -> Path:
    poses = pack.poses
    with PackWriter(path, pack.skeleton, pack.info.side, crop_from="world") as writer:
        for i, name in enumerate(poses.id_N):
            nothing = poses.keypoints_NK2[i] * float("nan")
            image = bytes(pack.crops.encoded(i))
            writer.add(Sample(name, image, nothing, poses.visibility_NK[i] * 0))
    return path


def exactness(bench: Bench, quick: bool) -> None:
    """Resume, several processes, planted NaN labels: for every method they apply to."""
    from poseshift.methods.base import METHODS

    blind = [name for name in METHODS if METHODS[name].target != "labeled"]
    cases = (
        ("resume_bitwise", resume_bitwise, list(METHODS), min, "==", 1),
        ("nan_target_equal", nan_target_equal, blind, min, "==", 1),
        ("ddp2_max_diff", ddp2_max_diff, [] if quick else list(METHODS), max, "<=", 1e-5),
    )
    for metric, measure, methods, worst, op, target in cases:
        values = [
            bench.row(
                {"case": metric, "method": name},
                lambda m=measure, n=name: m(n),
                fresh=True,
            )[metric]
            for name in methods
        ]
        if values:
            bench.check(metric, worst(values), op, target)


def bad_inputs(bench: Bench, quick: bool) -> None:
    """Every bad input of the tests' tables, through the command's real entry point."""
    row = bench.row({"case": "all"}, try_bad_inputs, fresh=True)
    bench.check("bad_inputs_tried", row["bad_inputs_tried"], ">=", 40)
    bench.check("bad_inputs_clear", row["bad_inputs_clear"], "==", row["bad_inputs_tried"])


def try_bad_inputs() -> Mapping[str, Any]:
    """Count the cases, and those answered with the right exit code and the words that help."""
    names = ("tests.bad_inputs.cases_data", "tests.bad_inputs.cases_run")
    cases = [case for name in names for case in importlib.import_module(name).CASES]
    unclear = [case.name for case in cases if not _is_clear(case)]
    return {
        "bad_inputs_tried": len({case.name for case in cases}),
        "bad_inputs_clear": len(cases) - len(unclear),
        "unclear": unclear,
    }


def _is_clear(case: Any) -> bool:
    from poseshift.cli import main

    out, err = io.StringIO(), io.StringIO()
    with tempfile.TemporaryDirectory() as folder:
        words = case.argv(Path(folder))
        with (
            mock.patch.object(sys, "argv", ["poseshift", *words]),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            try:
                main()
                code = 0
            except SystemExit as end:
                code = int(end.code or 0)
    said = " ".join((out.getvalue() + err.getvalue()).split())
    clear = all(word in said for word in case.words)
    return code == case.exit_code and clear and "Traceback" not in said
