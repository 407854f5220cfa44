"""Every bad run ends in its exit code and a message that names the place and the fix."""

import sys
from pathlib import Path

import pytest

from poseshift.cli import main
from tests.bad_inputs.case import Case
from tests.bad_inputs.cases_run import CASES


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_says_what_is_wrong_and_writes_nothing(
    case: Case,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    monkeypatch.setattr(sys, "argv", ["poseshift", *case.argv(tmp_path)])
    before = {path: path.is_file() and path.read_bytes() for path in tmp_path.rglob("*")}
    with pytest.raises(SystemExit) as stop:
        main()
    said = " ".join(capsys.readouterr().err.split())
    assert stop.value.code == case.exit_code, said
    assert "Traceback" not in said
    for word in case.words:
        assert word in said
    assert {path: path.is_file() and path.read_bytes() for path in tmp_path.rglob("*")} == before


def test_names_are_distinct():
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names)
