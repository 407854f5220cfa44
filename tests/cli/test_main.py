"""The command itself: help, exit codes, and how what goes wrong is said."""

import subprocess
import sys
from importlib.metadata import entry_points

import pytest

from poseshift import __version__, doctor
from poseshift.cli import app, main
from poseshift.errors import UserError
from tests.tiny_runs import Shell

VERBS = [
    "demo", "prepare", "check", "bins", "gap", "adapt", "evaluate", "predict", "style", "bench",
    "doctor",
]  # fmt: skip
HEAVY = [
    "torch",
    "cv2",
    "transformers",
    "pyarrow",
    "scipy",
    "lightning_fabric",
    "matplotlib",
    "PIL",
]


@pytest.fixture
def poseshift(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    monkeypatch.setenv("COLUMNS", "200")
    return Shell(monkeypatch, capsys)


def test_help_imports_nothing_heavy():
    code = (
        "import sys; from poseshift.cli import main; sys.argv = ['poseshift', '--help']\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code\n"
        f"print('HEAVY', sorted(set({HEAVY}) & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert "HEAVY []" in done.stdout
    assert all(verb in done.stdout for verb in VERBS)


def test_the_command_is_installed():
    [command] = entry_points(group="console_scripts", name="poseshift")
    assert command.load() is main


def test_every_verb_is_here():
    assert [
        command.name or command.callback.__name__ for command in app.registered_commands
    ] == VERBS


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_teaches_by_example(poseshift: Shell, verb: str, flag: str):
    said = poseshift(verb, flag)
    assert said.code == 0
    assert "Examples" in said.out
    assert said.out.count(f"poseshift {verb}") >= 2  # the usage line, and an example


def test_alone_it_shows_what_there_is(poseshift: Shell):
    said = poseshift()
    assert all(verb in said.out + said.err for verb in VERBS)


def test_the_version(poseshift: Shell):
    said = poseshift("--version")
    assert (said.code, said.out) == (0, f"poseshift {__version__}\n")


def fail_with(error: BaseException, patch: pytest.MonkeyPatch) -> None:
    def diagnose() -> None:
        raise error

    patch.setattr(doctor, "diagnose", diagnose)


def test_a_users_mistake_is_two_and_has_no_traceback(
    poseshift: Shell, monkeypatch: pytest.MonkeyPatch
):
    fail_with(UserError("is too small", where="here", fix="enlarge it"), monkeypatch)
    said = poseshift("doctor")
    assert said.code == 2
    assert said.err == "error: here: is too small\n  fix: enlarge it\n"
    assert said.out == ""


def test_a_mistake_of_ours_is_one_and_shows_where(
    poseshift: Shell, monkeypatch: pytest.MonkeyPatch
):
    fail_with(ZeroDivisionError("oh"), monkeypatch)
    said = poseshift("doctor")
    assert said.code == 1
    assert "Traceback" in said.err
    assert "ZeroDivisionError: oh" in said.err
    assert "mistake of ours" in said.err


@pytest.mark.parametrize(
    ("text", "told"), [("", "interrupted\n"), ("continue so", "continue so\n")]
)
def test_ctrl_c_is_130(poseshift: Shell, monkeypatch: pytest.MonkeyPatch, text: str, told: str):
    fail_with(KeyboardInterrupt(*filter(None, [text])), monkeypatch)
    said = poseshift("doctor")
    assert (said.code, said.err) == (130, told)


@pytest.mark.parametrize(
    ("argv", "named"),
    [
        (["adopt"], "adopt"),
        (["adapt", "--stepz", "3"], "--stepz"),
        (["adapt", "--steps", "many"], "--steps"),
        (["evaluate", "run"], "packs"),
        (["demo", "--steps", "1"], "--steps"),
        (["bench", "--steps", "1"], "--steps"),
    ],
)
def test_a_slip_of_the_fingers_is_two(poseshift: Shell, argv: list[str], named: str):
    said = poseshift(*argv)
    assert said.code == 2
    assert named in said.err
    assert "Traceback" not in said.err
