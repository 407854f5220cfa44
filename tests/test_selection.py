"""Choosing without labels: the same whatever the labels say, kept in the run, told in words."""

import json
import math
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from poseshift import selection as module
from poseshift.data.domain import LabeledDomain, UnlabeledDomain
from poseshift.data.pack import Pack
from poseshift.engine import fit
from poseshift.errors import BadInput, UserError
from poseshift.nn.posenet import PoseNet
from poseshift.run import Run, write_manifest
from poseshift.selection import (
    Selection,
    candidates,
    choose,
    read_selection,
    score,
    select,
)
from poseshift.selectors.base import SELECTORS, Evidence
from poseshift.skeleton import skeleton
from tests.planted import plant_nan, toys
from tests.tiny_runs import tiny


def network(run: Run, seed: int) -> PoseNet:
    torch.manual_seed(seed)
    made = PoseNet(run.config.network, 16)
    for parameter in made.head.parameters():
        torch.nn.init.normal_(parameter)
    return made


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A start and three checkpoints of nothing learned, with students."""
    made = Run.create(tmp_path_factory.mktemp("made") / "run", tiny())
    write_manifest(made, {}, skeleton("body16"))
    made.save_checkpoint(network(made, 0), 0)
    for step in (2, 4, 7):
        made.save_checkpoint(network(made, step), step, network(made, 10 * step))
    return made.path


@pytest.fixture
def run(made_once: Path, tmp_path: Path) -> Run:
    """The same, to be spoilt."""
    return Run.open(shutil.copytree(made_once, tmp_path / "run"))


@pytest.fixture
def source(puppet_packs: dict[str, Pack]) -> LabeledDomain:
    return LabeledDomain(puppet_packs["studio"])


@pytest.fixture
def target(puppet_packs: dict[str, Pack]) -> UnlabeledDomain:
    return UnlabeledDomain(puppet_packs["street"])


def test_every_validator_scores_every_checkpoint(
    run: Run, target: UnlabeledDomain, source: LabeledDomain
):
    scores = score(run, target, source)
    assert set(scores) == set(SELECTORS)
    for name, values in scores.items():
        told = [step for step, value in values.items() if math.isfinite(value)]
        wanted = {"agreement": [2, 4, 7], "prior": []}.get(name, [0, 2, 4, 7])
        assert told == wanted, name  # 24 source poses are too few for a prior
    assert len(set(scores["consistency"].values())) > 1


def test_without_a_start_of_its_own_the_end_of_pretraining_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    run = fit(tiny("mean_teacher", checkpoint_every=3), tmp_path / "run", progress=False)
    assert run.begins == 4  # of 7
    assert run.checkpoints() == [3, 4, 6, 7]
    fell = {4: 0.9, 6: 0.1, 7: 0.1}
    asked: list[int] = []

    def scored(run: Run, *given: object) -> dict[str, dict[int, float]]:
        asked.extend(candidates(run))
        return dict.fromkeys(SELECTORS, fell)

    monkeypatch.setattr(module, "score", scored)
    selection = choose(run)
    assert asked == [4, 6, 7]  # what pre-training went on from is no choice
    assert (selection.step, selection.kept_start) == (4, True)
    assert "step 4 (the start) is the run's choice" in selection.said


def test_labels_in_the_target_change_nothing(
    run: Run, target: UnlabeledDomain, source: LabeledDomain, puppet_packs: dict[str, Pack],
    tmp_path: Path,
):  # fmt: skip
    planted = UnlabeledDomain(Pack(plant_nan(puppet_packs["street"], tmp_path / "planted")))
    select(run, target, source)
    before = (run.path / "selection.json").read_bytes()
    select(run, planted, source)
    assert (run.path / "selection.json").read_bytes() == before


def test_the_choice_is_kept_and_read_back(run: Run, target: UnlabeledDomain, source: LabeledDomain):
    assert read_selection(run) is None
    assert run.chosen() == 7
    made = select(run, target, source, "snd")
    best = max(made.scores["snd"], key=lambda step: made.scores["snd"][step])
    assert made.step == best == run.chosen()
    again = read_selection(run)
    assert again is not None
    assert (again.step, again.validator, again.kept_start) == (best, "snd", made.kept_start)
    assert again.said == made.said
    assert again.scores["snd"] == made.scores["snd"]
    assert math.isnan(again.scores["agreement"][0])
    kept = json.loads((run.path / "selection.json").read_text())
    assert kept["scores"]["agreement"]["0"] is None
    assert kept["said"] == made.said


def collapsing(evidence: Evidence) -> float:
    """Higher the more the network is like the start: it has no student."""
    return 0.0 if evidence.student_NK2 is None else -9.0


def test_harm_keeps_the_start_and_says_so(
    run: Run, target: UnlabeledDomain, source: LabeledDomain, monkeypatch: pytest.MonkeyPatch
):
    items = {**SELECTORS._items, "consistency": collapsing, "source": collapsing}
    monkeypatch.setattr(SELECTORS, "_items", items)
    made = select(run, target, source)
    assert (made.step, made.kept_start) == (0, True)
    assert run.chosen() == 0
    assert "adaptation looks worse than its start on this target" in made.said
    assert "step 0 (the start) is the run's choice" in made.said


def test_a_start_that_is_all_there_is_was_not_kept_against_anything(
    run: Run, target: UnlabeledDomain, source: LabeledDomain
):
    for step in (2, 4, 7):
        run.weights(step).unlink()
    made = select(run, target, source)
    assert (made.step, made.kept_start) == (0, False)
    assert made.said == "step 0 is the run's choice, made without target labels"


# --- from training to choice ----------------------------------------------------------------------


@pytest.fixture
def toy(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "site").mkdir()
    with toys(tmp_path / "site"):
        yield "toy_mean_teacher"


def test_a_run_chooses_with_its_own_domains(toy: str, tmp_path: Path):
    start = fit(tiny(steps=2), tmp_path / "start", progress=False)
    config = tiny(toy, steps=3).model_copy(update={"init": str(start.path)})
    run = fit(config, tmp_path / "run", progress=False)
    made = choose(run)
    assert list(made.scores["consistency"]) == [0, 2, 3]
    assert made.step in run.checkpoints()
    assert made.step == run.chosen()
    assert math.isfinite(made.scores["agreement"][3])


def test_a_method_without_an_unlabelled_target_has_nothing_to_choose_by(run: Run):
    with pytest.raises(UserError, match="source_only has no unlabelled target"):
        choose(run)


# --- a validator from outside ---------------------------------------------------------------------

PLUGIN = """
from poseshift.selectors.base import SELECTORS, Evidence


