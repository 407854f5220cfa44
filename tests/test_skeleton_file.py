"""Every way a skeleton file can be wrong: the message names the place, the fault and the fix."""

from pathlib import Path

import pytest

from poseshift.errors import BadInput
from poseshift.skeleton import Skeleton, skeleton

GOOD = {"name": "cat", "keypoints": ["nose", "left_ear", "right_ear"]}

# what is changed in GOOD -> where it is said, what is said, how to mend it
FAULTS = {
    "unknown entry": ({"edgs": []}, "cat.yaml", "unknown entry 'edgs'", "did you mean 'edges'?"),
    "no name": ({"name": None}, "name", "found nothing", "name: my_skeleton"),
    "name is a number": ({"name": 7}, "name", "found int 7", "name: my_skeleton"),
    "name is a path": ({"name": "../../evil"}, "name", "holds a slash", "use letters"),
    "no keypoints": ({"keypoints": None}, "keypoints", "found nothing", "one '- name' a line"),
    "empty keypoints": ({"keypoints": []}, "keypoints", "found a list of 0", "'- name'"),
    "keypoints as text": ({"keypoints": "nose"}, "keypoints", "found str 'nose'", "'- name'"),
    "name read as a truth value": (
        {"keypoints": ["nose", False]},
        "keypoints",
        "name 2 is bool False",
        "put it in quotes",
    ),
    "twice the same name": (
        {"keypoints": ["nose", "nose"]},
        "keypoints",
        "'nose' is listed twice",
        "its own name",
    ),
    "edges not a list": ({"edges": "nose"}, "edges", "expected a list, found str", "'- [...]'"),
    "edge with three ends": (
        {"edges": [["nose", "left_ear"], ["nose", "left_ear", "right_ear"]]},
        "edges, item 2",
        "expected a list of 2 keypoint names, found a list of 3",
        "[name, name, ...]",
    ),
    "edge to an unknown joint": (
        {"edges": [["nose", "left_eer"]]},
        "edges, item 1",
        "unknown keypoint 'left_eer'",
        "did you mean 'left_ear'?",
    ),
    "edge to itself": ({"edges": [["nose", "nose"]]}, "edges, item 1", "named twice", "once"),
    "edge of something else": (
        {"edges": [{"nose": "left_ear"}]},
        "edges, item 1",
        "found a mapping",
        "[name, name, ...]",
    ),
    "joint in two flip pairs": (
        {"flip": [["left_ear", "right_ear"], ["left_ear", "nose"]]},
        "flip",
        "'left_ear' is in two pairs",
        "pair each joint once",
    ),
    "groups not a mapping": ({"groups": [1]}, "groups", "found a list of 1", "'name: [a, b]'"),
    "empty group": ({"groups": {"ear": []}}, "groups, ear", "found a list of 0", "[name"),
    "unknown joint in a group": (
        {"groups": {"ear": ["ears"]}},
        "groups, ear",
        "unknown keypoint 'ears'",
        "known: left_ear, nose, right_ear",
    ),
    "nothing scored": ({"scored": []}, "scored", "one or more keypoint names", "[name"),
    "triplet of two": (
        {"triplets": [["nose", "left_ear"]]},
        "triplets, item 1",
        "expected a list of 3",
        "[name",
    ),
    "sigmas too few": (
        {"sigmas": [0.1, 0.1]},
        "sigmas",
        "expected 3 numbers, one a keypoint, found a list of 2",
        "leave sigmas out",
    ),
    "sigma of zero": ({"sigmas": [0.1, 0, 0.1]}, "sigmas", "'left_ear' has 0", "positive"),
    "sigma not a number": ({"sigmas": [0.1, 0.1, "x"]}, "sigmas", "'right_ear' has 'x'", "posit"),
    "sigma NaN": ({"sigmas": [float("nan"), 1, 1]}, "sigmas", "'nose' has nan", "positive"),
    "torso of one": ({"torso": ["nose"]}, "torso", "expected a list of 2", "[name"),
    "alias of an unknown joint": (
        {"aliases": {"nos": ["snout"]}},
        "aliases, nos",
        "unknown keypoint 'nos'",
        "did you mean 'nose'?",
    ),
    "aliases not names": ({"aliases": {"nose": 3}}, "aliases, nose", "found int 3", "[other"),
    "aliases not a mapping": ({"aliases": ["nose"]}, "aliases", "found a list of 1", "[a, b]"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_said_with_place_and_fix(fault: str):
    change, where, problem, fix = FAULTS[fault]
    with pytest.raises(BadInput) as error:
        Skeleton.from_dict({**GOOD, **change}, "cat.yaml")
    assert str(error.value.where).startswith("cat.yaml")
    assert str(error.value.where).endswith(where)
    assert problem in error.value.problem
    assert fix in str(error.value.fix)


def test_a_list_is_no_skeleton():
    with pytest.raises(BadInput, match="found a list of 1"):
        Skeleton.from_dict(["nose"], "cat.yaml")


FILES = {
    "a bracket left open": (b"name: cat\nkeypoints:\n  - nose\nedges: [[nose, ear]\n", "line 5"),
    "a tab": (b"name: cat\nkeypoints:\n\t- nose\n", "line 3"),
    "an object of python": (b"name: !!python/object/apply:os.getcwd []\n", "line 1"),
    "a date that is none": (b"name: 2024-13-45\n", "ValueError"),
    "not text": (b"\xff\xfe\x00name", "UTF-8"),
    "nested without end": (b"[" * 5000, "RecursionError"),
    "empty": (b"", "found nothing"),
}


@pytest.mark.parametrize("fault", FILES)
def test_a_file_that_is_no_yaml_is_told_with_its_line(tmp_path: Path, fault: str):
    content, said = FILES[fault]
    path = tmp_path / "cat.yaml"
    path.write_bytes(content)
    with pytest.raises(BadInput) as error:
        skeleton(path)
    assert str(path) in str(error.value)
    assert said in str(error.value)
    assert error.value.fix


def test_a_file_that_does_not_exist(tmp_path: Path):
    with pytest.raises(BadInput, match="no such file") as error:
        skeleton(tmp_path / "dog.yaml")
    assert error.value.where == tmp_path / "dog.yaml"


def test_a_folder_is_no_file(tmp_path: Path):
    with pytest.raises(BadInput, match="cannot be read as text"):
        skeleton(tmp_path)
