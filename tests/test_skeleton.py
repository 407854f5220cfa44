"""Built-in skeletons are sound and faithful; users' files work like them; joints map by name."""

import csv
import json
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from poseshift.errors import BadInput
from poseshift.keypoint_names import mirror
from poseshift.skeleton import Skeleton, builtin_skeletons, joint_map, skeleton

COUNTS = {
    "animal14": 14,
    "animal18": 18,
    "animal20": 20,
    "body16": 16,
    "coco17": 17,
    "face68": 68,
    "face98": 98,
    "h36m17": 17,
    "hand21": 21,
    "limbs12": 12,
    "lsp14": 14,
    "mpii3dhp": 17,
    "smpl24": 24,
}
HUMANS = ["body16", "coco17", "h36m17", "lsp14", "mpii3dhp", "smpl24"]
builtin = pytest.mark.parametrize("name", COUNTS)


def names_of(skel: Skeleton, joints) -> list[str]:
    return [skel.keypoints[j] for j in joints]


def test_all_joint_sets_are_there():
    assert {name: len(skeleton(name)) for name in builtin_skeletons()} == COUNTS


@builtin
def test_a_builtin_is_sound(name: str):
    skel = skeleton(name)
    assert skel.name == name
    assert [skel.flip[skel.flip[k]] for k in range(len(skel))] == list(range(len(skel)))
    assert skel.flip == mirror(skel.keypoints), "the pairs in the file are those of the names"
    edges = {frozenset(edge) for edge in skel.edges}
    assert len(edges) == len(skel.edges), "no edge is drawn twice"
    mirrored = {frozenset(skel.flip[j] for j in edge) for edge in edges}
    assert mirrored == edges, "the drawing has no handedness"
    for group in skel.groups.values():
        assert {skel.flip[j] for j in group} == set(group), "groups hold both sides"
    angles = {(b, frozenset((a, c))) for a, b, c in skel.triplets}
    assert len(angles) == len(skel.triplets)
    assert {(skel.flip[b], frozenset(skel.flip[j] for j in ends)) for b, ends in angles} == angles


@builtin
def test_a_builtin_survives_a_round_trip_through_a_file(name: str, tmp_path: Path):
    skel = skeleton(name)
    path = tmp_path / "copy.yaml"
    path.write_text(yaml.safe_dump(json.loads(json.dumps(skel.to_dict()))))
    assert skeleton(path) == skel
    assert skeleton(str(path)) == skel
    assert pickle.loads(pickle.dumps(skel)) == skel
    assert len({skel, skeleton(path)}) == 1


def test_a_builtin_is_read_once():
    assert skeleton("body16") is skeleton("body16")


def test_body16_has_the_published_groups():
    body = skeleton("body16")
    assert body.groups["shoulder"] == (12, 13)
    assert body.groups["elbow"] == (11, 14)
    assert body.groups["wrist"] == (10, 15)
    assert body.groups["hip"] == (2, 3)
    assert body.groups["knee"] == (1, 4)
    assert body.groups["ankle"] == (0, 5)
    assert sorted(body.scored) == [0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15]


def test_hand21_has_the_published_groups():
    hand = skeleton("hand21")
    places = {name: tuple(range(first, 21, 4)) for first, name in enumerate(hand.groups, start=1)}
    assert list(places) == ["mcp", "pip", "dip", "fingertip"]
    assert dict(hand.groups) == places
    assert len(hand.scored) == 21


def test_animals_have_the_published_groups():
    tigdog = skeleton("animal18").groups
    assert tigdog["eye"] == (0, 1)
    assert tigdog["chin"] == (2,)
    assert tigdog["hoof"] == (3, 4, 5, 6)
    assert tigdog["hip"] == (7,)
    assert tigdog["knee"] == (8, 9, 10, 11)
    assert tigdog["shoulder"] == (12, 13)
    assert tigdog["elbow"] == (14, 15, 16, 17)
    synthetic = joint_map(skeleton("animal20"), skeleton("animal14"))
    assert synthetic.indices == (0, 1, 13, 14, 15, 16, 9, 10, 11, 12, 5, 6, 7, 8)