@SELECTORS.register("from_outside")
def from_outside(evidence: Evidence) -> float:
    return float(evidence.student_NK2 is None)
"""


def test_an_installed_validator_scores_and_can_decide(
    run: Run, target: UnlabeledDomain, source: LabeledDomain, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):  # fmt: skip
    monkeypatch.setattr(SELECTORS, "_items", dict(SELECTORS._items))
    site = tmp_path / "site"
    about = site / "outside-1.0.dist-info"
    about.mkdir(parents=True)
    (site / "outside_selector.py").write_text(PLUGIN)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: outside\nVersion: 1.0\n")
    entry = "[poseshift.selectors]\nfrom_outside = outside_selector\n"
    (about / "entry_points.txt").write_text(entry)
    monkeypatch.syspath_prepend(site)
    made = select(run, target, source, "from_outside")
    assert made.scores["from_outside"] == {0: 1.0, 2: 0.0, 4: 0.0, 7: 0.0}
    assert (made.step, made.validator, made.kept_start) == (0, "from_outside", True)


# --- mistakes -------------------------------------------------------------------------------------


def test_an_unknown_validator_is_told_before_the_work(
    run: Run, target: UnlabeledDomain, source: LabeledDomain, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "score", None)
    with pytest.raises(UserError, match=r"'sharpnes'(.|\n)*did you mean 'sharpness'"):
        select(run, target, source, "sharpnes")


def test_a_run_without_checkpoints_is_told(
    run: Run, target: UnlabeledDomain, source: LabeledDomain
):
    for step in run.checkpoints():
        run.weights(step).unlink()
    with pytest.raises(UserError, match="has no checkpoint yet"):
        select(run, target, source)
    assert not (run.path / "selection.json").exists()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "is not JSON"),
        ("{}", "names no checkpoint of this run, but None"),
        ('{"step": 3}', "names no checkpoint of this run, but 3"),
        ('{"step": true}', "names no checkpoint of this run, but True"),
        ('{"step": 4}', "is damaged"),
        ('{"step": 4, "validator": "x", "kept_start": 0, "scores": {"a": {"b": 1}}}', "is damaged"),
        ('{"step": 4, "validator": "x", "kept_start": 0, "scores": {"a": [1]}}', "is damaged"),
    ],
)
def test_a_damaged_selection_is_told(run: Run, text: str, told: str):
    (run.path / "selection.json").write_text(text)
    with pytest.raises(BadInput, match=rf"selection\.json: {told}"):
        read_selection(run)


def test_a_selection_says_its_step():
    kept = Selection(400, "default", {}, kept_start=False)
    assert kept.said == "step 400 is the run's choice, made without target labels"
