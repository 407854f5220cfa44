"""BVH: forward kinematics by hand-worked clips, and a camera that mirrors nobody."""

from pathlib import Path

import numpy as np
import pytest

from poseshift.data.formats import ReadOptions
from poseshift.data.formats.bvh import Bvh, parse, see
from poseshift.errors import BadInput
from tests.data import tiny


def test_kinematics_of_two_frames():
    clip = parse(tiny.BVH, Path("a.bvh"))
    assert clip.names == ["Hips", "LeftHip", "LeftHip_end", "RightHip", "RightHip_end"]
    first, second = clip.positions()
    np.testing.assert_allclose(
        first, [[0, 10, 0], [1, 10, 0], [1, 6, 0], [-1, 10, 0], [-1, 6, 0]], atol=1e-9
    )
    # The body has moved to x = 5; the left leg, turned about z by 90 degrees, points along x.
    np.testing.assert_allclose(
        second, [[5, 10, 0], [6, 10, 0], [10, 10, 0], [4, 10, 0], [4, 6, 0]], atol=1e-9
    )


def test_rotations_act_in_the_order_of_the_channels():
    text = tiny.BVH.replace("5 10 0 0 0 0 90 0 0", "5 10 0 0 0 0 90 0 90")
    # Zrotation 90 then Xrotation 90, each in the joint's own frame: -y goes to -z by x, z keeps -z.
    second = parse(text, Path("a.bvh")).positions()[1]
    np.testing.assert_allclose(second[2] - second[1], [0, 0, -4], atol=1e-9)


@pytest.mark.parametrize("name", [f"clip{seed}" for seed in range(12)])
def test_nobody_is_mirrored(name: str):
    # Facing +z with y up, left is at +x. A pole in front of the body and one behind it tell from
    # where the camera looks, for what is nearer looks longer.
    points = [[0, 1, 0], [1, 1, 0], [-1, 1, 0], [0, 0, 1], [0, 2, 1], [0, 0, -1], [0, 2, -1]]
    _, left, right, *poles = see(np.array([points], float), name)[0]
    front, back = np.linalg.norm(poles[1] - poles[0]), np.linalg.norm(poles[3] - poles[2])
    assert (left[0] > right[0]) == (front > back)
    assert poles[1][1] < poles[0][1]


def test_exporters_with_z_up_are_stood_upright():
    clip = parse(tiny.BVH, Path("a.bvh")).positions()
    lying = clip[..., [0, 2, 1]] * (1, -1, 1)  # y up turned to z up about x
    np.testing.assert_allclose(see(lying, "walk"), see(clip, "walk"), atol=1e-9)


def test_the_camera_is_seeded_and_scale_free():
    clip = parse(tiny.BVH, Path("a.bvh")).positions()
    np.testing.assert_array_equal(see(clip, "walk"), see(clip, "walk"))
    np.testing.assert_allclose(see(clip * 100, "walk"), see(clip, "walk"), atol=1e-6)
    assert np.abs(see(clip, "walk") - see(clip, "run")).max() > 1


def test_reads_a_folder_of_clips(tmp_path: Path):
    for name in ("walk2", "walk10"):
        (tmp_path / f"{name}.bvh").write_text(tiny.BVH)
    found = Bvh().read(tmp_path, ReadOptions())
    items = list(found.items)
    assert [item.id for item in items] == [
        "walk2-00000",
        "walk2-00001",
        "walk10-00000",
        "walk10-00001",
    ]
    assert found.skeleton.flip == (0, 3, 4, 1, 2)
    assert found.skeleton.edges == ((0, 1), (1, 2), (0, 3), (3, 4))
    assert (items[1].track, items[1].frame) == ("walk2", 1)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("Zrotation", "Wrotation", "'Wrotation' is no channel"),
        ("OFFSET 1 0 0", "OFFSET 1 x 0", "expected a number, found 'x'"),
        ("RightHip", "LeftHip", "same name"),
        ("MOTION", "", "did not expect 'Frames:'"),
        ("JOINT LeftHip", "BONE LeftHip", "did not expect 'BONE'"),
    ],
)
def test_says_the_line_where_it_stops_making_sense(old: str, new: str, words: str):
    with pytest.raises(BadInput, match=words) as caught:
        parse(tiny.BVH.replace(old, new, 1), Path("a.bvh"))
    assert "a.bvh" in str(caught.value)


def test_nesting_without_end_is_no_recursion():
    deep = "HIERARCHY ROOT a\n" + "".join(f"{{ JOINT j{i}\n" for i in range(20_000))
    with pytest.raises(BadInput, match="ends too early"):
        parse(deep, Path("a.bvh"))


@pytest.mark.data
def test_the_real_clips(data_folder: Path):
    found = Bvh().read(data_folder / "body" / "cmu_bvh", ReadOptions())
    poses = np.stack([item.keypoints_K2 for item in found.items])
    assert len(poses) == 3995
    head, toe = (found.skeleton.index(name) for name in ("Head", "LeftToe"))
    assert (poses[:, head, 1] < poses[:, toe, 1]).all()
