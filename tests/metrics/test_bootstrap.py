"""The interval covers what it should, repeats itself, and knows when it knows nothing."""

import numpy as np
import pytest

from poseshift.metrics import bootstrap
from poseshift.metrics.bootstrap import bootstrap_interval


def test_a_seed_fixes_the_interval():
    rng = np.random.default_rng(0)
    hits = rng.random((50, 3)) < 0.5
    every = np.ones_like(hits)
    first = bootstrap_interval(hits, every, [0, 1, 2], seed=3)
    assert first == bootstrap_interval(hits, every, [0, 1, 2], seed=3)
    assert first != bootstrap_interval(hits, every, [0, 1, 2], seed=4)


def test_blocks_do_not_change_the_interval(monkeypatch: pytest.MonkeyPatch):
    hits = np.random.default_rng(0).random((40, 2)) < 0.5
    whole = bootstrap_interval(hits, np.ones_like(hits), [0, 1], n=100)
    monkeypatch.setattr(bootstrap, "_BLOCK", 40 * 7)
    assert bootstrap_interval(hits, np.ones_like(hits), [0, 1], n=100) == whole


def test_for_independent_images_it_is_the_binomial_interval():
    images, share = 400, 0.3
    hits = (np.arange(images) < share * images)[:, None]
    interval = bootstrap_interval(hits, np.ones_like(hits), [0], n=4000)
    spread = 1.96 * np.sqrt(share * (1 - share) / images)
    assert interval == pytest.approx((share - spread, share + spread), abs=0.006)


def test_joints_of_one_image_fall_together():
    """Ten copies of a joint tell no more than one: the interval must not shrink."""
    joint = np.random.default_rng(1).random((100, 1)) < 0.5
    copies = np.repeat(joint, 10, axis=1)
    alone = bootstrap_interval(joint, np.ones_like(joint), [0])
    assert bootstrap_interval(copies, np.ones_like(copies), range(10)) == pytest.approx(alone)


def test_it_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(2)
    covered = 0
    for trial in range(100):
        hits = rng.random((80, 4)) < 0.6
        low, high = bootstrap_interval(hits, np.ones_like(hits), range(4), n=200, seed=trial) or (
            1,
            0,
        )
        covered += low <= 0.6 <= high
    assert 88 <= covered <= 99


def test_only_scored_and_valid_joints_matter():
    rng = np.random.default_rng(3)
    hits, valid = rng.random((2, 60, 3)) < 0.6
    hits &= valid
    hits[:, 2], valid[:, 2] = False, True  # an unscored joint that is always missed
    low, high = bootstrap_interval(hits, valid, [0, 1]) or (1, 0)
    centre = (hits[:, :2].sum(0) / valid[:, :2].sum(0)).mean()
    assert low < centre < high


def test_a_joint_seen_once_does_not_count_as_missed_where_it_is_not_drawn():
    hits = np.ones((30, 2), dtype=bool)
    valid = hits.copy()
    hits[1:, 1] = valid[1:, 1] = False
    assert bootstrap_interval(hits, valid, [0, 1]) == (1.0, 1.0)
    assert bootstrap_interval(hits, valid, [1]) == (1.0, 1.0)


def test_nothing_counted_is_undefined():
    nothing = np.zeros((5, 2), dtype=bool)
    assert bootstrap_interval(nothing, nothing, [0, 1]) is None
    assert bootstrap_interval(nothing[:0], nothing[:0], [0, 1]) is None
    valid = np.array([[False, True]])
    assert bootstrap_interval(valid, valid, [0]) is None
