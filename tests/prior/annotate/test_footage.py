"""Frames in tracks: which lend each other their looks, and what has none to lend."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from poseshift.data.baked import SIDE, WorldSpec
from poseshift.data.pack import Pack, PackWriter
from poseshift.data.types import Sample
from poseshift.data.views import normalize, plain_view, to_float
from poseshift.errors import BadInput
from poseshift.prior.annotate import footage
from poseshift.prior.annotate.footage import Footage, open_frames
from poseshift.skeleton import skeleton

BODY = skeleton("body16")


def write(path: Path, tracks: list[str]) -> Pack:
    with PackWriter(path, BODY, 16) as writer:
        for number, track in enumerate(tracks):
            picture = np.full((16, 16, 3), 20 * number, np.uint8)
            nothing = np.full((16, 2), np.nan, np.float32), np.zeros(16, np.uint8)
            writer.add(Sample(str(number), picture, *nothing, track=track))
    return Pack(path)


@given(st.lists(st.integers(2, 5), min_size=1, max_size=6), st.integers(0, 99))
def test_another_frame_is_another_and_of_the_same_track(lengths: list[int], seed: int):
    made = Footage.cut(np.zeros((sum(lengths), 2, 2, 3), np.uint8), lengths)
    assert (len(made), made.tracks) == (sum(lengths), len(lengths))
    row_B = torch.arange(sum(lengths)).repeat(9)
    other_B = made.others(row_B, torch.Generator().manual_seed(seed))
    assert (other_B != row_B).all()
    track_N = torch.arange(len(lengths)).repeat_interleave(torch.tensor(lengths))
    assert torch.equal(track_N[other_B], track_N[row_B])


def test_every_other_frame_has_its_turn():
    made = Footage.cut(np.zeros((4, 2, 2, 3), np.uint8), [4])
    others = made.others(torch.ones(400, dtype=torch.long), torch.Generator().manual_seed(0))
    assert others.bincount(minlength=4).tolist()[1] == 0
    assert others.bincount(minlength=4)[[0, 2, 3]].min() > 90


def test_tracks_are_gathered_and_frames_of_nobody_left_out(tmp_path: Path):
    made = Footage.of(write(tmp_path / "pack", ["a", "", "b", "a", "", "c", "b", "a"]), 8)
    assert made.first_N.tolist() == [0, 0, 0, 3, 3]
    assert made.length_N.tolist() == [3, 3, 3, 2, 2]
    grey_N = made.frame_NHWC.float().mean((1, 2, 3))
    assert (grey_N - 20 * torch.tensor([0.0, 3, 7, 2, 6])).abs().max() < 3
    assert made.frame_NHWC.shape == (5, 8, 8, 3)


@pytest.mark.parametrize("tracks", [["", ""], ["a", "b"]], ids=["of nobody", "one of each"])
def test_one_frame_lends_no_looks(tmp_path: Path, tracks: list[str]):
    with pytest.raises(BadInput, match="no two frames of one individual among 2"):
        Footage.of(write(tmp_path / "pack", tracks), 8)


def test_worlds_are_filmed_once_and_others_for_the_test(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("POSESHIFT_CACHE", str(tmp_path))
    pack = open_frames("world:street?count=6")
    assert (len(pack), Footage.of(pack, 32).tracks) == (8, 2)
    assert pack.info.side == SIDE  # as sharp as stills
    assert open_frames("world:street?count=6").info == pack.info
    test = open_frames("world:street/test?count=6")
    assert test.info.fingerprint != pack.info.fingerprint
    assert test.info.name == "street/test, filmed"
    open_frames("world:studio->street/pose?count=4")
    assert len(list((tmp_path / "worlds").iterdir())) == 3


def test_who_films_second_takes_what_the_first_has_filmed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("POSESHIFT_CACHE", str(tmp_path))
    film = footage._film

    def late(path: Path, wanted: WorldSpec) -> None:
        film(path, wanted)
        monkeypatch.setattr(footage, "_film", film)
        open_frames("world:street?count=4")  # another process, while this one was filming

    monkeypatch.setattr(footage, "_film", late)
    assert len(open_frames("world:street?count=4")) == 4
    assert len(list((tmp_path / "worlds").iterdir())) == 1


@pytest.mark.parametrize("lengths", [[1, 2], [3, 3], []], ids=str)
def test_tracks_of_one_frame_or_of_none_are_refused(lengths: list[int]):
    with pytest.raises(BadInput, match="3 frames in tracks of"):
        Footage.cut(np.zeros((3, 2, 2, 3), np.uint8), lengths)


@pytest.mark.parametrize("side", [64, 24, 16, 10])
def test_frames_are_resampled_as_the_annotator_sees_them(side: int, puppet_packs: dict[str, Pack]):
    crops = puppet_packs["street"].crops
    seen_HWC = torch.from_numpy(footage._Small(crops, side)(3))
    view = plain_view(torch.from_numpy(crops.image(3))[None], side).image_BCHW
    assert (normalize(to_float(seen_HWC[None])) - view).abs().max() < 0.01  # half a grey level
