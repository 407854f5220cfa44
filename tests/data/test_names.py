"""Images found by name from another folder, and left out of a Pack wherever they are."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poseshift.data.names import Names, Shown, sample_names, shown, without
from poseshift.data.pack import Pack
from poseshift.data.part import PackPart, left_out
from poseshift.errors import BadInput, UserError
from tests.data.framed import NAMES, target

few = settings(deadline=None, max_examples=50)
paths = st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map("/".join)


@few
@given(names=st.sets(paths, min_size=1), wanted=paths)
def test_the_longest_common_end_decides(names: set[str], wanted: str):
    def common(name: str) -> int:
        pairs = list(zip(name.split("/")[::-1], wanted.split("/")[::-1], strict=False))
        return next((n for n, (a, b) in enumerate(pairs) if a != b), len(pairs))

    best = max(map(common, names))
    found = [name for name in names if common(name) == best]
    if wanted in names:
        assert Names(names).find(wanted, "here") == wanted
    elif best == 0:
        assert Names(names).find(wanted, "here") is None
    elif len(found) == 1:
        assert Names(names).find(wanted, "here") == found[0]
    else:
        with pytest.raises(BadInput, match="could be"):
            Names(names).find(wanted, "here")


def test_samples_are_named_by_their_images(tmp_path: Path, puppet_packs: dict[str, Pack]):
    assert sample_names(target(tmp_path / "pack")) == NAMES
    assert sample_names(puppet_packs["street"])[3] == "street/train/000003"
    assert sample_names(target(tmp_path / "bare", ["", "b.png"])) == ["s0", "b.png"]


def test_a_pack_without_some_images_is_a_pack(tmp_path: Path):
    pack = target(tmp_path / "pack")
    images = ["project/clip1/img01.png", "img04.png", "clip9/img02.png"]
    rest = without(pack, [Shown(name) for name in images])
    kept = [0, 2, 3, 5]
    assert (len(rest), left_out(rest), left_out(pack)) == (4, 2, 0)
    assert rest.poses.source_N == [NAMES[i] for i in kept]
    np.testing.assert_array_equal(rest.poses.keypoints_NK2, pack.poses.keypoints_NK2[kept])
    assert len(rest.crops) == len(rest.poses) == rest.info.count == 4
    for i, old in enumerate(kept):
        np.testing.assert_array_equal(rest.crops.image(i), pack.crops.image(old))
        assert bytes(rest.crops.encoded(i)) == bytes(pack.crops.encoded(old))
    assert rest.info.fingerprint == pack.info.fingerprint


def test_a_pack_is_itself_where_nothing_is_left_out(tmp_path: Path):
    pack = target(tmp_path / "pack")
    assert without(pack, []) is pack
    assert without(pack, [Shown("other.png")]) is pack
    with pytest.raises(UserError, match="all 6 samples are frames"):
        without(pack, [Shown(name) for name in NAMES])


def test_another_picture_of_that_name_stays(tmp_path: Path):
    names = ["img01.png", "img02.png", "img03.png"]
    mine, other = target(tmp_path / "a", names), target(tmp_path / "b", names, seed=1)
    given = [shown(mine, 0), shown(mine, 2)]
    assert without(other, given) is other, "frames of another clip"
    assert without(mine, given).poses.source_N == ["img02.png"]
    again = target(tmp_path / "c", [f"copied/{name}" for name in names])
    assert without(again, given).poses.source_N == ["copied/img02.png"]
    written = [replace(image, glance=tuple(v + 3 for v in image.glance)) for image in given]
    assert without(again, written).poses.source_N == ["copied/img02.png"], "compressed once more"
    elsewhere = target(tmp_path / "d", names, seed=1, shift=3.0)
    assert len(without(elsewhere, given)) == 1, "another part of it cannot be told apart"
    assert len(without(other, [Shown(image.name) for image in given])) == 1, "nor can names alone"


def test_extra_columns_follow(puppet_packs: dict[str, Pack]):
    street = puppet_packs["street"]
    part = PackPart(street, np.array([7, 2]))
    assert part.poses.id_N == [street.poses.id_N[7], street.poses.id_N[2]]
    np.testing.assert_array_equal(part.poses.extra["hinge"], street.poses.extra["hinge"][[7, 2]])
