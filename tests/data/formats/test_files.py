"""Numbers, tables, names and paths from files nobody vouches for."""

import json
import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poseshift.data.formats.files import (
    cell_number,
    frame_number,
    image_path,
    load_json,
    load_table,
    natural_key,
    number,
    numbers,
)
from poseshift.errors import BadInput

relaxed = settings(deadline=None, max_examples=50)


@relaxed
@given(st.one_of(st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False)))
def test_numbers_pass(value):
    assert number(value, "here") == value


@pytest.mark.parametrize(
    "value", [True, None, "1", [1], math.nan, math.inf, 10**400, {"x": 1}], ids=repr
)
def test_what_is_no_number_is_refused_with_its_place(value):
    with pytest.raises(BadInput, match="expected a number") as caught:
        number(value, "row 7")
    assert "row 7" in str(caught.value)
    assert len(str(caught.value)) < 100


@pytest.mark.parametrize("value", [[1, 2], [1, 2, 3, 4], "123", None, {"a": 1}])
def test_lists_have_their_length(value):
    with pytest.raises(BadInput, match="expected 3 numbers"):
        numbers(value, 3, "here")


@pytest.mark.parametrize(
    ("cell", "value"), [("1.5", 1.5), (" -2 ", -2), ("1e2", 100), ("", None), ("NaN", None)]
)
def test_cells_of_tables(cell, value):
    found = cell_number(cell, "here")
    assert math.isnan(found) if value is None else found == value


@pytest.mark.parametrize("cell", ["x", "1,5", "inf", "-Infinity", "1e999", "1_000", "0x10", "--"])
def test_cells_that_are_no_numbers(cell):
    with pytest.raises(BadInput, match="expected a number"):
        cell_number(cell, "here")


@pytest.mark.parametrize("text", ["a,b\r\n1,2\r\n", "\ufeffa,b\n1,2", '"a",b\n\n1,"2"\n ,\n'])
def test_tables_of_every_program_read_alike(tmp_path: Path, text: str):
    path = tmp_path / "a.csv"
    path.write_bytes(text.encode())
    assert load_table(path) == [["a", "b"], ["1", "2"]]


def test_json_with_a_byte_order_mark_is_read(tmp_path: Path):
    path = tmp_path / "a.json"
    path.write_bytes(b"\xef\xbb\xbf[1]")
    assert load_json(path) == [1]


def test_a_changed_json_file_is_read_again(tmp_path: Path):
    path = tmp_path / "a.json"
    for value in ([1], [1, 2]):
        path.write_text(json.dumps(value))
        assert load_json(path) == value


@pytest.mark.parametrize(
    "name",
    ["../a.png", "a/../../b.png", "/etc/passwd", "C:\\a.png", "..\\a.png", "", None, 5, "a\0b"],
)
def test_paths_stay_in_their_folder(name):
    with pytest.raises(BadInput):
        image_path(Path("root"), name, "here")


@relaxed
@given(st.lists(st.sampled_from(["a", "b.png", "..", ".", "c d"]), min_size=1, max_size=6))
def test_no_spelling_leads_out(parts):
    root = Path("/data/images")
    try:
        path = image_path(root, "/".join(parts), "here")
    except BadInput:
        return
    assert path == root or root in path.parents
    assert ".." not in path.parts


def test_backslashes_of_windows_are_folders():
    assert image_path(Path("r"), "a\\b.png", "here") == Path("r/a/b.png")


@relaxed
@given(st.lists(st.integers(0, 10**6), unique=True, max_size=20))
def test_frames_sort_as_people_count(frames):
    paths = [Path(f"cam2/img{frame}.png") for frame in frames]
    ordered = sorted(paths, key=natural_key)
    assert [frame_number(path.name) for path in ordered] == sorted(frames)


def test_a_name_of_many_digits_is_no_overflow():
    assert frame_number("9" * 40 + ".png") == -1
