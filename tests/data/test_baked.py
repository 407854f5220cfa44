"""Worlds as Packs: baked once, named by all that decides them, the same however reached."""

import threading
from pathlib import Path

import numpy as np
import pytest

from poseshift.data.baked import WorldSpec, cache_folder, open_pack
from poseshift.data.pack import Pack
from poseshift.errors import BadInput, UserError


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of this test's own."""
    monkeypatch.setenv("POSESHIFT_CACHE", str(tmp_path))
    return tmp_path / "worlds"


def test_a_world_is_baked_once(empty: Path):
    first = open_pack("world:studio?count=2", 32)
    written = (first.path / "pack.json").stat().st_mtime_ns
    again = open_pack("world:studio?count=2", 32)
    assert (again.path / "pack.json").stat().st_mtime_ns == written
    assert (len(first), first.info.side, first.info.name) == (2, 32, "studio/train")
    assert first.info.crop_from == "world"
    assert list(empty.iterdir()) == [first.path], "no scratch is left"


def test_a_larger_bake_only_adds(puppet_packs: dict[str, Pack]):
    few, many = open_pack("world:street?count=3", 64), puppet_packs["street"]
    assert few.poses.id_N == many.poses.id_N[:3]
    np.testing.assert_array_equal(few.poses.keypoints_NK2, many.poses.keypoints_NK2[:3])
    np.testing.assert_array_equal(few.crops.image(2), many.crops.image(2))


def test_what_decides_the_samples_is_in_the_folders_name(empty: Path):
    specs = ("studio?count=1", "studio?count=2", "studio/test?count=1", "street?count=1")
    packs = [open_pack(f"world:{spec}", 32) for spec in specs]
    packs.append(open_pack("world:studio?count=1", 48))
    assert len({pack.path for pack in packs}) == 5
    train, test = packs[0], packs[2]
    assert test.info.name == "studio/test"
    assert not np.array_equal(train.poses.keypoints_NK2, test.poses.keypoints_NK2)


@pytest.mark.parametrize(
    ("text", "name", "split", "count"),
    [
        ("world:studio", "studio", "train", 4000),
        ("studio", "studio", "train", 4000),
        ("world:studio/train", "studio", "train", 4000),
        ("world:studio/test", "studio", "test", 1000),
        ("world:studio?count=7", "studio", "train", 7),
        ("world:street/test?count=3", "street", "test", 3),
    ],
)
def test_what_a_spec_asks_for(text: str, name: str, split: str, count: int):
    spec = WorldSpec.parse(text)
    assert (spec.world.name, spec.split, spec.count) == (name, split, count)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("world:", "is not a world"),
        ("world:streat", "did you mean 'street'"),
        ("world:studio?count=-1", "known: "),
        ("world:studio?number=3", "known: "),
        ("world:studio/valid", "known: "),
        ("world:../studio", "known: "),
        ("world:studio?count=0", "has no samples"),
    ],
)
def test_a_spec_of_nothing(empty: Path, spec: str, message: str):
    with pytest.raises(UserError) as error:
        open_pack(spec, 96)
    assert message in str(error.value)
    assert not empty.exists()


@pytest.mark.parametrize(
    ("text", "skeleton", "split"),
    [
        ("world:lottery-7-target", "body16", "train"),
        ("world:lottery-7-source/test", "body16", "test"),
        ("world:lottery-1003-target-hand/test?count=9", "hand21", "test"),
        ("world:studio->street/pose", "body16", "train"),
        ("world:studio->street/appearance/test", "body16", "test"),
    ],
)
def test_pairs_and_lottery_worlds_have_names(text: str, skeleton: str, split: str):
    spec = WorldSpec.parse(text)
    assert (spec.world.skeleton, spec.split) == (skeleton, split)


def test_the_ends_of_a_lottery_pair_differ():
    ends = [WorldSpec.parse(f"world:lottery-7-{end}").world.config for end in ("source", "target")]
    assert ends[0] != ends[1]


def test_a_path_is_opened_as_it_is(puppet_packs: dict[str, Pack]):
    pack = puppet_packs["studio"]
    assert open_pack(pack.path, 999).info == pack.info
    assert open_pack(str(pack.path), 999).info == pack.info
    with pytest.raises(BadInput, match="no such Pack"):
        open_pack(pack.path / "nothing", 64)


def test_bakes_at_the_same_time_agree(empty: Path):
    packs: list[Pack] = []

    def bake() -> None:
        packs.append(open_pack("world:studio?count=3", 32))

    threads = [threading.Thread(target=bake) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(packs) == 3
    assert len({(pack.path, pack.info.fingerprint) for pack in packs}) == 1
    assert len(list(empty.iterdir())) == 1


def test_the_first_of_two_bakes_is_kept(empty: Path, monkeypatch: pytest.MonkeyPatch):
    """The other process finishes while this one is at its last sample."""
    original = WorldSpec.write

    def overtaken(self: WorldSpec, path: Path, side: int, made_by: str) -> object:
        yield from original(self, path, side, made_by)
        monkeypatch.setattr(WorldSpec, "write", original)
        open_pack("world:studio?count=2", 32)

    monkeypatch.setattr(WorldSpec, "write", overtaken)
    pack = open_pack("world:studio?count=2", 32)
    assert list(empty.iterdir()) == [pack.path]
    assert len(pack) == 2


def test_a_failed_bake_leaves_nothing(empty: Path, monkeypatch: pytest.MonkeyPatch):
    def broken(*_: object) -> None:
        raise RuntimeError("out of paint")

    with monkeypatch.context() as patch:
        patch.setattr("poseshift.data.puppets.worlds.World.samples", broken)
        with pytest.raises(RuntimeError, match="out of paint"):
            open_pack("world:studio?count=2", 32)
    assert list(empty.iterdir()) == []
    assert len(open_pack("world:studio?count=2", 32)) == 2


def test_a_folder_in_the_way_is_left_alone(empty: Path):
    path = open_pack("world:studio?count=2", 32).path
    (path / "pack.json").rename(path / "mine")
    with pytest.raises(OSError, match="not empty"):
        open_pack("world:studio?count=2", 32)
    assert (path / "mine").exists()
    assert list(empty.iterdir()) == [path]


def test_where_worlds_are_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("POSESHIFT_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path / "worlds"
    monkeypatch.delenv("POSESHIFT_CACHE")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "poseshift" / "worlds"
