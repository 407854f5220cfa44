"""Every validator against an independent float64 NumPy computation, and what it must tell apart."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from poseshift.selectors.base import SELECTORS, Evidence
from tests.selectors.made import evidence

SEEDS = range(4)


def doubles(tensor: Any) -> Any:
    return tensor.numpy().astype(np.float64)


def sharpness(e: Evidence) -> float:
    return float(np.mean(np.minimum(np.maximum(doubles(e.peak_NK), 0), 1)))


def agreement(e: Evidence) -> float:
    return share_near(doubles(e.place_NK2) - doubles(e.student_NK2))


def consistency(e: Evidence) -> float:
    apart = doubles(e.view_place_VNK2) - doubles(e.place_NK2)
    return share_near(apart[e.view_holds_VNK.numpy()])


def share_near(apart: Any) -> float:
    return float(np.mean(np.hypot(apart[..., 0], apart[..., 1]) <= 0.05))


def source(e: Evidence) -> float:
    apart = doubles(e.source_place_MK2) - doubles(e.source_true_MK2)
    found = np.hypot(apart[..., 0], apart[..., 1]) <= 0.05
    counts = e.source_counts_MK.numpy()
    return float(np.mean([found[counts[:, k], k].mean() for k in range(5) if counts[:, k].any()]))


def infomax(e: Evidence) -> float:
    """As the mean divergence of each map from the average map, which is the same number."""
    share = doubles(e.share_NKP)
    ratio = share / share.mean(0)
    logs = np.log(ratio, where=ratio > 0, out=np.zeros_like(ratio))
    return float((share * logs).sum(-1).mean())


def snd(e: Evidence) -> float:
    rows = doubles(e.share_NKP)
    rows = rows / np.linalg.norm(rows, axis=-1, keepdims=True)
    entropies = []
    for i, mine in enumerate(rows):
        alike = [(mine * other).sum(-1).mean() for j, other in enumerate(rows) if j != i]
        weight = np.exp(np.array(alike) / 0.05)
        weight /= weight.sum()
        entropies.append(-(weight * np.log(weight)).sum())
    return float(np.mean(entropies))


def prior(e: Evidence) -> float:
    def shaped(pose: Any) -> Any:
        pose = pose - np.median(pose, axis=0)
        return pose / np.median(np.hypot(*pose.T))

    known = [shaped(pose) for pose in doubles(e.pose_SK2)]

    def fifth(pose: Any, among: list[Any]) -> float:
        return float(sorted(np.sqrt(((pose - other) ** 2).sum()) for other in among)[4])

    own = [fifth(pose, known[:i] + known[i + 1 :]) for i, pose in enumerate(known)]
    usual = sorted(own)[(len(own) - 1) // 2]
    away = [fifth(shaped(pose), known) for pose in doubles(e.place_NK2)]
    return -float(np.mean([max(math.log(d / usual), 0) for d in away]))


FORMULAS: list[Callable[[Evidence], float]] = [
    agreement, consistency, infomax, prior, sharpness, snd, source,
]  # fmt: skip


def test_every_built_in_validator_is_here():
    assert list(SELECTORS) == sorted(formula.__name__ for formula in FORMULAS)


@pytest.mark.parametrize("formula", FORMULAS, ids=lambda formula: formula.__name__)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_validator_is_its_formula(formula: Callable[[Evidence], float], seed: int):
    made = evidence(seed)
    assert SELECTORS[formula.__name__](made) == pytest.approx(formula(made), rel=1e-4, abs=1e-5)


# --- what it cannot tell --------------------------------------------------------------------------


def test_without_a_student_there_is_no_agreement():
    assert math.isnan(SELECTORS["agreement"](evidence(student_NK2=None)))


def test_one_image_has_no_neighbours():
    assert math.isnan(SELECTORS["snd"](evidence(crops=1)))


def test_a_joint_without_labels_does_not_count_on_the_source():
    full = evidence()
    counts = full.source_counts_MK.numpy().copy()
    counts[:, 2] = False
    made = evidence(source_counts_MK=counts)
    assert SELECTORS["source"](made) == pytest.approx(source(made))


def test_the_prior_leaves_out_joints_that_are_hardly_labelled_and_poses_in_parts():
    poses = np.random.default_rng(1).uniform(0, 1, (60, 5, 2))
    whole = evidence(pose_SK2=poses[:, :4], place_NK2=evidence().place_NK2[:, :4])
    partly = poses.copy()
    partly[5:, 4] = np.nan  # a joint few poses have
    torn = np.concatenate([partly, partly[:9]])
    torn[60:, 1] = np.nan  # poses that lack a joint others have
    assert SELECTORS["prior"](evidence(pose_SK2=torn)) == SELECTORS["prior"](whole)


@pytest.mark.parametrize("poses", [np.full((60, 5, 2), np.nan), np.ones((29, 5, 2))])
def test_a_prior_needs_poses(poses: Any):
    assert math.isnan(SELECTORS["prior"](evidence(pose_SK2=poses)))


# --- orderings ------------------------------------------------------------------------------------


def shares(place_NK: Any) -> Any:
    """Sharp maps at these cells."""
    return 0.98 * np.eye(16)[place_NK] + 0.02 / 16


def test_information_is_lost_by_blank_maps_and_by_maps_that_are_all_alike():
    draw = np.random.default_rng(0)
    told = SELECTORS["infomax"](evidence(share_NKP=shares(draw.integers(0, 16, (90, 5)))))
    blank = SELECTORS["infomax"](evidence(share_NKP=np.full((90, 5, 16), 1 / 16)))
    alike = SELECTORS["infomax"](evidence(share_NKP=shares(np.tile(np.arange(5), (90, 1)))))
    assert told > 2
    assert blank == pytest.approx(0, abs=1e-5)
    assert alike == pytest.approx(0, abs=1e-5)


def test_dense_neighbourhoods_score_above_scattered_ones():
    draw = np.random.default_rng(0)
    few = shares(draw.integers(0, 16, (3, 5))[draw.integers(0, 3, 60)])
    many = 0.5 * few + 0.5 * shares(draw.integers(0, 16, (60, 5)))
    loud = draw.dirichlet(np.full(16, 0.02), (60, 5))
    dense, mixed, scattered = (SELECTORS["snd"](evidence(share_NKP=s)) for s in (few, many, loud))
    assert dense > mixed
    assert dense > scattered


def test_the_prior_knows_poses_from_garbage_and_pays_no_more_for_the_commonest():
    draw = np.random.default_rng(0)
    limbs = np.cumsum(np.array([[0.0, 0], [0, 1], [1, 1], [0, 3], [1, 4]]), 0)
    poses = 0.1 * limbs + draw.normal(0, 0.02, (200, 5, 2))
    known, new = poses[:150], poses[150:]
    scores = {
        name: SELECTORS["prior"](evidence(pose_SK2=known, place_NK2=place))
        for name, place in {
            "new": new,
            "moved": 0.5 * new + 0.3,
            "always one": np.repeat(known[:1], 50, 0),
            "garbage": draw.uniform(0, 1, (50, 5, 2)),
        }.items()
    }
    assert scores["new"] > scores["garbage"] + 1
    assert scores["moved"] == pytest.approx(scores["new"], abs=1e-3)
    assert scores["always one"] <= 0
    assert scores["new"] > -0.3
