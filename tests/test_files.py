"""Writing: whole or not at all."""

import json
from pathlib import Path

import pytest

from poseshift.errors import UserError
from poseshift.files import ensure_free, new_folder, write_atomic, write_json, write_text


def test_what_is_written_is_there(tmp_path: Path):
    write_text(tmp_path / "a.txt", "größer\n")
    write_json(tmp_path / "a.json", {"b": [1, None]})
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == "größer\n"
    assert json.loads((tmp_path / "a.json").read_text()) == {"b": [1, None]}
    assert (tmp_path / "a.json").read_text().endswith("}\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.json", "a.txt"]


def test_an_old_file_stays_until_the_new_one_is_whole(tmp_path: Path):
    path = tmp_path / "a.txt"
    path.write_text("old")

    def write(partial: Path) -> None:
        partial.write_text("half")
        assert path.read_text() == "old"
        assert partial.parent == path.parent
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_atomic(path, write)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
    write_text(path, "new")
    assert path.read_text() == "new"


def test_a_disk_that_does_not_take_it(tmp_path: Path):
    def write(partial: Path) -> None:
        partial.write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(UserError, match=r"could not be written .No space left on device") as error:
        write_atomic(tmp_path / "a.txt", write)
    assert error.value.where == tmp_path / "a.txt"
    assert error.value.fix == "free some space or choose another folder"
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there(tmp_path: Path):
    with pytest.raises(UserError, match="No such file or directory") as error:
        write_text(tmp_path / "nowhere" / "a.txt", "text")
    assert error.value.fix == f"make the folder first: mkdir -p {tmp_path / 'nowhere'}"


def test_what_is_not_json_leaves_the_old_file(tmp_path: Path):
    write_json(tmp_path / "a.json", 1)
    with pytest.raises(TypeError):
        write_json(tmp_path / "a.json", object())
    assert (tmp_path / "a.json").read_text() == "1\n"


# --- folders --------------------------------------------------------------------------------------


@pytest.mark.parametrize("there", [True, False], ids=["empty", "new"])
def test_a_folder_appears_when_it_is_done(tmp_path: Path, there: bool):
    out = tmp_path / "deep" / "out"
    if there:
        out.mkdir(parents=True)
    with new_folder(out) as folder:
        (folder / "a.txt").write_text("a")
        assert not out.exists() or not any(out.iterdir())
    assert [path.name for path in out.parent.iterdir()] == ["out"]
    assert (out / "a.txt").read_text() == "a"


def test_a_folder_that_fails_leaves_nothing(tmp_path: Path):
    with pytest.raises(ZeroDivisionError), new_folder(tmp_path / "out") as folder:
        (folder / f"{1 / 0}.txt").write_text("a")
    with pytest.raises(UserError, match="could not be written"), new_folder(tmp_path / "out") as f:
        (f / "no" / "such.txt").write_text("a")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_holds_anything_is_left_alone(tmp_path: Path):
    (tmp_path / "mine.txt").write_text("mine")
    for path in (tmp_path, tmp_path / "mine.txt"):
        with pytest.raises(UserError, match="is not empty"), new_folder(path):
            pass
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_a_place_where_nothing_can_be_made_is_refused_first(tmp_path: Path):
    (tmp_path / "file").write_text("mine")
    out = tmp_path / "file" / "deep" / "out"
    with pytest.raises(UserError, match="cannot be made") as error:
        ensure_free(out)
    assert error.value.where == out
    ensure_free(tmp_path / "new" / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
