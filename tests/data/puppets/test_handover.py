"""Tests of poseshift.data.puppets.handover."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from poseshift.data.puppets import handover, world


@pytest.fixture(scope="module")
def samples():
    home = world("studio")
    return [home.sample(index, 48) for index in range(3)]


def same(found, samples):
    return len(found) == len(samples) and all(
        a.id == b.id and np.array_equal(a.image, b.image) and a.keypoints_K2 is b.keypoints_K2
        for a, b in zip(found, samples, strict=True)
    )


def test_pictures_go_through_a_file_that_is_gone_afterwards(samples, tmp_path):
    parcel = handover.send(samples, tmp_path)
    assert parcel.file is not None
    assert all(sample.image.size == 0 for sample in parcel.samples)
    assert same(handover.receive(parcel, 48), samples)
    assert not list(tmp_path.iterdir())


def test_without_a_place_pictures_travel_with_their_samples(samples):
    parcel = handover.send(samples, None)
    assert parcel.file is None
    assert same(handover.receive(parcel, 48), samples)


def test_no_room_left_is_no_reason_to_stop(samples, tmp_path, monkeypatch):
    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(handover.tempfile, "mkstemp", full)
    assert same(handover.receive(handover.send(samples, tmp_path), 48), samples)


def test_the_folder_goes_with_the_drawing(monkeypatch, tmp_path):
    monkeypatch.setattr(handover, "_MEMORY", tmp_path)
    with handover.shared_folder() as folder:
        assert folder is not None
        assert folder.parent == tmp_path
        (folder / "left").touch()
    assert not list(tmp_path.iterdir())


def test_a_machine_without_shared_memory(monkeypatch):
    monkeypatch.setattr(handover, "_MEMORY", Path("/nowhere"))
    with handover.shared_folder() as folder:
        assert folder is None
