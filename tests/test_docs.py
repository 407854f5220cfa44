"""What the pages say can be typed, exists; what they link to, is there; what they show, runs."""

import re
import shlex
from pathlib import Path

import pytest
import typer.main

from poseshift.cli import app

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
_BLOCK = re.compile(r"```(\w*)\n(.*?)```", re.S)


def blocks(language: str) -> list[tuple[str, str]]:
    return [
        (page.name, text)
        for page in PAGES
        for kind, text in _BLOCK.findall(page.read_text(encoding="utf-8"))
        if kind == language
    ]


def commands() -> list[str]:
    lines = [line for _, text in blocks("") for line in text.splitlines()]
    return sorted({line.split("  #")[0] for line in lines if line.startswith("poseshift ")})


def test_there_are_commands_to_check():
    assert len(commands()) > 10


@pytest.mark.parametrize("line", commands())
def test_every_command_in_the_pages_exists(line: str):
    words, command = shlex.split(line)[1:], typer.main.get_command(app)
    while known := getattr(command, "commands", None):  # a group of verbs
        verb, *words = words
        assert verb in known
        command = known[verb]
    options = {name for option in command.params for name in (*option.opts,)}
    for word in words:
        if word.startswith("-"):
            assert word in options | {"--help"}, f"{verb} has no {word}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path):
    prose = _BLOCK.sub("", page.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)#]+)\)", prose):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize(("page", "code"), blocks("python"), ids=lambda value: value[:20])
def test_python_in_the_pages_names_what_exists(page: str, code: str):
    import poseshift

    compile(code, page, "exec")
    for name in re.findall(r"\bps\.(\w+)", code):
        assert name in poseshift.__all__


def test_the_quickstart_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (code,) = [code for page, code in blocks("python") if page == "quickstart.md"]
    monkeypatch.chdir(tmp_path)
    small = code.replace("count=256", "count=24").replace("count=64", "count=24")
    said: dict[str, object] = {}
    exec(small.replace("train.steps=20", "train.steps=2"), said)
    assert (tmp_path / "runs" / "tiny" / "config.yaml").is_file()


def test_the_ten_public_names_load():
    import poseshift

    assert len(poseshift.__all__) == 11
    for name in poseshift.__all__:
        assert callable(getattr(poseshift, name))
        assert name in dir(poseshift)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = poseshift.nothing
