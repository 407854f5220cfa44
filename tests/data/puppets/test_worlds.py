from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poseshift.data.puppets import WORLDS, world
from poseshift.data.puppets.worlds import World
from poseshift.data.types import OCCLUDED, UNLABELED, VISIBLE
from poseshift.errors import UserError

FROZEN = Path(__file__).with_name("frozen_worlds.json")

every_world = pytest.mark.parametrize("home", [world(name) for name in WORLDS], ids=list(WORLDS))


@every_world
def test_a_sample_is_what_it_promises(home: World) -> None:
    for index in range(8):
        sample = home.sample(index, side=64, split="test")
        assert sample.image.shape == (64, 64, 3)
        assert sample.image.dtype == sample.visibility_K.dtype == np.uint8
        assert sample.keypoints_K2.dtype == np.float32
        assert sample.category in home.config.pose.actions
        assert sample.scale > 20
        missing_K = np.isnan(sample.keypoints_K2).any(axis=1)
        assert (missing_K == (sample.visibility_K == UNLABELED)).all()
        inside = sample.keypoints_K2[~missing_K]
        assert inside.min() >= -0.5
        assert inside.max() < 63.5
        np.testing.assert_allclose(
            sample.extra["log_prob"], home.log_prob(sample.extra["hinge"][None]), rtol=1e-3
        )


@every_world
def test_every_joint_is_seen_often(home: World) -> None:
    seen = np.array([home.sample(index, side=48).visibility_K == VISIBLE for index in range(120)])
    assert seen.mean(axis=0).min() > 0.03
    assert seen.mean() > 0.5


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 10**9), st.sampled_from(["train", "test"]))
def test_a_sample_never_depends_on_how_it_is_reached(index: int, split: str) -> None:
    home = world("street")
    home.sample(index + 1, 48)
    first, again = (
        home.sample(index, 48, split),
        World("other", home.config).sample(index, 48, split),
    )
    assert (first.image == again.image).all()
    np.testing.assert_array_equal(first.keypoints_K2, again.keypoints_K2)


def test_splits_and_indices_differ() -> None:
    home = world("studio")
    hinges = [home.sample(i, 32, s).extra["hinge"] for i in (0, 1) for s in ("train", "test")]
    assert len({tuple(hinge.tolist()) for hinge in hinges}) == 4


def test_the_side_only_scales() -> None:
    small, large = (world("street").sample(4, side) for side in (64, 128))
    np.testing.assert_allclose((large.keypoints_K2 + 0.5) / 2 - 0.5, small.keypoints_K2, atol=1e-4)
    assert large.scale == pytest.approx(2 * small.scale)


def test_several_workers_draw_the_same_in_the_same_order() -> None:
    home, indices = world("studio"), [*range(70), 5]
    alone = list(home.samples(indices, side=32, workers=0))
    together = list(home.samples(indices, side=32, workers=2))
    assert [sample.id for sample in together] == [f"studio/train/{i:06d}" for i in indices]
    for a, b in zip(alone, together, strict=True):
        assert (a.image == b.image).all()


@every_world
def test_any_pose_can_be_rendered_in_any_look(home: World) -> None:
    pose = home.poses(1, seed=3)[0]
    first, second = (home.render(pose, seed, side=48) for seed in (0, 1))
    assert (first.image != second.image).any()
    np.testing.assert_array_equal(first.extra["hinge"], second.extra["hinge"])
    assert (home.render(pose, 0, side=48).image == first.image).all()


def test_a_pose_with_the_wrong_number_of_hinges_is_refused() -> None:
    with pytest.raises(UserError, match=r"has \d+ hinges, found an array of shape \(3,\)"):
        world("studio").render(np.zeros(3), 0)


def test_keypoints_in_space_belong_to_the_pose() -> None:
    home = world("studio")
    poses_ND = home.poses(5, seed=0)
    keypoints_NK3 = home.keypoints(poses_ND)
    assert keypoints_NK3.shape == (5, 16, 3)
    shin_N = np.linalg.norm(keypoints_NK3[:, 0] - keypoints_NK3[:, 1], axis=1)
    np.testing.assert_allclose(shin_N, shin_N[0])


def test_a_clip_moves_smoothly_in_one_look() -> None:
    clip = world("street").clip(seed=1, frames=24, side=64)
    assert [sample.frame for sample in clip] == list(range(24))
    assert len({sample.track for sample in clip}) == 1
    keypoints_TK2 = np.array([sample.keypoints_K2 for sample in clip])
    assert np.nanmax(np.abs(np.diff(keypoints_TK2, axis=0))) < 16
    corner = np.array([sample.image[:6, :6].mean() for sample in clip])
    assert corner.std() < 6
    assert (clip[0].image != clip[1].image).any()


def test_left_and_right_are_told_apart_by_the_shoes() -> None:
    home = world("studio")
    warmer = []
    for index in range(60):
        sample = home.sample(index, side=128)
        if (sample.visibility_K[[0, 5]] == VISIBLE).all():
            x, y = (sample.keypoints_K2[[0, 5]] + (0, 3)).round().astype(int).clip(0, 127).T
            right, left = sample.image[y, x].astype(int)
            warmer.append(right[0] - right[2] > left[0] - left[2])
    assert np.mean(warmer) > 0.8


def test_truncated_crops_lose_joints_and_others_do_not() -> None:
    config = world("studio").config
    cut = World("cut", replace(config, camera=replace(config.camera, truncated=1.0)))
    lost = [(cut.sample(i, 32).visibility_K == UNLABELED).sum() for i in range(30)]
    kept = [(world("studio").sample(i, 32).visibility_K == UNLABELED).sum() for i in range(30)]
    assert np.mean(lost) > 1
    assert np.mean(kept) < 0.2


def test_occluders_hide_joints() -> None:
    config = world("studio").config
    behind = World("behind", replace(config, appearance=replace(config.appearance, occluder=1.0)))
    hidden = [
        np.mean([(home.sample(i, 48).visibility_K == OCCLUDED).mean() for i in range(60)])
        for home in (world("studio"), behind)
    ]
    assert hidden[1] > hidden[0] + 0.03


def fingerprint(home: World) -> list[list[float]]:
    """Mean joint and mean colour of the first samples; loose enough for a faster way to draw."""
    samples = [home.sample(index, side=64) for index in range(3)]
    return [
        [*np.nanmean(it.keypoints_K2, axis=0).tolist(), *it.image.mean(axis=(0, 1)).tolist()]
        for it in samples
    ]


@every_world
def test_a_version_never_changes(home: World) -> None:
    """If this fails on purpose, raise ``VERSION`` in config.py and run this file to freeze anew."""
    frozen = json.loads(FROZEN.read_text())[f"{home.name} version {home.version}"]
    found = np.array(fingerprint(home))
    np.testing.assert_allclose(found[:, :2], np.array(frozen)[:, :2], atol=0.02)
    np.testing.assert_allclose(found, frozen, atol=1.5)


if __name__ == "__main__":
    rows = [
        f'"{name} version {config.version}": {np.round(fingerprint(world(name)), 2).tolist()}'
        for name, config in sorted(WORLDS.items())
    ]
    FROZEN.write_text("{\n" + ",\n".join(rows) + "\n}\n")
