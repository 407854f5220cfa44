"""A Pack gives back what was put in, and is there whole or not at all."""

import errno
import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poseshift.data.pack import BATCH_ROWS, Pack, PackWriter
from poseshift.data.types import Sample
from poseshift.errors import BadInput, UserError
from poseshift.skeleton import Skeleton

PAIR = Skeleton.from_dict({"name": "pair", "keypoints": ["left_eye", "right_eye"]}, "test")


def sample(i: int = 0, **fields) -> Sample:
    rng = np.random.default_rng(i)
    values = {
        "id": f"s{i}",
        "image": np.full((16, 16, 3), i % 251, np.uint8),
        "keypoints_K2": rng.uniform(0, 16, (2, 2)).astype(np.float32),
        "visibility_K": np.array([2, 1], np.uint8),
        "matrix_33": rng.normal(size=(3, 3)).astype(np.float32),
        "source": f"a/{i}.png",
        "category": "cat",
        "track": "t",
        "frame": i,
        "scale": float(i),
    }
    return Sample(**{**values, **fields})


def write(path: Path, samples, **options) -> Pack:
    with PackWriter(path, PAIR, 16, **options) as writer:
        for one in samples:
            writer.add(one)
    return Pack(path)


@pytest.mark.parametrize("count", [1, BATCH_ROWS, BATCH_ROWS + 1, 3 * BATCH_ROWS])
def test_returns_what_was_put_in(tmp_path: Path, count: int):
    samples = [sample(i) for i in range(count)]
    pack = write(tmp_path / "p", samples, crop_from="image", name="mine")
    assert len(pack) == count
    assert (pack.info.name, pack.info.crop_from, pack.info.labeled) == ("mine", "image", True)
    assert pack.skeleton == PAIR
    poses = pack.poses
    for i, one in enumerate(samples):
        np.testing.assert_array_equal(poses.keypoints_NK2[i], one.keypoints_K2)
        np.testing.assert_array_equal(poses.visibility_NK[i], one.visibility_K)
        np.testing.assert_array_equal(poses.matrix_N33[i], one.matrix_33)
        row = (poses.id_N[i], poses.source_N[i], poses.category_N[i], poses.track_N[i])
        assert row == (one.id, one.source, one.category, one.track)
        assert (poses.frame_N[i], poses.scale_N[i]) == (one.frame, one.scale)
        assert abs(int(pack.crops.image(i).mean()) - i % 251) <= 1


