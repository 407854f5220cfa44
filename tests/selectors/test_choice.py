"""The rule on made-up tables: what it must keep, and what must not fool it."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poseshift.errors import UserError
from poseshift.selectors.choice import UNITS, default, merits, single, steadied, vote

STEPS = range(0, 1100, 100)
BASE = {"consistency": 0.45, "infomax": 1.8, "prior": -0.5, "sharpness": 0.45, "source": 0.95}

Curve = Callable[[float], float]


def table(noise: float = 0.0, seed: int = 0, **curves: Curve) -> dict[str, dict[int, float]]:
    """Each voter's start plus its curve of the share of the run, in its units, plus noise."""
    draw = np.random.default_rng(seed)
    return {
        name: {
            step: BASE[name]
            + UNITS[name] * (curves[name](step / 1000) if step and name in curves else 0.0)
            + UNITS[name] * noise * float(draw.normal())
            for step in STEPS
        }
        for name in BASE
    }


def rise(to: float) -> Curve:
    return lambda t: to * (1 - math.exp(-4 * t))


def fall(to: float, begins: float = 0.0) -> Curve:
    return lambda t: -to * min(1.0, max(0.0, t - begins) / 0.3)


GOOD = {
    "consistency": rise(2), "infomax": rise(1), "prior": rise(0.6),
    "sharpness": rise(1.5), "source": rise(-0.3),
}  # fmt: skip
BLANK = dict.fromkeys(BASE, fall(4))
GARBAGE = {  # sure, consistent and wrong
    "consistency": rise(1), "sharpness": rise(4),
    "infomax": fall(1), "prior": fall(4), "source": fall(3),
}  # fmt: skip


@pytest.mark.parametrize("seed", range(8))
def test_what_improves_is_kept_late(seed: int):
    assert default(table(**GOOD)) == 1000
    assert default(table(0.2, seed, **GOOD)) >= 500


@pytest.mark.parametrize("harm", [BLANK, GARBAGE], ids=["blank", "garbage"])
@pytest.mark.parametrize("seed", range(8))
def test_harm_from_the_beginning_keeps_the_start(harm: dict[str, Curve], seed: int):
    sudden = {name: (lambda t, curve=curve: curve(1.0)) for name, curve in harm.items()}
    assert default(table(**sudden)) == 0
    assert default(table(0.2, seed, **sudden)) == 0


@pytest.mark.parametrize("seed", range(8))
def test_a_collapse_half_way_keeps_a_checkpoint_before_it(seed: int):
    curves = {
        name: (lambda t, curve=curve: curve(t) + fall(6, 0.55)(t)) for name, curve in GOOD.items()
    }
    assert 300 <= default(table(0.1, seed, **curves)) <= 600


def test_a_collapse_in_the_last_checkpoint_is_seen():
    scores = table(**GOOD)
    for values in scores.values():
        values[1000] -= 2.0
    assert default(scores) in (800, 900)


@pytest.mark.parametrize("seed", range(20))
def test_where_nothing_happens_the_start_is_never_kept(seed: int):
    assert default(table()) == 1000
    assert default(table(0.3, seed)) != 0


def test_one_voter_alone_cannot_keep_the_start():
    for name in BASE:
        assert default(table(**{name: fall(9)})) != 0


def test_a_lucky_spike_is_not_chosen():
    scores = table(**GOOD)
    for values in scores.values():
        values[100] += 2.0
    assert default(scores) == 1000


def test_a_dip_is_not_hidden_by_its_neighbours():
    scores = table(**GOOD)
    for values in scores.values():
        values[900] -= 2.0
    assert default(scores) == 1000
    assert merits(scores)[900] < merits(scores)[800] - 1


def test_of_a_steady_decline_the_first_is_the_best():
    mild = dict.fromkeys(BASE, lambda t: -0.4 - t)
    assert default(table(**mild)) == 100


def test_a_run_that_kept_no_start_and_one_that_kept_only_it():
    scores = {name: {s: v for s, v in values.items() if s} for name, values in table().items()}
    assert default(scores) == 1000
    for values in scores.values():
        values.update({step: values[100] - step for step in values if step > 100})
    assert default(scores) == 100
    assert default({"source": {0: 0.5}}) == 0


def test_who_cannot_tell_has_no_vote_and_a_step_nobody_can_tell_of_is_the_worst():
    scores = table(**GOOD)
    silent = {**scores, "prior": dict.fromkeys(STEPS, math.nan)}
    assert merits(silent) == merits({k: v for k, v in scores.items() if k != "prior"})
    for values in scores.values():
        values[1000] = math.nan
    assert merits(scores)[1000] == -3
    assert default(scores) in (800, 900)
    with pytest.raises(UserError, match="can be told of step 0"):
        default({"source": {0: math.nan, 1: 1.0}})


def test_who_is_no_voter_changes_nothing():
    scores = table(0.2, 3, **GOOD)
    other = {step: float(-step) for step in STEPS}
    assert merits({**scores, "snd": other, "agreement": other}) == merits(scores)


numbers = st.lists(st.floats(-1, 1), min_size=1, max_size=12)


@settings(deadline=None)  # timing is not what is tested
@given(st.lists(numbers, min_size=1, max_size=5), st.floats(-5, 5), st.booleans())
def test_a_rule_for_any_table(rows: list[list[float]], shift: float, kept: bool):
    """It names a step of the table, and only gains and losses matter to it."""
    count = min(map(len, rows))
    steps = range(0 if kept else 1, count + (0 if kept else 1))
    names = list(UNITS)[: len(rows)]
    scores = {n: dict(zip(steps, r, strict=False)) for n, r in zip(names, rows, strict=True)}
    moved = {n: {s: v + shift for s, v in values.items()} for n, values in scores.items()}
    assert default(scores) in steps
    assert merits(moved) == pytest.approx(merits(scores), abs=1e-6)
    assert all(-3 - 1e-9 <= merit <= 1 for merit in merits(scores).values())


@settings(deadline=None)  # timing is not what is tested
@given(st.lists(st.floats(-1, 1), min_size=3, max_size=12))
def test_steadied_is_never_above_the_score_and_leaves_a_steady_rise_alone(row: list[float]):
    steps = range(1, len(row) + 1)
    values = dict(zip(steps, row, strict=True))
    calm = steadied(values, steps)
    assert all(calm[step] <= values[step] for step in steps)
    rising = dict(zip(steps, sorted(row), strict=True))
    capped = steadied(rising, steps)
    assert all(capped[step] == rising[step] for step in list(steps)[1:-1])


@settings(deadline=None)  # timing is not what is tested
@given(st.floats(-20, 20), st.floats(-20, 20))
def test_a_vote_is_monotone_and_losses_weigh_more(a: float, b: float):
    assert (vote(a) <= vote(b)) == (a <= b) or vote(a) == vote(b)
    assert vote(-abs(a)) <= -vote(abs(a)) + 1e-9


# --- one validator alone --------------------------------------------------------------------------


def test_one_validator_alone_takes_its_best_and_the_later_of_equals():
    scores = {"snd": {0: 1.0, 5: 3.0, 9: 3.0, 12: math.nan}, "prior": {0: 2.0, 5: 1.0}}
    assert single(scores, "snd") == 9
    assert single(scores, "prior") == 0


def test_a_validator_with_nothing_to_go_by_is_told():
    scores = {"agreement": {0: math.nan, 5: math.nan}, "snd": {0: 1.0, 5: 2.0}}
    with pytest.raises(UserError, match=r"'agreement' has nothing(.|\n)*default, snd"):
        single(scores, "agreement")
