"""What every benchmark shares: the JSON it writes, kept rows, kept training runs.

A row is measured once: it is kept under the hash of its settings and of the code it depends on
(comments and formatting aside), and skipped on the next call. Training runs are kept the same way
in ``POSESHIFT_BENCH`` (default ``runs/bench``), so what rows share is computed once.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import itertools
import json
import math
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from scipy.stats import t

from poseshift.config import RunConfig
from poseshift.engine import fit
from poseshift.files import write_json, write_text
from poseshift.run import Run, hardware, package_versions
from poseshift.sampling.bin_sampler import BinSamplerConfig
from poseshift.sampling.scores import SCORES
from poseshift.selectors.base import SELECTORS
from poseshift.settings import dump_yaml

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"
SOURCE = ROOT / "src" / "poseshift"
TRAINING, MEASURING = ("poseshift.engine",), ("poseshift.evaluation",)
CHOOSING = tuple(f"poseshift.selectors.{name}" for name in ("choice", "gather", *sorted(SELECTORS)))
# Modules that no number of these tables depends on: they may change without measuring anew.
MUTE = {"poseshift"} | {
    f"poseshift.{name}"
    for name in (
        "errors", "files", "interrupt", "keypoint_names", "methods", "pictures", "progress",
        "registry", "run", "settings", "threads",
        # Used by runs that start from foreign weights only.
        "nn.vitpose",
        # Used by runs that are given frames of the target only: see :func:`told_modules`.
        "data.frames", "data.frame_files", "data.matching",
        "data.mixed", "data.names", "data.part", "data.prepare", "data.formats",
        "data.formats.base", "data.formats.files", "data.formats.joints", "data.cutter",
        # The names of the samplers, and what only runs with a prior use: see :func:`told_modules`.
        "sampling", "prior.annotate.plausible", "prior.folder",
    )
}  # fmt: skip

Row = dict[str, Any]
Result = TypeVar("Result")


@cache
def code_hash(
    method: str = "source_only",
    figure: str = "body16",
    entries: tuple[str, ...] = (*TRAINING, *MEASURING),
) -> str:
    """Hash of the code a method's run on a figure's worlds depends on.

    That is every module the entries, the method and the figure import, as syntax trees without
    docstrings, descriptions, comments or layout: what another method does is no reason to measure
    again.
    """
    found: set[str] = set()
    waiting = [*entries, f"poseshift.methods.{method}", f"poseshift.data.puppets.figures.{figure}"]
    digest = hashlib.sha256()
    while waiting:
        name = waiting.pop()
        file = _module_file(name)
        if name in found or (name in MUTE and name not in entries) or file is None:
            continue
        found.add(name)
        waiting += _imports(ast.parse(file.read_text(encoding="utf-8")))
    for name in sorted(found):
        digest.update(_bare(str(_module_file(name))).encode())
    return digest.hexdigest()[:12]


def _module_file(name: str) -> Path | None:
    place = SOURCE.joinpath(*name.split(".")[1:])
    return next((f for f in (place.with_suffix(".py"), place / "__init__.py") if f.is_file()), None)


def _imports(tree: ast.AST) -> Iterator[str]:
    """Names of ours a module imports, anywhere in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("poseshift"):
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("poseshift"))