def test_many_shards_of_poses_keep_their_order(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("poseshift.data.pack.SHARD_ROWS", 2 * BATCH_ROWS)
    pack = write(tmp_path / "p", (sample(i) for i in range(5 * BATCH_ROWS)))
    assert pack.poses.id_N == [f"s{i}" for i in range(5 * BATCH_ROWS)]
    assert len(list((tmp_path / "p").glob("images-*.arrow"))) == 3
    for i in (0, 2 * BATCH_ROWS - 1, 2 * BATCH_ROWS, 5 * BATCH_ROWS - 1):
        assert abs(int(pack.crops.image(i).mean()) - i % 251) <= 1


@settings(deadline=None, max_examples=20)
@given(st.permutations(range(80)))
def test_access_is_random(tmp_path_factory, order):
    path = tmp_path_factory.getbasetemp() / "random-access"
    if not path.exists():
        write(path, (sample(i) for i in range(80)))
    crops = Pack(path).crops
    for i in order[:10]:
        assert abs(int(crops.image(i).mean()) - i) <= 1


def test_poses_alone_are_a_pack(tmp_path: Path):
    pack = write(tmp_path / "p", [sample(image=None)])
    assert not pack.info.has_images
    with pytest.raises(UserError, match="poses without images"):
        _ = pack.crops


def test_extra_columns_return(tmp_path: Path):
    extra = {"hinge": np.arange(3, dtype=np.float32)}
    pack = write(tmp_path / "p", [sample(i, extra=extra) for i in range(3)])
    np.testing.assert_array_equal(pack.poses.extra["hinge"], [[0, 1, 2]] * 3)


def test_is_cheap_to_send_to_another_process(tmp_path: Path):
    pack = write(tmp_path / "p", (sample(i) for i in range(5)))
    before = pack.crops.image(3)
    again = pickle.loads(pickle.dumps(pack.crops))
    np.testing.assert_array_equal(again.image(3), before)
    assert len(pickle.dumps(Pack(tmp_path / "p"))) < 10_000


def test_fingerprint_follows_the_content(tmp_path: Path):
    one = write(tmp_path / "a", [sample(0), sample(1)]).info.fingerprint
    same = write(tmp_path / "b", [sample(0), sample(1)]).info.fingerprint
    swapped = write(tmp_path / "c", [sample(1), sample(0)]).info.fingerprint
    moved = write(
        tmp_path / "d", [sample(0), sample(1, keypoints_K2=np.ones((2, 2), np.float32))]
    ).info.fingerprint
    assert one == same
    assert len({one, swapped, moved}) == 3


@pytest.mark.parametrize(
    ("second", "words"),
    [
        (sample(0), "twice"),
        (sample(1, keypoints_K2=np.zeros((3, 2), np.float32)), "3 keypoints, skeleton pair has 2"),
        (sample(1, keypoints_K2=np.full((2, 2), np.nan, np.float32)), "joint left_eye"),
        (sample(1, image=None), "some have none"),
        (sample(1, source="\udcff.png"), "not Unicode"),
    ],
    ids=["duplicate", "joint count", "nan", "no image", "file name of no encoding"],
)
def test_a_bad_sample_is_refused_by_name(tmp_path: Path, second: Sample, words: str):
    with pytest.raises(BadInput, match=words) as caught:
        write(tmp_path / "p", [sample(0), second])
    assert second.id in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_nothing_is_not_a_pack(tmp_path: Path):
    with pytest.raises(BadInput, match="no usable sample"):
        write(tmp_path / "p", [])
    assert not list(tmp_path.iterdir())


def test_a_crash_leaves_nothing(tmp_path: Path):
    def broken():
        yield sample(0)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write(tmp_path / "p", broken())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("when", ["_flush_images", "_flush_poses"])
def test_a_full_disk_is_said_plainly_and_leaves_nothing(tmp_path: Path, monkeypatch, when: str):
    def full(self: PackWriter) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(PackWriter, when, full)
    with pytest.raises(UserError, match="No space left") as caught:
        write(tmp_path / "p", (sample(i) for i in range(BATCH_ROWS)))
    assert "free some space" in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_overwrite_replaces_a_pack_only_when_the_new_one_is_whole(tmp_path: Path):
    write(tmp_path / "p", [sample(0)])
    with pytest.raises(UserError, match="already exists"):
        write(tmp_path / "p", [sample(1)])
    with pytest.raises(BadInput):
        write(tmp_path / "p", [sample(1), sample(1)], overwrite=True)
    assert Pack(tmp_path / "p").poses.id_N == ["s0"]
    write(tmp_path / "p", [sample(1)], overwrite=True)
    assert Pack(tmp_path / "p").poses.id_N == ["s1"]
    assert [path.name for path in tmp_path.iterdir()] == ["p"]


def test_a_folder_that_is_no_pack_is_never_replaced(tmp_path: Path):
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "thesis.tex").write_text("years of work")
    with pytest.raises(UserError, match="not a Pack"):
        write(tmp_path / "p", [sample(0)], overwrite=True)
    assert (tmp_path / "p" / "thesis.tex").read_text() == "years of work"


def test_a_newer_format_is_refused(tmp_path: Path):
    write(tmp_path / "p", [sample(0)])
    file = tmp_path / "p" / "pack.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "format": 99}))
    with pytest.raises(BadInput, match="format 99"):
        Pack(tmp_path / "p")


def test_a_row_that_does_not_exist_is_an_index_error(tmp_path: Path):
    pack = write(tmp_path / "p", [sample(0)])
    with pytest.raises(IndexError):
        pack.crops.image(1)
