"""Poses alone: columns by name or number, points by name or in a list, words for missing."""

import json
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poseshift.data.formats import ReadOptions
from poseshift.data.formats.poses import Poses
from poseshift.errors import BadInput
from poseshift.skeleton import skeleton


def read(path: Path, **options):
    found = Poses().read(path, ReadOptions(**options))
    return found, list(found.items)


def table(folder: Path, text: str) -> Path:
    (folder / "poses.csv").write_text(text)
    return folder / "poses.csv"


def listed(folder: Path, data: object) -> Path:
    (folder / "poses.json").write_text(json.dumps(data))
    return folder / "poses.json"


@pytest.mark.parametrize("missing", ["-1,-1", ",", "nan,NaN", "3,"])
def test_every_word_for_missing(tmp_path: Path, missing: str):
    _, items = read(table(tmp_path, f"nose_X,nose_Y,tail_X,tail_Y\n1,2,{missing}\n"))
    assert items[0].visibility_K.tolist() == [2, 0]
    assert np.isnan(items[0].keypoints_K2[1]).all()


def test_named_columns_in_any_order_with_what_else_is_known(tmp_path: Path):
    found, items = read(
        table(
            tmp_path,
            "frame,NAME,left eye_x,right eye_x,left eye_y,right eye_y,Activity,mood\n"
            "7,a.jpg,1,3,2,4,running,good\n",
        )
    )
    assert found.skeleton.keypoints == ("left eye", "right eye")
    assert found.skeleton.flip == (1, 0)
    item = items[0]
    np.testing.assert_array_equal(item.keypoints_K2, [[1, 2], [3, 4]])
    assert (item.frame, item.source, item.category) == (7, "a.jpg", "running")
    assert found.notes == ["columns left out: mood"]


def test_known_joints_under_other_spellings_are_the_built_in_skeleton(tmp_path: Path):
    names = [name.replace("right_", "r ").replace("left_", "l ") for name in BODY.keypoints]
    header = ",".join(f"{name}_X,{name}_Y" for name in names)
    found, _ = read(table(tmp_path, f"{header}\n{','.join('12' * 16)}\n"))
    assert found.skeleton is BODY


BODY = skeleton("body16")


def test_numbered_joints_take_the_one_skeleton_of_their_number_aloud(tmp_path: Path):
    header = ",".join(f"x{k},y{k}" for k in range(68))
    path = table(tmp_path, f"{header}\n{','.join(['1', '2'] * 68)}\n")
    found, _ = read(path)
    assert (found.skeleton.name, found.notes) == (
        "face68",
        ["68 numbered joints taken as face68"],
    )


def test_numbered_joints_of_an_ambiguous_number_ask(tmp_path: Path):
    header = ",".join(f"x{k},y{k}" for k in range(14))
    path = table(tmp_path, f"{header}\n{','.join(['1', '2'] * 14)}\n")
    with pytest.raises(BadInput, match="lsp14"):
        read(path)
    found, _ = read(path, skeleton=skeleton("lsp14"))
    assert found.skeleton is skeleton("lsp14")


def test_json_points_by_name_may_differ_between_poses(tmp_path: Path):
    path = listed(
        tmp_path,
        [
            {"points": {"nose": [1, 2]}, "file_name": "a.png"},
            {"points": {"tail": [3, 4], "nose": None}, "category": "cat", "frame": 3},
        ],
    )
    found, items = read(path)
    assert found.skeleton.keypoints == ("nose", "tail")
    assert [item.visibility_K.tolist() for item in items] == [[2, 0], [0, 2]]
    assert (items[0].source, items[1].category, items[1].frame) == ("a.png", "cat", 3)


def test_json_points_in_a_list(tmp_path: Path):
    found, items = read(listed(tmp_path, [{"keypoints": [[1, 2]] * 68}]))
    assert found.skeleton.name == "face68"
    _, items = read(listed(tmp_path, [{"keypoints": [[1, 2]] * 68}, {"keypoints": [[1, 2]]}]))
    assert isinstance(items[1], BadInput)


@settings(deadline=None, max_examples=25)
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.sampled_from(["points", "keypoints", "nose", "frame"]), inner)
        ),
        max_leaves=12,
    )
)
def test_no_json_breaks_the_reader(tmp_path_factory, data):
    with suppress(BadInput):
        for item in read(listed(tmp_path_factory.getbasetemp(), data))[1]:
            assert isinstance(item, BadInput) or item.keypoints_K2.shape[1] == 2


@pytest.mark.data
def test_the_real_files(data_folder: Path):
    found, items = read(data_folder / "body" / "mpii.csv")
    assert (found.skeleton.name, len(items)) == ("body16", 17_372)
    limbs = np.stack([item.visibility_K for item in items])[:, list(BODY.scored)] > 0
    assert limbs.all(axis=1).sum() == 11_232
    found, items = read(data_folder / "face" / "ytf68.csv")
    assert (found.skeleton.name, len(items)) == ("face68", 3462)
    assert len({item.track for item in items}) == 347
    total = 0
    for split in ("train", "val", "test"):
        found, items = read(data_folder / "body" / "anime" / f"{split}.json")
        assert len(found.skeleton) == 21
        total += len(items)
    assert total == 2000