@cache
def _bare(file: str) -> str:
    tree = ast.parse(Path(file).read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and _is_docstring(body[0]):
            node.body = body[1:]  # type: ignore[attr-defined]
        if isinstance(node, ast.Call):
            node.keywords = [word for word in node.keywords if word.arg != "description"]
    return ast.dump(tree)


def _is_docstring(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def key_of(*parts: Any) -> str:
    """A short name for anything JSON can hold."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:12]


class Bench:
    """One benchmark's results file.

    Args:
        name: ``results/<name>.json``.
        command: What regenerates it.
        quick: A smoke run: nothing kept is read or written.
    """

    def __init__(self, name: str, command: str, *, quick: bool) -> None:
        self.name, self.command, self.quick = name, command, quick
        if quick:
            os.environ["POSESHIFT_BENCH"] = tempfile.mkdtemp(prefix="bench-")
        self.path = RESULTS / f"{name}.json"
        kept = json.loads(self.path.read_text()) if self.path.exists() and not quick else {}
        self.rows: list[Row] = kept.get("rows", [])
        self.checks: list[Row] = kept.get("checks", [])
        self.claims: list[Row] = kept.get("claims", [])
        self.kept: dict[str, Row] = {}
        self.part, self.unfinished = "", False

    def start(self, part: str) -> None:
        """Begin a part: its rows and checks are told anew, those of other parts stay."""
        self.part, self.unfinished = part, True
        self.kept = {row["key"]: row for row in self.rows}
        self.rows = [row for row in self.rows if row["part"] != part]
        self.checks = [check for check in self.checks if check["part"] != part]
        self.claims = [claim for claim in self.claims if claim["part"] != part]

    def finish(self) -> None:
        """End a part: kept rows it did not tell again are stale and go."""
        self.unfinished = False
        if not self.quick:
            self.write()

    def row(
        self,
        what: Mapping[str, Any],
        measure: Callable[[], Mapping[str, Any]],
        *,
        fresh: bool = False,
        code: str = "",
    ) -> Row:
        """Measure one case, or take the row kept from an earlier call unless it must be fresh.

        Args:
            what: The case.
            measure: Gives what was found.
            fresh: Measure in any case.
            code: Hash of the code the case depends on, see :func:`code_hash`.
        """
        key = self.key(what, code)
        if fresh or key not in self.kept:
            print(f"[{self.name}] {' '.join(f'{k}={v}' for k, v in what.items())}", flush=True)
            measured = dict(measure())
            date = time.strftime("%Y-%m-%d")
            self.kept[key] = {"key": key, "part": self.part, **what, **measured, "date": date}
        self.rows.append(self.kept[key])
        if not self.quick:
            self.write()
        return self.kept[key]

    def key(self, what: Mapping[str, Any], code: str = "") -> str:
        """What a case of this part is kept under."""
        return key_of(self.part, dict(what), code or code_hash())

    def check(self, metric: str, value: float, op: str, target: float) -> None:
        """Hold a value against its target."""
        ok = {">=": value >= target, "<=": value <= target, "==": value == target}[op]
        said = {"metric": metric, "value": value, "op": op, "target": target, "ok": ok}
        self.checks.append({"part": self.part, **said})
        print(f"[{self.name}] {metric} = {value:.4g} {op} {target}: {'ok' if ok else 'MISSED'}")

    def claim(self, claim: str, differences: Sequence[float]) -> None:
        """Hold a claim that a difference is positive against paired differences over seeds.

        Upheld or refuted where the 95 % interval of their mean (Student's t) excludes 0.
        """
        n, effect, interval = len(differences), statistics.fmean(differences), around(differences)
        low, high = interval or (-math.inf, math.inf)
        verdict = "upheld" if low > 0 else "refuted" if high < 0 else "undecided"
        said = {"claim": claim, "verdict": verdict, "effect": effect, "interval": interval, "n": n}
        self.claims.append({"part": self.part, **said})
        print(f"[{self.name}] {claim}: {verdict} ({effect:+.4f}, n = {n})")

    def claims_together(self, found: Mapping[str, Sequence[float]]) -> None:
        """Claims by exact sign-flip tests, Holm-corrected over all of them; intervals are not."""
        names = list(found)
        ps = holm([sign_flip(found[name]) for name in names])
        for name, p in zip(names, ps, strict=True):
            effect = statistics.fmean(found[name])
            verdict = "undecided" if p >= 0.05 else "upheld" if effect > 0 else "refuted"
            said = {"claim": name, "verdict": verdict, "effect": effect}
            said |= {"interval": around(found[name]), "n": len(found[name]), "p": p}
            self.claims.append({"part": self.part, **said})
            print(f"[{self.name}] {name}: {verdict} ({effect:+.4f}, p = {p:.3g})")

    def run(self, parts: Mapping[str, Callable[[Bench, bool], None]], only: Sequence[str]) -> None:
        """Run some parts, or all, and say how many targets are met."""
        for name, part in parts.items():
            if not only or name in only:
                self.start(name)
                part(self, self.quick)
                self.finish()
        met = sum(check["ok"] for check in self.checks)
        print(f"{met} of {len(self.checks)} targets met")

    def write(self) -> None:
        """Write the JSON, rows finished so far included, and those not yet told again."""
        told = {row["key"] for row in self.rows}
        rows = [*self.rows, *(row for key, row in self.kept.items() if key not in told)]
        self._write(rows if self.unfinished else self.rows)

    def _write(self, rows: list[Row]) -> None:
        RESULTS.mkdir(parents=True, exist_ok=True)
        write_text(
            self.path,
            readable({
                "name": self.name,
                "command": self.command,
                "commit": _commit(),
                "date": time.strftime("%Y-%m-%d"),
                "hardware": hardware(),
                "versions": package_versions(),
                "seeds": sorted({row["seed"] for row in rows if "seed" in row}),
                "checks": self.checks,
                "claims": self.claims,
                "rows": rows,
            }),
        )  # fmt: skip


def readable(data: Mapping[str, Any]) -> str:
    """JSON with an entry a line and a row a line, so that what a change adds can be read.

    Example:
        >>> print(readable({"seeds": [0, 1], "rows": [{"x": 1 / 3}, {"x": 2}]}), end="")
        {
        "seeds": [0, 1],
        "rows": [
        {"x": 0.333333},
        {"x": 2}
        ]
        }
    """
    entries = []
    for name, value in _six_digits(data).items():
        told = json.dumps(value)
        if isinstance(value, list) and any(isinstance(item, dict) for item in value):
            told = "[\n" + ",\n".join(map(json.dumps, value)) + "\n]"
        entries.append(f"{json.dumps(name)}: {told}")
    return "{\n" + ",\n".join(entries) + "\n}\n"


def _six_digits(value: Any) -> Any:
    """More digits than a seed repeats would only be weight."""
    if isinstance(value, Mapping):
        return {name: _six_digits(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_six_digits(item) for item in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value


def around(differences: Sequence[float]) -> list[float] | None:
    """The 95 % interval of a mean by Student's t; none of a single difference.

    Example:
        >>> [round(end, 2) for end in around([0.1, 0.2, 0.3])]
        [-0.05, 0.45]
    """
    n, effect = len(differences), statistics.fmean(differences)
    if n == 1:
        return None
    reach = float(t.ppf(0.975, n - 1)) * statistics.stdev(differences) / n**0.5
    return [effect - reach, effect + reach]


def sign_flip(differences: Sequence[float]) -> float:
    """Two-sided p of a mean under all flips of signs, exact.

    Example:
        >>> sign_flip([0.1, 0.2, 0.1, 0.3])
        0.125
    """
    found = np.array(differences)
    signs = np.array(list(itertools.product((1, -1), repeat=len(found))))
    # As far out as what was seen, up to rounding.
    return float((abs(signs @ found) >= abs(found.sum()) - 1e-12).mean())


def holm(ps: Sequence[float]) -> list[float]:
    """Holm's correction for testing several claims.

    Example:
        >>> holm([0.01, 0.04, 0.03])
        [0.03, 0.06, 0.06]
    """
    order = sorted(range(len(ps)), key=ps.__getitem__)
    corrected, highest = [0.0] * len(ps), 0.0
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, (len(ps) - rank) * ps[index]))
        corrected[index] = highest
    return corrected


def bench_folder() -> Path:
    """Where training runs are kept."""
    return Path(os.environ.get("POSESHIFT_BENCH", ROOT / "runs" / "bench"))


def told_modules(config: RunConfig) -> tuple[str, ...]:
    """Modules that a run depends on because its settings say so."""
    sampler = config.sampler
    found = [f"poseshift.sampling.{sampler.name.replace('-', '_')}"]
    if isinstance(sampler, BinSamplerConfig):
        found.append(SCORES[sampler.score.name].__module__)
    if config.target_labels:
        found += [f"poseshift.data.{name}" for name in ("frames", "matching", "mixed")]
    if getattr(config.method, "prior", None):
        found += ["poseshift.prior.annotate.plausible", "poseshift.prior.folder"]
    return tuple(found)


def kept_run(config: RunConfig, figure: str = "body16") -> tuple[Run, float]:
    """Train a run, or take the one kept under the same settings and code; seconds it took."""
    settings = hashlib.sha256(dump_yaml(config).encode()).hexdigest()[:12]
    code = code_hash(config.method.name, figure, (*TRAINING, *told_modules(config)))
    path = bench_folder() / f"{config.method.name}-{settings}-{code}"
    seconds = path / "seconds.json"
    if seconds.exists():
        return Run.open(path), json.loads(seconds.read_text())["seconds"]
    start = time.perf_counter()
    started = (path / "config.yaml").exists()
    run = fit(config, path, resume=started)
    spent = time.perf_counter() - start
    write_json(seconds, {"seconds": spent, "resumed": started})
    return run, spent


@contextmanager
def lanes(jobs: int) -> Iterator[ProcessPoolExecutor]:
    """Processes of one thread each: two small trainings side by side beat two in turn."""
    before = os.environ.get("OMP_NUM_THREADS")
    os.environ["OMP_NUM_THREADS"] = "1"  # inherited by the processes, read when torch is loaded
    pool = ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn"))
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)
        if before is None:
            del os.environ["OMP_NUM_THREADS"]
        else:
            os.environ["OMP_NUM_THREADS"] = before


def alone(work: Callable[..., Result], *given: Any) -> Result:
    """What a function gives in a process of its own, whose memory is its own too."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, *given).result()


def arguments(doc: str | None, parts: Iterable[str]) -> argparse.Namespace:
    """The options every benchmark has."""
    parser = argparse.ArgumentParser(description=doc)
    parser.add_argument("--quick", action="store_true", help="a smoke run, nothing is kept")
    parser.add_argument(
        "--only", nargs="*", default=[], choices=list(parts), help="parts; all if not given"
    )
    return parser.parse_args()


def run_python(code: str, *args: str, env: Mapping[str, str] | None = None) -> str:
    """Run Python code in a fresh process and give what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", code, *args],
        check=True, capture_output=True, text=True, env={**os.environ, **(env or {})},
    )  # fmt: skip
    return done.stdout


def _commit() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=ROOT
    )
    return done.stdout.strip() or "unknown"