@pytest.mark.parametrize("name", HUMANS)
def test_humans_have_twelve_angles_and_a_torso(name: str):
    skel = skeleton(name)
    assert len(skel.triplets) == 12
    assert names_of(skel, skel.torso or ()) == ["left_shoulder", "right_hip"]
    assert len(skel.scored) == (17 if name == "coco17" else 12)


def test_hands_have_nineteen_angles():
    assert len(skeleton("hand21").triplets) == 19


def test_only_coco_has_published_sigmas():
    assert [name for name in COUNTS if skeleton(name).sigmas] == ["coco17"]
    sigmas = skeleton("coco17").sigmas
    assert sigmas is not None
    assert (sigmas[0], sigmas[5], sigmas[-1]) == (0.026, 0.079, 0.089)


def test_the_68_face_points_are_among_the_98():
    mapping = joint_map(skeleton("face98"), skeleton("face68"))
    lids = [60, 61, 63, 64, 65, 67, 68, 69, 71, 72, 73, 75]
    brows = [*range(33, 38), *range(42, 47)]
    expected = [*range(0, 33, 2), *brows, *range(51, 60), *lids, *range(76, 96)]
    assert list(mapping.indices) == expected


def test_wflw_flips_as_published():
    flip = skeleton("face98").flip
    pairs = {0: 32, 33: 46, 37: 42, 38: 50, 41: 47, 55: 59, 60: 72, 63: 69, 65: 75, 67: 73}
    pairs |= {76: 82, 83: 87, 88: 92, 93: 95, 96: 97, 16: 16, 57: 57, 79: 79, 90: 90}
    assert {k: flip[k] for k in pairs} == pairs


# --- a user's own file --------------------------------------------------------------------------


def test_the_least_file_is_enough(tmp_path: Path):
    path = tmp_path / "mouse.yml"
    path.write_text("name: mouse\nkeypoints: [snout, earL, earR, tail_base]\n")
    mouse = skeleton(path)
    assert mouse.flip == (0, 2, 1, 3)
    assert mouse.scored == (0, 1, 2, 3)
    assert (mouse.edges, mouse.triplets, mouse.sigmas, mouse.torso) == ((), (), None, None)


def test_an_empty_flip_list_means_no_flip():
    data = {"name": "m", "keypoints": ["l_ear", "r_ear"], "flip": []}
    still = Skeleton.from_dict(data, "m.yaml")
    assert still.flip == (0, 1)
    assert Skeleton.from_dict(still.to_dict(), "m.yaml") == still


def test_a_full_file_is_kept_whole():
    data = {
        "name": "ant",
        "keypoints": ["head", "l_leg", "r_leg"],
        "edges": [["head", "l_leg"]],
        "flip": [["l_leg", "r_leg"]],
        "groups": {"leg": ["l_leg", "r_leg"]},
        "scored": ["head"],
        "triplets": [["l_leg", "head", "r_leg"]],
        "sigmas": [0.1, 0.2, 1.0],
        "torso": ["head", "r_leg"],
        "aliases": {"head": ["skull"]},
    }
    assert Skeleton.from_dict(data, "ant.yaml").to_dict() == data


def test_index_finds_or_helps():
    assert skeleton("body16").index("pelvis") == 6
    with pytest.raises(BadInput, match="has no keypoint 'pelvi'") as error:
        skeleton("body16").index("pelvi")
    assert "did you mean 'pelvis'?" in str(error.value.fix)


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(BadInput, match="no built-in skeleton is called 'bodi16'") as error:
        skeleton("bodi16")
    assert "did you mean 'body16'?" in str(error.value.fix)
    assert ".yaml" in str(error.value.fix)


def test_the_alias_table_is_no_skeleton():
    with pytest.raises(BadInput, match="no built-in"):
        skeleton("_aliases")


# --- mapping ------------------------------------------------------------------------------------


