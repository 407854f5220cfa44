"""Random numbers depend on seed, step, stream and row, and on nothing else."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from poseshift.data.draws import Draws, mix

few = settings(deadline=None, max_examples=50)


def everything(draws: Draws) -> list[torch.Tensor]:
    return [draws.uniform(-1, 1), draws.normal(3, 2), draws.uniform(0, 5, 2), draws.normal()]


@few
@given(seed=st.integers(0, 2**40), parts=st.integers(1, 4), size=st.integers(1, 5))
def test_slices_are_the_whole_cut_up(seed: int, parts: int, size: int):
    total = parts * size
    whole = everything(Draws(seed, 3, 1, slice(0, total), total))
    cut = [
        everything(Draws(seed, 3, 1, slice(p * size, (p + 1) * size), total)) for p in range(parts)
    ]
    for number, pieces in zip(whole, zip(*cut, strict=True), strict=True):
        assert torch.equal(number, torch.cat(pieces))


def test_once_is_one_number_a_micro_batch_and_leaves_the_rest_aligned():
    generator = torch.Generator().manual_seed(mix(0, 0, 0))
    coins, after = torch.rand(2, generator=generator), torch.rand(8, generator=generator)
    for number, rows in enumerate((slice(0, 4), slice(4, 8))):
        draws = Draws(0, 0, 0, rows, 8)
        assert draws.once() == coins[number].item()
        assert torch.equal(draws.uniform(0, 1), after[rows])


def test_ranges_and_moments():
    draws = Draws(0, 0, 0, slice(0, 20_000), 20_000)
    uniform, normal = draws.uniform(-3, 5), draws.normal()
    assert uniform.min() >= -3
    assert uniform.max() < 5
    assert abs(uniform.mean() - 1) < 0.1
    assert abs(normal.mean()) < 0.03
    assert abs(normal.std() - 1) < 0.03


@few
@given(st.lists(st.integers(0, 50), min_size=3, max_size=3), st.data())
def test_other_words_other_numbers(words: list[int], data: st.DataObject):
    other = list(words)
    other[data.draw(st.integers(0, 2))] += 1
    rows = slice(0, 4)
    first, second = (Draws(*w, rows, 4).uniform(0, 1) for w in (words, other))
    assert not torch.equal(first, second)


@few
@given(st.lists(st.integers(-(2**63), 2**64), min_size=1, max_size=5))
def test_mix_is_a_seed_torch_accepts(words: list[int]):
    seed = mix(*words)
    assert 0 <= seed < 2**63
    assert seed == mix(*words)
    torch.Generator().manual_seed(seed)


def test_mix_does_not_collide_over_steps_and_streams():
    seeds = {
        mix(seed, step, stream) for seed in range(5) for step in range(400) for stream in (0, 1)
    }
    assert len(seeds) == 5 * 400 * 2
