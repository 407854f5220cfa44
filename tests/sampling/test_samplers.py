"""Every sampler is a pure function of the step; shares, pace and weights are as they should be."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from poseshift.config import load_config
from poseshift.data.domain import LabeledDomain
from poseshift.data.draws import Draws
from poseshift.data.loader import Loader, Plan, UniformSampler
from poseshift.data.pack import Pack
from poseshift.data.types import LabeledBatch
from poseshift.errors import BadInput, UserError
from poseshift.sampling.base import SAMPLERS, SourceSampler, build_sampler
from poseshift.sampling.bin_sampler import BinSampler, find_rows
from poseshift.sampling.vae_balanced import balanced
from poseshift.sampling.vae_cl import VaeClConfig, available
from poseshift.sampling.weighted import WeightedDomain
from poseshift.settings import own_settings
from tests.sampling.made import pose_pack

few = settings(deadline=None, max_examples=40)
N, STEPS, COUNT = 230, 200, 32
ALONE = [name for name in SAMPLERS if name != "prior"]  # which needs one: test_prior.py


class Posed(LabeledDomain):
    """A domain of poses whose images nobody asks for."""

    def __init__(self, pack: Pack) -> None:
        self.pack, self.skeleton = pack, pack.skeleton
        self.of_pack = tuple(range(len(pack.skeleton)))

    def __len__(self) -> int:
        return len(self.pack)


@pytest.fixture(scope="module")
def domain(tmp_path_factory: pytest.TempPathFactory) -> LabeledDomain:
    return Posed(pose_pack(tmp_path_factory.mktemp("samplers") / "pack", N))


def made(domain: LabeledDomain, name: str, seed: int = 0, **more: Any) -> Any:
    bins = {} if name == "uniform" else {"k": 10}
    score = {} if name in ("uniform", "random-subset") else {"score": "mean"}
    config = own_settings({"name": name, **bins, **score, **more}, SAMPLERS, "uniform")
    return build_sampler(config, domain, STEPS, seed)


def run(sampler: SourceSampler, steps: int = STEPS) -> np.ndarray:
    return np.stack([sampler.indices(step, COUNT) for step in range(steps)])


# --- all of them ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ALONE)
def test_samples_are_a_function_of_the_step(name: str, domain: LabeledDomain):
    whole = run(made(domain, name))
    assert whole.min() >= 0
    assert whole.max() < N
    for step in (STEPS - 1, 0, 77):  # in any order, from a fresh one
        np.testing.assert_array_equal(made(domain, name).indices(step, COUNT), whole[step])
    assert not np.array_equal(run(made(domain, name, seed=1)), whole)


@pytest.mark.parametrize("name", ALONE)
def test_two_processes_see_what_one_accumulating_sees(name: str, domain: LabeledDomain):
    sampler = made(domain, name)
    whole = sampler.indices(5, COUNT)
    alone = [whole[rows] for rows in Plan(8, accumulate=4).mine()]
    plans = [Plan(8, accumulate=2, world=2, rank=rank) for rank in (0, 1)]
    dealt = [sampler.indices(5, plans[r].total)[plans[r].mine()[i]] for i in (0, 1) for r in (0, 1)]
    np.testing.assert_array_equal(dealt, alone)


def test_the_default_is_the_loaders_own_sampler(domain: LabeledDomain):
    theirs = UniformSampler(N, 3)
    expected = np.stack([theirs.indices(step, COUNT) for step in range(STEPS)])
    np.testing.assert_array_equal(run(made(domain, "uniform", seed=3)), expected)
    assert load_config(source="a").sampler.name == "uniform"


# --- epochs that are bent -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "more"), [("vae-hm", {"p": 0}), ("vae-cl", {"first": 1}), ("random-subset", {"p": 0})]
)
def test_equal_shares_are_uniform_epochs(name: str, more: dict[str, Any], domain: LabeledDomain):
    drawn = run(made(domain, name, **more)).ravel()
    for epoch in range(len(drawn) // N):
        assert sorted(drawn[epoch * N : (epoch + 1) * N]) == list(range(N))


@few
@given(st.lists(st.integers(0, 9), min_size=1, max_size=8), st.integers(0, 99))
def test_a_line_gives_every_sample_its_length(sizes: list[int], seed: int):
    size = np.array(sizes) + (0 if any(sizes) else 1)
    share = np.random.default_rng(seed).random(len(size)) * (size > 0)
    share /= share.sum()
    place = (np.arange(20000) + 0.5) / 20000
    found = np.bincount(find_rows(place, share, size), minlength=size.sum()) / 20000
    expected = np.repeat(share / np.maximum(size, 1), size)
    np.testing.assert_allclose(found, expected, atol=2e-4)


def test_the_very_end_of_the_line_is_on_it():
    share, size = np.array([0.3, 0.7 - 1e-16, 0.0]), np.array([3, 7, 5])
    assert find_rows(np.array([1 - 1e-17, 0.0]), share, size).tolist() == [9, 0]


# --- what each is for -----------------------------------------------------------------------------


def test_hard_mining_draws_its_share_and_keeps_the_rest(domain: LabeledDomain):
    sampler = made(domain, "vae-hm", p=0.5, hard=0.3)
    assert sampler.first_hard == 7
    drawn = sampler.bins.bin_N[run(sampler)]
    hard = sampler.size_k[7:].sum() / N
    assert (drawn >= 7).mean() == pytest.approx(0.5 + 0.5 * hard, abs=0.01)
    easy = np.bincount(drawn[drawn < 7], minlength=7)
    assert easy.min() > 0.8 * easy.max()
    assert len(np.unique(run(sampler))) == N
    assert (made(domain, "vae-hm", p=1).bins.bin_N[run(made(domain, "vae-hm", p=1))] >= 6).all()


def test_the_pace_ends_with_all_bins(domain: LabeledDomain):
    config = VaeClConfig(name="vae-cl", k=25)
    pace = [available(step, STEPS, config) for step in range(STEPS)]
    assert pace[0] == 5
    assert (np.diff(pace) >= 0).all()
    assert pace[119] == pace[120] == pace[-1] == 25
    by_hand = [int(np.ceil(25 * min(1, 0.2 + 0.8 * t / 120) - 1e-9)) for t in range(STEPS)]
    assert pace == by_hand
    sampler = made(domain, "vae-cl")
    drawn = sampler.bins.bin_N[run(sampler)]
    assert [row.max() < available(t, STEPS, sampler.config) for t, row in enumerate(drawn)] == [
        True
    ] * STEPS
    late = np.bincount(drawn[120:].ravel(), minlength=10) / drawn[120:].size
    np.testing.assert_allclose(late, sampler.size_k / N, atol=0.02)


@few
@given(st.lists(st.integers(0, 500), min_size=1, max_size=12), st.floats(1, 20))
def test_balanced_shares_are_equal_up_to_the_cap(sizes: list[int], repeats: float):
    size = np.array(sizes, dtype=float) + (0 if any(sizes) else 1)
    share = balanced(size, repeats)
    cap = repeats * size / size.sum()
    assert share.sum() == pytest.approx(1)
    assert (share <= cap + 1e-9).all()
    free = (share < cap - 1e-9) & (size > 0)
    if free.any():
        np.testing.assert_allclose(share[free], share.max(), rtol=1e-6)


def test_balancing_repeats_nothing_more_than_ten_times(domain: LabeledDomain):
    sampler = made(domain, "vae-balanced")
    assert sampler.bins.kind == "width"
    rates = np.bincount(run(sampler).ravel(), minlength=N) / (STEPS * COUNT / N)
    assert rates.max() <= 10 * 1.15
    rare = sampler.bins.bin_N >= 7
    assert rates[rare].mean() > 1.5 * rates[~rare].mean()


def test_the_control_has_as_many_images_as_hard_mining(domain: LabeledDomain):
    for k in (10, 25):
        hard, control = (made(domain, name, k=k, p=1) for name in ("vae-hm", "random-subset"))
        chosen = [np.unique(run(sampler)) for sampler in (hard, control)]
        assert len(chosen[0]) == len(chosen[1])
        scores = [hard.bins.score_N[index].mean() for index in chosen]
        assert scores[1] < 0.6 * scores[0]
    mixed = run(made(domain, "random-subset", p=0.5))
    times = np.sort(np.bincount(mixed.ravel(), minlength=N))
    assert times[0] > 0
    assert times[-40:].mean() > 2 * times[:120].mean()


# --- importance -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["vae-hm", "vae-balanced"])
def test_the_weighted_loss_is_the_uniform_one(name: str, domain: LabeledDomain):
    """In closed form: sum over samples of probability x weight x loss."""
    sampler: BinSampler = made(domain, name, weights="importance")
    loss = np.random.default_rng(0).random(N) * (1 + sampler.bins.bin_N)
    share, every = sampler.shares(3), np.arange(N)
    probability = (share / np.maximum(sampler.size_k, 1))[sampler.bins.bin_N]
    weight = sampler.weights(3, every)
    assert weight is not None
    assert probability.sum() == pytest.approx(1)
    assert (probability * weight * loss).sum() == pytest.approx(loss.mean(), rel=1e-6)
    drawn = np.concatenate([sampler.indices(step, COUNT) for step in range(STEPS)])
    found = sampler.weights(3, drawn)
    assert (found * loss[drawn]).mean() == pytest.approx(loss.mean(), rel=0.03)
    assert abs(loss[drawn].mean() / loss.mean() - 1) > 0.1  # without weights it is another loss


def test_weights_reach_the_batch_and_frames_of_the_target_weigh_one(domain: LabeledDomain):
    sampler = made(domain, "vae-hm", weights="importance")
    labelled = SimpleDomain()
    draws = Draws(0, 4, 0, slice(0, 3), 3)
    index = np.array([0, N - 1, N + 5])
    batch = WeightedDomain(labelled, sampler).batch(index, np.zeros((3, 4, 4, 3), np.uint8), draws)
    expected = [*sampler.weights(4, index[:2]), 1]
    np.testing.assert_allclose(batch.weight_B, expected)
    plain = WeightedDomain(labelled, made(domain, "vae-hm"))
    assert plain.batch(index, np.zeros((3, 4, 4, 3), np.uint8), draws).weight_B is None


class SimpleDomain:
    """Batches of nothing in particular."""

    crops: Any = None

    def __len__(self) -> int:
        return N

    def batch(self, index_B: Any, crop_BHWC: Any, draws: Draws) -> LabeledBatch:
        nothing = torch.zeros(len(index_B), 21, 2)
        return LabeledBatch(torch.from_numpy(index_B), crop_BHWC, draws, nothing, nothing[..., 0])


def test_a_loader_hands_the_weights_on(puppet_packs: dict[str, Pack]):
    source = LabeledDomain(puppet_packs["studio"])
    config = {"name": "vae-hm", "k": 3, "score": "mean", "weights": "importance"}
    sampler = build_sampler(own_settings(config, SAMPLERS, ""), source, STEPS, 0)
    loader = Loader(WeightedDomain(source, sampler), sampler, Plan(4), seed=0, stream=0)
    (batch,) = next(loader.steps(0, 1))
    assert set(batch.weight_B.tolist()) <= set(sampler.weights(0, np.arange(24)).tolist())


# --- settings -------------------------------------------------------------------------------------


def test_settings_say_which_sampler(tmp_path: Path):
    file = tmp_path / "a.yaml"
    file.write_text("source: a\nsampler: {name: vae-hm, p: 0.25, score: {name: knn, seed: 2}}\n")
    config = load_config([file])
    sampler: Any = config.sampler
    assert (sampler.p, sampler.k, sampler.score.name, sampler.score.seed) == (0.25, 25, "knn", 2)
    assert type(config).model_validate(config.model_dump()) == config
    short: Any = load_config(source="a", sampler="vae-cl", sets=["sampler.until=0.5"]).sampler
    assert (short.name, short.until, short.score.name) == ("vae-cl", 0.5, "vae")


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("vae-hmm", "did you mean 'vae-hm'"),
        ({"name": "vae-hm", "q": 1}, "unknown key 'q'"),
        ({"name": "vae-hm", "p": 2}, "less than or equal to 1"),
        ({"name": "vae-hm", "score": "vaee"}, "did you mean 'vae'"),
        ({"name": "vae-hm", "score": {"name": "knn", "width": 3}}, "unknown key 'width'"),
        ({"name": "vae-hm", "p": 1, "weights": "importance"}, "needs p < 1"),
        ({"name": "uniform", "k": 3}, "unknown key 'k'"),
        (3, "sampler's name or its settings"),
    ],
)
def test_mistakes_in_settings_are_told(said: Any, words: str):
    with pytest.raises((BadInput, UserError), match=words):
        load_config(source="a", sampler=said)