@builtin
def test_a_skeleton_maps_to_itself(name: str):
    mapping = joint_map(skeleton(name), skeleton(name))
    assert mapping.indices == tuple(range(COUNTS[name]))
    assert (mapping.missing, mapping.dropped) == ((), ())


def test_what_is_renamed_missing_and_dropped_is_said_aloud():
    mapping = joint_map(skeleton("smpl24"), skeleton("lsp14"))
    assert mapping.missing == ()
    assert "left_collar" in mapping.dropped
    said = mapping.describe()
    assert said.startswith("smpl24 -> lsp14: 14 of 14 keypoints; renamed: head as head_top; ")
    assert "dropped: pelvis, spine1" in said
    assert "missing" not in said
    back = joint_map(skeleton("lsp14"), skeleton("smpl24"))
    assert "missing: pelvis, spine1" in back.describe()


def test_no_joint_stands_for_two():
    """3DHP has both a head and a head top; a source with one of them fills only that one."""
    mapping = joint_map(skeleton("lsp14"), skeleton("mpii3dhp"))
    assert mapping.missing == ("pelvis", "spine", "head")


def test_spelling_and_builtin_aliases_bridge_names():
    user = {"name": "dlc", "keypoints": ["Nose", "L_F_Paw", "R_F_Paw", "Root of tail", "thing"]}
    mapping = joint_map(Skeleton.from_dict(user, "dlc.yaml"), skeleton("animal20"))
    found = {n: i for n, i in zip(mapping.target.keypoints, mapping.indices, strict=True) if i >= 0}
    assert found == {"nose": 0, "left_front_paw": 1, "right_front_paw": 2, "tail_base": 3}
    assert mapping.dropped == ("thing",)


def test_aliases_in_a_skeleton_file_bridge_names():
    data = {"name": "m", "keypoints": ["a", "b"], "aliases": {"b": ["left_wrist", "hand"]}}
    mapping = joint_map(Skeleton.from_dict(data, "m.yaml"), skeleton("coco17"))
    assert mapping.indices[9] == 1
    assert "renamed: b as left_wrist" in mapping.describe()


def test_the_users_word_goes_before_equal_names(tmp_path: Path):
    """The published SURREAL setting takes the collars for shoulders."""
    smpl, body = skeleton("smpl24"), skeleton("body16")
    said = {"left_shoulder": "left_collar", "right_shoulder": "right_collar"}
    path = tmp_path / "collars.yaml"
    path.write_text(yaml.safe_dump(said))
    for aliases in (said, path, str(path)):
        mapping = joint_map(smpl, body, aliases)
        assert names_of(smpl, mapping.indices[12:14]) == ["right_collar", "left_collar"]
    assert names_of(smpl, joint_map(smpl, body).indices[12:14]) == [
        "right_shoulder",
        "left_shoulder",
    ]


def test_nothing_in_common_is_an_error_that_shows_the_way():
    with pytest.raises(BadInput, match="no keypoint in common") as error:
        joint_map(skeleton("face68"), skeleton("animal14"))
    assert "left_eye: right_jaw_1" in str(error.value.fix)


@pytest.mark.parametrize(
    ("aliases", "problem", "fix"),
    [
        ({"left_rist": "left_hand"}, "'body16' has no keypoint 'left_rist'", "'left_wrist'?"),
        ({"left_wrist": "left_hnd"}, "'smpl24' has no keypoint 'left_hnd'", "'left_hand'?"),
        ({"left_wrist": ["left_hand"]}, "'smpl24' has no keypoint '['left_hand']'", "known"),
    ],
)
def test_wrong_aliases_are_told(aliases, problem: str, fix: str, tmp_path: Path):
    path = tmp_path / "alias.yaml"
    path.write_text(yaml.safe_dump(aliases))
    with pytest.raises(BadInput) as error:
        joint_map(skeleton("smpl24"), skeleton("body16"), path)
    assert problem in error.value.problem
    assert "each line is 'body16 joint: smpl24 joint'" in error.value.problem
    assert fix in str(error.value.fix)
    assert error.value.where == path


