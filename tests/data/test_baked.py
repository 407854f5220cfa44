"""Worlds as Packs: baked once, named by all that decides them, the same however reached."""

import threading
from pathlib import Path

import numpy as np
import pytest

from poseshift.data import baked
from poseshift.data.baked import bake, cache_folder, open_pack
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
    assert first.path.parent == empty
    assert [path.name for path in empty.iterdir()] == [first.path.name], "no scratch is left"


def test_a_larger_bake_only_adds(puppet_packs: dict[str, Pack]):
    few, many = open_pack("world:street?count=3", 64), puppet_packs["street"]
    assert few.poses.id_N == many.poses.id_N[:3]
    np.testing.assert_array_equal(few.poses.keypoints_NK2, many.poses.keypoints_NK2[:3])
    np.testing.assert_array_equal(few.crops.image(2), many.crops.image(2))


def test_what_decides_the_samples_is_in_the_folders_name(empty: Path):
    packs = [
        open_pack("world:studio?count=1", 32),
        open_pack("world:studio?count=2", 32),
        open_pack("world:studio/test?count=1", 32),
        open_pack("world:studio?count=1", 48),
        open_pack("world:street?count=1", 32),
    ]
    assert len({pack.path for pack in packs}) == 5
    train, test = packs[0], packs[2]
    assert test.info.name == "studio/test"
    assert not np.array_equal(train.poses.keypoints_NK2, test.poses.keypoints_NK2)


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("world:studio", ("studio", "train", 4000, 96)),
        ("world:studio/train", ("studio", "train", 4000, 96)),
        ("world:studio/test", ("studio", "test", 1000, 96)),
        ("world:studio?count=7", ("studio", "train", 7, 96)),
        ("world:a->b/pose", ("a->b/pose", "train", 4000, 96)),
        ("world:a->b/pose/test?count=3", ("a->b/pose", "test", 3, 96)),
    ],
)
def test_what_a_name_asks_for(
    spec: str, expected: tuple[object, ...], monkeypatch: pytest.MonkeyPatch
):
    asked: list[tuple[object, ...]] = []
    monkeypatch.setattr(baked, "bake", lambda *words: asked.append(words))
    open_pack(spec, 96)
    assert asked == [expected]


@pytest.mark.parametrize("spec", ["world:", "world:studio?number=3", "world:studio?count=-1"])
def test_what_is_not_a_worlds_name(spec: str):
    with pytest.raises(UserError, match="is not a world's name") as error:
        open_pack(spec, 96)
    assert error.value.where == spec


def test_a_misspelt_world_is_named(empty: Path):
    with pytest.raises(UserError, match="did you mean 'street'"):
        open_pack("world:streat", 32)
    assert not empty.exists()


def test_an_empty_world_is_refused(empty: Path):
    with pytest.raises(UserError):
        open_pack("world:studio?count=0", 32)
    assert list(empty.iterdir()) == []


def test_a_path_is_opened_as_it_is(puppet_packs: dict[str, Pack]):
    pack = puppet_packs["studio"]
    assert open_pack(pack.path, 999).info == pack.info
    assert open_pack(str(pack.path), 999).info == pack.info
    with pytest.raises(BadInput, match="no such Pack"):
        open_pack(pack.path / "nothing", 64)


def test_bakes_at_the_same_time_agree(empty: Path):
    packs: list[Pack] = []
    threads = [
        threading.Thread(target=lambda: packs.append(bake("studio", "train", 3, 32)))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({(pack.path, pack.info.fingerprint) for pack in packs}) == 1
    assert len(packs) == 3
    assert len(list(empty.iterdir())) == 1


def test_a_failed_bake_leaves_nothing(empty: Path, monkeypatch: pytest.MonkeyPatch):
    with monkeypatch.context() as patch:
        patch.setattr("poseshift.data.puppets.worlds.World.samples", broken)
        with pytest.raises(RuntimeError, match="out of paint"):
            open_pack("world:studio?count=2", 32)
    assert list(empty.iterdir()) == []
    assert len(open_pack("world:studio?count=2", 32)) == 2


def broken(*_: object) -> None:
    raise RuntimeError("out of paint")


def test_where_worlds_are_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("POSESHIFT_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path / "worlds"
    monkeypatch.delenv("POSESHIFT_CACHE")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "poseshift" / "worlds"
