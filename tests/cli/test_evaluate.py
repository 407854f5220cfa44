"""``poseshift evaluate``: tables for people, one JSON object for programs, marks where due."""

import json
from pathlib import Path

import numpy as np
import pytest

from poseshift.data.pack import Pack, PackWriter
from poseshift.data.types import Sample
from poseshift.engine import fit
from poseshift.errors import UserError
from poseshift.run import Run
from poseshift.selection import Selection, write_selection
from poseshift.skeleton import joint_map, skeleton
from tests.tiny_runs import SOURCE, TARGET, TEST, Shell, tiny


@pytest.fixture
def poseshift(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    monkeypatch.setenv("COLUMNS", "250")
    return Shell(monkeypatch, capsys)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return fit(tiny(steps=4), tmp_path / "run", progress=False)


def test_a_table_names_pack_method_checkpoint_and_groups(poseshift: Shell, run: Run):
    said = poseshift("evaluate", run.path, TEST, "world:studio/test?count=24")
    assert said.code == 0
    for word in ("street/test", "studio/test", "source_only", "last 4", "PCK", "protocol", "wrist"):
        assert word in said.out
    assert said.out.count("predictions.arrow") == 2
    assert "ORACLE" not in said.out
    assert "leak" not in said.out


def test_a_run_that_has_not_chosen_does_so_now(
    poseshift: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    run = fit(tiny("mean_teacher", steps=2), tmp_path / "run", progress=False)
    found = json.loads(poseshift("evaluate", run.path, TEST, "--json").out)
    assert [e["choice"] for e in found["evaluations"]] == ["last", "selected"]
    assert found["selection"]["said"] in poseshift("evaluate", run.path, TEST).out
    (run.path / "selection.json").unlink()

    def gone(config: object) -> object:
        raise UserError("no such Pack", where="packs/away", fix="check the path")

    monkeypatch.setattr("poseshift.selection.open_domains", gone)
    said = poseshift("evaluate", run.path, TEST)
    assert said.code == 0
    assert "no checkpoint was selected without labels: packs/away: no such Pack" in said.err


def test_a_peek_is_marked_in_table_and_json(poseshift: Shell, run: Run):
    said = poseshift("evaluate", run.path, TEST, "--peek")
    assert "ORACLE: this checkpoint was chosen with the labels" in said.out
    found = json.loads(poseshift("evaluate", run.path, TEST, "--peek", "--json").out)
    last, peek = found["evaluations"]
    assert (last["choice"], peek["choice"]) == ("last", "peek")
    assert peek["metrics"]["choice"] == "peek"
    assert peek["metrics"]["pck"] >= last["metrics"]["pck"]


def test_the_selected_checkpoint_is_told_with_its_reason(poseshift: Shell, run: Run):
    write_selection(run, Selection(2, "default", {}, kept_start=False))
    said = poseshift("evaluate", run.path, TEST, "--peek").out
    assert "step 2 is the run's choice, made without target labels" in said
    rows = [said.index(f"{choice} {step}") for choice, step in (("last", 4), ("selected", 2))]
    assert rows == sorted(rows)
    assert said.index("ORACLE") > rows[1]
    found = json.loads(poseshift("evaluate", run.path, TEST, "--json").out)
    assert [(e["choice"], e["step"]) for e in found["evaluations"]] == [
        ("last", 4),
        ("selected", 2),
    ]
    assert found["chosen"] == 2


def test_a_checkpoint_of_two_choices_has_one_row_of_groups(poseshift: Shell, run: Run):
    write_selection(run, Selection(4, "default", {}, kept_start=False))
    said = poseshift("evaluate", run.path, TEST).out
    assert "selected 4" in said
    assert said.count("predictions.arrow") == 1
    assert said.partition("PCK by joint group")[2].count("source_only") == 1


def test_a_kept_start_is_told_loudly(poseshift: Shell, run: Run):
    run.save_checkpoint(run.network(2), 0)
    write_selection(run, Selection(0, "default", {}, kept_start=True))
    said = poseshift("evaluate", run.path, TEST).out
    assert "! adaptation looks worse than its start on this target: step 0 (the start)" in said
    assert "selected 0" in said


def test_a_step_can_be_asked_for(poseshift: Shell, run: Run):
    found = json.loads(poseshift("evaluate", run.path, TEST, "--step", "2", "--json").out)
    [one] = found["evaluations"]
    assert (one["step"], one["choice"]) == (2, "step")
    assert one["folder"].endswith("000002")
    assert found["run"] == str(run.path)


def test_leaks_and_mappings_are_said(
    poseshift: Shell, run: Run, tmp_path: Path, puppet_packs: dict[str, Pack]
):
    pack, joints = puppet_packs["studio"], skeleton("lsp14")
    points, seen = joint_map(pack.skeleton, joints).apply(
        pack.poses.keypoints_NK2[:3], pack.poses.visibility_NK[:3]
    )
    with PackWriter(tmp_path / "pack", joints, 64, crop_from="keypoints") as writer:
        for i in range(3):
            writer.add(Sample(f"{i}", bytes(pack.crops.encoded(i)), points[i], seen[i]))
    said = poseshift("evaluate", run.path, tmp_path / "pack")
    assert said.code == 0
    assert "cropped around its labels: this leaks" in said.out
    assert "lsp14" in said.out
    assert "body16" in said.out


def test_numbers_on_what_was_trained_on_are_marked(poseshift: Shell, tmp_path: Path):
    config = tiny("supervised", steps=1).model_copy(update={"side": 64})
    run = fit(config, tmp_path / "both", progress=False)
    said = poseshift("evaluate", run.path, SOURCE, TARGET, TEST).out
    assert "! studio/train is the source this run was trained on: not held out" in said
    assert "! street/train is the target this run was trained on: transductive" in said
    assert "street/test is" not in said


def test_a_target_that_was_cropped_around_its_labels_is_told(poseshift: Shell, run: Run):
    manifest = json.loads((run.path / "manifest.json").read_text())
    manifest["data"]["target"] = {"fingerprint": "x", "crop_from": "keypoints"}
    (run.path / "manifest.json").write_text(json.dumps(manifest))
    said = poseshift("evaluate", run.path, TEST)
    assert "! the target it was trained on was cropped around its labels" in said.out


def test_what_cannot_be_measured_is_a_dash(
    poseshift: Shell, run: Run, tmp_path: Path, puppet_packs: dict[str, Pack]
):
    """Every label is outside the crop, so that there is nothing to count."""
    pack = puppet_packs["studio"]
    with PackWriter(tmp_path / "pack", pack.skeleton, 64) as writer:
        far = np.full((16, 2), 500, np.float32)
        writer.add(Sample("a", bytes(pack.crops.encoded(0)), far, np.full(16, 2, np.uint8)))
    said = poseshift("evaluate", run.path, tmp_path / "pack")
    assert said.code == 0
    [row] = [line for line in said.out.splitlines() if "last 4" in line]
    assert row.count(" - ") >= 3
    found = json.loads(poseshift("evaluate", run.path, tmp_path / "pack", "--json").out)
    assert found["evaluations"][0]["metrics"]["pck"] is None