def test_an_alias_file_must_be_a_mapping(tmp_path: Path):
    path = tmp_path / "alias.yaml"
    path.write_text("- left_wrist\n")
    with pytest.raises(BadInput, match="found list") as error:
        joint_map(skeleton("smpl24"), skeleton("body16"), path)
    assert "right_ankle: pelvis" in str(error.value.fix)


def test_keypoints_move_with_their_names():
    mapping = joint_map(skeleton("lsp14"), skeleton("body16"))
    lsp = np.arange(2 * 14 * 2, dtype=np.float32).reshape(2, 14, 2)
    seen = np.full((2, 14), 2, dtype=np.uint8)
    body, visibility = mapping.apply(lsp, seen)
    assert body.dtype == np.float32
    assert visibility.dtype == np.uint8
    np.testing.assert_array_equal(body[:, 9], lsp[:, 13])  # the top of the head
    assert np.isnan(body[:, 6:8]).all()
    assert (visibility[:, 6:8] == 0).all()
    assert np.isnan(body).any(-1).sum() == 4
    assert not np.isnan(lsp).any(), "the input is left alone"


def test_keypoints_of_another_skeleton_are_refused():
    mapping = joint_map(skeleton("lsp14"), skeleton("body16"))
    with pytest.raises(BadInput, match="expected 14 keypoints of skeleton 'lsp14', found 16"):
        mapping.apply(np.zeros((1, 16, 2)), np.zeros((1, 16)))


@settings(deadline=None, max_examples=50)
@given(st.sampled_from(HUMANS), st.sampled_from(HUMANS))
def test_mapping_commutes_with_mirroring(first: str, second: str):
    """Relabelling sides before or after a mapping is the same."""
    source, target = skeleton(first), skeleton(second)
    indices = joint_map(source, target).indices
    before = [-1 if i < 0 else source.flip[i] for i in indices]
    after = [indices[target.flip[k]] for k in range(len(target))]
    assert before == after


# --- real labels --------------------------------------------------------------------------------

needs_data = pytest.mark.skipif(
    "POSESHIFT_DATA" not in os.environ, reason="POSESHIFT_DATA does not point to the real data"
)


@pytest.mark.data
@needs_data
def test_real_faces_look_like_their_mirror_image():
    with (Path(os.environ["POSESHIFT_DATA"]) / "face" / "ytf68.csv").open() as file:
        rows = np.array([row[2:] for row in csv.reader(file)][1:], dtype=float)
    shapes = rows.reshape(len(rows), 68, 2)
    shape = (shapes - shapes.mean(1, keepdims=True)).mean(0)
    face = skeleton("face68")
    mirrored = shape[list(face.flip)] * [-1, 1]
    eyes = np.linalg.norm(np.subtract(*shape[list(face.torso or ())]))
    assert np.linalg.norm(mirrored - shape, axis=1).max() < 0.1 * eyes


@pytest.mark.data
@needs_data
def test_real_animals_facing_the_camera_have_their_left_on_the_right():
    path = Path(os.environ["POSESHIFT_DATA"]) / "animal" / "animalpose_20kp.json"
    people = [p["keypoints"] for part in json.loads(path.read_text()).values() for p in part]
    points = np.array(people, dtype=float)
    animal = skeleton("animal20")
    x, seen = points[..., 0], points[..., 2] > 0
    height = {name: points[:, k, 1][seen[:, k]].mean() for k, name in enumerate(animal.keypoints)}
    assert height["left_ear"] < height["nose"] < height["left_front_knee"] < height["left_back_paw"]
    eyes, ears = (animal.index(n) for n in ("left_eye", "left_ear"))
    facing = seen[:, [eyes, animal.flip[eyes], ears, animal.flip[ears]]].all(1)
    for left, right in enumerate(animal.flip):
        if left < right:
            both = facing & seen[:, left] & seen[:, right]
            assert (x[both, left] > x[both, right]).mean() > 0.6, animal.keypoints[left]
