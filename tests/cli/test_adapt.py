"""``poseshift adapt``: settings from everywhere, a table at the end, and --resume alone."""

import json
from pathlib import Path
from typing import Any

import pytest

from poseshift import devices, engine
from poseshift.cli import show
from poseshift.cli.adapt import free_folder
from poseshift.config import RunConfig
from poseshift.engine import fit
from poseshift.interrupt import Interrupted
from poseshift.run import Run
from tests.tiny_runs import SOURCE, TARGET, TEST, Shell, assert_same_run, tiny, words


@pytest.fixture
def poseshift(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Shell:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    return Shell(monkeypatch, capsys)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[RunConfig, Path]]:
    """What :func:`fit` is asked to do, instead of doing it."""
    calls: list[tuple[RunConfig, Path]] = []

    def fit(config: RunConfig, out: Path, **_: Any) -> Run:
        calls.append((config, out))
        return Run(out, config)

    monkeypatch.setattr(engine, "fit", fit)
    monkeypatch.setattr(show, "about_data", lambda _: [])
    return calls


def test_it_trains_evaluates_and_prints_a_table(poseshift: Shell, tmp_path: Path):
    said = poseshift(
        "adapt", SOURCE, TARGET, "-m", "supervised", "-o", "mine", *words(tiny(steps=3)),
        "--test", TEST, "--test", "world:studio/test?count=24",
    )  # fmt: skip
    assert said.code == 0
    for word in ("street/test", "studio/test", "supervised", "last 3", "predictions.arrow"):
        assert word in said.out
    assert "step 3/3" in said.err
    assert_same_run(Run.open("mine"), fit(tiny("supervised", steps=3), "other", progress=False))


def test_without_a_test_pack_it_says_what_to_type_next(poseshift: Shell):
    said = poseshift("adapt", SOURCE, "--out", "runs[x]/a", *words(tiny(steps=1)))
    assert said.code == 0
    assert "run kept in runs[x]/a" in said.out
    assert "poseshift evaluate 'runs[x]/a' TEST_PACK" in said.out


def test_json_is_one_object(poseshift: Shell):
    said = poseshift("adapt", SOURCE, "--out", "a", *words(tiny(steps=1)), "--test", TEST, "--json")
    found = json.loads(said.out)
    assert found["run"] == "a"
    [one] = found["evaluations"]
    assert one["choice"] == "last"
    place = f"street_test-{one['metrics']['fingerprint'][:8]}"
    assert one["folder"] == f"a/evaluations/{place}/000001"
    assert 0 <= one["metrics"]["pck"] <= 1


def test_every_option_reaches_the_settings(poseshift: Shell, asked: Any, tmp_path: Path):
    (tmp_path / "a.yaml").write_text("side: 64\ntrain: {steps: 1, lr: 0.5, seed: 1}\n")
    (tmp_path / "b.yaml").write_text("train: {lr: 0.25}\n")
    said = poseshift(
        "adapt", "here", "there", "--method", "supervised", "--init", "start", "--steps", "7",
        "--seed", "3", "--devices", "2", "--config", "a.yaml", "--config", "b.yaml",
        "--set", "train.seed=4", "--set", "method.ema=0.5", "--out", "out",
    )  # fmt: skip
    assert said.code == 0, said.err
    [(config, out)] = asked
    train = config.train
    assert (config.source, config.target, config.init) == ("here", "there", "start")
    assert (config.method.name, config.method.ema, config.side) == ("supervised", 0.5, 64)
    assert (train.steps, train.seed, train.devices, train.lr) == (7, 4, 2, 0.25)
    assert out == Path("out")


def test_a_config_file_is_enough(poseshift: Shell, asked: Any, tmp_path: Path):
    (tmp_path / "a.yaml").write_text("source: here\ntarget: there\nmethod: supervised\n")
    assert poseshift("adapt", "--config", "a.yaml").code == 0
    [(config, out)] = asked
    assert (config.source, config.target, config.method.name) == ("here", "there", "supervised")
    assert out == Path("runs/supervised")


def test_a_folder_is_found_that_is_free(tmp_path: Path):
    assert free_folder(tmp_path, "a") == tmp_path / "a"
    for name in ("a", "a-2"):
        (tmp_path / name).mkdir()
    assert free_folder(tmp_path, "a") == tmp_path / "a-3"
    assert free_folder(tmp_path / "new", "a") == tmp_path / "new" / "a"


# --- resume ---------------------------------------------------------------------------------------


def test_an_interrupted_run_says_how_to_go_on_and_does(
    poseshift: Shell, monkeypatch: pytest.MonkeyPatch
):
    def stopped(config: RunConfig, out: Path, **options: Any) -> Run:
        def stop(step: int) -> None:
            if step == 3:
                raise Interrupted("continue with: poseshift adapt --resume parts")

        return fit(config, out, on_step=None if "resume" in options else stop, **options)

    monkeypatch.setattr(engine, "fit", stopped)
    told = words(tiny())
    said = poseshift("adapt", SOURCE, "--out", "parts", *told)
    assert said.code == 130
    assert said.err.endswith("continue with: poseshift adapt --resume parts\n")
    assert poseshift("adapt", "--resume", "parts", "--test", TEST).code == 0
    assert_same_run(Run.open("parts"), fit(tiny(), "whole", progress=False))


@pytest.mark.parametrize(
    "further",
    [
        ["world:studio"], ["--method", "supervised"], ["--out", "b"], ["--init", "b"],
        ["--set", "train.lr=1"], ["--config", "c.yaml"], ["--steps", "9"], ["--seed", "0"],
        ["--devices", "2"],
    ],
)  # fmt: skip
def test_resume_goes_by_the_runs_own_settings(poseshift: Shell, asked: Any, further: list[str]):
    Run.create("a", tiny())
    said = poseshift("adapt", "--resume", "a", *further)
    assert said.code == 2
    assert "give --resume RUN alone" in said.err
    assert asked == []


# --- several processes ----------------------------------------------------------------------------


def test_only_the_first_process_evaluates(
    poseshift: Shell, asked: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(devices, "is_chief", lambda: False)
    said = poseshift("adapt", SOURCE, "--test", TEST)
    assert (said.code, said.out) == (0, "")
    assert len(asked) == 1


def test_what_a_mapping_drops_is_said(poseshift: Shell, tmp_path: Path):
    out = tmp_path / "out"
    said = poseshift("adapt", SOURCE, "--out", out, *words(tiny()), "--set", "skeleton=lsp14")
    assert said.code == 0
    assert "pelvis" in said.err


@pytest.mark.parametrize(
    ("source", "target", "told"),
    [("user", "image", True), ("image", "image", False), ("world", "image", False)],
)
def test_crops_that_were_cut_by_different_rules_are_told(
    source: str, target: str, told: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    roles = {"source": {"crop_from": source}, "target": {"crop_from": target}}
    monkeypatch.setattr(Run, "manifest", {"data": roles})
    lines = show.about_data(Run(tmp_path, tiny()))
    assert any("cropped by boxes, the target by whole images" in line for line in lines) == told
