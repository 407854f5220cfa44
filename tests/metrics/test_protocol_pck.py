"""The published PCK against its contract, and against a slow rewriting of it with plain loops."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from poseshift.metrics.pck import mean_over
from poseshift.metrics.protocol_pck import ProtocolPCK, protocol_hits, protocol_pck
from poseshift.skeleton import skeleton


def slow_protocol_pck(pred, true, side: int, batch_size: int) -> list[float]:
    """Section by section as the protocol is told, one number at a time."""
    result = []
    for joint in range(pred.shape[1]):
        total, images = 0.0, 0
        for start in range(0, len(pred), batch_size):
            batch = range(start, min(start + batch_size, len(pred)))
            outcomes = []
            for n in batch:
                x, y = true[n, joint].tolist()
                if x > 1 and y > 1:
                    u, v = pred[n, joint].tolist()
                    unit = side / 10
                    outcomes.append(math.hypot((u - x) / unit, (v - y) / unit) < 0.5)
            if outcomes:
                total += len(batch) * sum(outcomes) / len(outcomes)
                images += len(batch)
        result.append(total / images if images else math.nan)
    return result


def shifted(dx: int, dy: int) -> torch.Tensor:
    true = torch.full((2, 3, 2), 30)
    return protocol_pck(true + torch.tensor([dx, dy]), true, side=64)


def test_labels_against_themselves_are_perfect():
    assert (shifted(0, 0) == 1).all()


@pytest.mark.parametrize(("dx", "dy"), [(3, 0), (0, -3), (2, 2), (3, 1), (-1, -3)])
def test_three_cells_of_64_are_near_enough(dx: int, dy: int):
    assert (shifted(dx, dy) == 1).all()


@pytest.mark.parametrize(("dx", "dy"), [(4, 0), (0, -4), (3, 2), (-2, 3)])
def test_four_cells_of_64_are_not(dx: int, dy: int):
    """The radius is 3.2 cells; (3, 2) is 3.6 away."""
    assert (shifted(dx, dy) == 0).all()


def test_the_radius_is_open():
    """On 60 cells half a tenth of the side is 3 cells, and exactly 3 is a miss."""
    true = torch.full((1, 1, 2), 30)
    assert protocol_pck(true + torch.tensor([3, 0]), true, side=60) == 0
    assert protocol_pck(true + torch.tensor([2, 2]), true, side=60) == 1


def test_the_first_two_rows_and_columns_do_not_count():
    true = torch.tensor([[[0, 0], [1, 30], [30, 1], [2, 2], [63, 63]]])
    assert protocol_hits(true, true, 64).valid_NK.tolist() == [[False, False, False, True, True]]


def test_batches_weigh_by_their_size_not_by_what_is_valid_in_them():
    """Batch of 3 with one valid hit, batch of 3 with three valid misses, batch of 1 left out."""
    true = torch.full((7, 1, 2), 30)
    true[[1, 2, 6]] = 0
    pred = true.clone()
    pred[3:6] += 20
    assert protocol_pck(pred, true, side=64, batch_size=3).tolist() == [0.5]
    assert protocol_pck(pred, true, side=64, batch_size=7).tolist() == [0.25]
    assert protocol_pck(pred, true, side=64, batch_size=1).tolist() == [0.25]


def test_nothing_valid_is_undefined():
    nothing = torch.zeros(3, 2, 2, dtype=torch.long)
    assert protocol_pck(nothing, nothing, side=64).isnan().all()


def random_cells(seed: int, images: int, joints: int = 4, side: int = 64):
    generator = torch.Generator().manual_seed(seed)
    true = torch.randint(side, (images, joints, 2), generator=generator)
    true[torch.rand(images, joints, generator=generator) < 0.4] = 0
    step = torch.randint(-4, 5, (images, joints, 2), generator=generator)
    return (true + step).clamp(0, side - 1), true


@settings(deadline=None, max_examples=40)
@given(
    st.integers(0, 2**31),
    st.integers(1, 40),
    st.sampled_from([1, 3, 8, 32]),
    st.sampled_from([24, 48, 64]),
)
def test_it_is_the_slow_protocol(seed: int, images: int, batch_size: int, side: int):
    pred, true = random_cells(seed, images, side=side)
    fast = protocol_pck(pred, true, side, batch_size)
    slow = torch.tensor(slow_protocol_pck(pred, true, side, batch_size), dtype=torch.double)
    torch.testing.assert_close(fast, slow, equal_nan=True)


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 2**31), st.integers(2, 4))
def test_images_dealt_out_to_processes_come_back_in_order(seed: int, processes: int):
    hand = skeleton("hand21")
    pred, true = random_cells(seed, 23, joints=21)
    ranks = [ProtocolPCK(hand, side=64, batch_size=4) for _ in range(processes)]
    for rank, metric in enumerate(ranks):
        mine = torch.arange(rank, 23, processes)
        for part in mine.split(2):
            metric.update(pred[part], true[part], part)
    for other in ranks[1:]:
        ranks[0].merge_state(other)
    said = ranks[0].compute()
    expected = protocol_pck(pred, true, 64, 4)
    torch.testing.assert_close(said["per_joint"], expected, rtol=0, atol=0, equal_nan=True)
    assert said["pck"] == mean_over(expected, hand.scored)
