"""Batches: the right samples, in an order that is a function of the step, decoded on threads."""

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from poseshift.data.domain import LabeledDomain, UnlabeledDomain
from poseshift.data.loader import AHEAD, Loader, Plan, UniformSampler
from poseshift.data.pack import Pack
from poseshift.data.types import CropBatch, LabeledBatch
from poseshift.errors import BadInput

few = settings(deadline=None, max_examples=50)
FOUR = Plan(batch=4)


def loader(pack: Pack, plan: Plan = FOUR, seed: int = 0, **more: Any) -> Loader[LabeledBatch]:
    domain = LabeledDomain(pack)
    sampler = UniformSampler(len(domain), seed)
    return Loader(domain, sampler, plan, seed=seed, stream=0, **more)


def content(batch: CropBatch) -> list[list[float]]:
    """What a batch is made of, with the next random numbers it would draw."""
    return [batch.index_B.tolist(), batch.draws.uniform(0, 1).tolist()]


# --- order --------------------------------------------------------------------------------------


@few
@given(length=st.integers(1, 40), count=st.integers(1, 50), seed=st.integers(0, 99), data=st.data())
def test_every_sample_is_seen_once_an_epoch(
    length: int, count: int, seed: int, data: st.DataObject
):
    sampler = UniformSampler(length, seed)
    steps = -(-3 * length // count)
    seen = np.concatenate([sampler.indices(step, count) for step in range(steps)])
    for epoch in range(3):
        assert sorted(seen[epoch * length : (epoch + 1) * length]) == list(range(length))
    step = data.draw(st.integers(0, steps - 1))
    fresh = UniformSampler(length, seed).indices(step, count)
    np.testing.assert_array_equal(fresh, seen[step * count : (step + 1) * count])


def test_epochs_and_seeds_have_orders_of_their_own():
    first, second = (UniformSampler(30, 0).indices(step, 30).tolist() for step in (0, 1))
    assert first != second
    assert UniformSampler(30, 1).indices(0, 30).tolist() != first


@few
@given(batch=st.integers(1, 6), accumulate=st.integers(1, 4), world=st.integers(1, 4))
def test_the_ranks_share_out_all_rows(batch: int, accumulate: int, world: int):
    plans = [Plan(batch, accumulate, world, rank) for rank in range(world)]
    rows = [list(range(r.start, r.stop)) for plan in plans for r in plan.mine()]
    assert sorted(i for part in rows for i in part) == list(range(plans[0].total))
    assert all(len(part) == batch for part in rows)
    assert all(len(plan.mine()) == accumulate for plan in plans)
    alone = Plan(batch, accumulate * world).mine()
    dealt = [plan.mine()[i] for i in range(accumulate) for plan in plans]
    assert dealt == alone, "micro-batch n of N processes is micro-batch n of one"


# --- batches ------------------------------------------------------------------------------------


def test_batches_hold_the_samples_of_the_sampler(puppet_packs: dict[str, Pack]):
    pack = puppet_packs["studio"]
    source = loader(pack)
    for step, batches in enumerate(source.steps(0, 8)):
        (batch,) = batches
        index = UniformSampler(24, 0).indices(step, 4)
        assert batch.index_B.tolist() == index.tolist()
        np.testing.assert_array_equal(batch.keypoints_BK2, pack.poses.keypoints_NK2[index])
        np.testing.assert_array_equal(batch.crop_BHWC, [pack.crops.image(int(i)) for i in index])
    assert step == 7


def test_resuming_at_a_step_is_never_having_stopped(puppet_packs: dict[str, Pack]):
    whole = [[content(b) for b in step] for step in loader(puppet_packs["studio"]).steps(0, 10)]
    for start in (1, 6, 9, 10):
        rest = loader(puppet_packs["studio"], workers=1).steps(start, 10)
        assert [[content(b) for b in step] for step in rest] == whole[start:]


def test_processes_see_what_one_process_accumulating_sees(puppet_packs: dict[str, Pack]):
    def contents(plan: Plan) -> list[list[Any]]:
        steps = loader(puppet_packs["studio"], plan).steps(0, 5)
        return [[content(b) for b in step] for step in steps]

    alone = contents(Plan(2, accumulate=4))
    ranks = [contents(Plan(2, accumulate=2, world=2, rank=rank)) for rank in (0, 1)]
    for step in range(5):
        dealt = [ranks[rank][step][i] for i in range(2) for rank in (0, 1)]
        assert dealt == alone[step]


def test_streams_draw_apart_and_targets_have_crops_alone(puppet_packs: dict[str, Pack]):
    domain = UnlabeledDomain(puppet_packs["street"])

    def first(stream: int) -> list[Any]:
        steps = Loader(domain, UniformSampler(24, 0), Plan(4), seed=0, stream=stream).steps(0, 1)
        return content(next(steps)[0])

    assert first(0)[0] == first(1)[0]
    assert first(0)[1] != first(1)[1]


def test_a_batch_larger_than_the_pack_goes_round(puppet_packs: dict[str, Pack]):
    (batch,) = next(loader(puppet_packs["studio"], Plan(30)).steps(0, 1))
    assert len(set(batch.index_B.tolist())) == 24
    assert batch.crop_BHWC.shape == (30, 64, 64, 3)


def test_no_step_is_asked_for_too_early_or_too_late(puppet_packs: dict[str, Pack]):
    asked: list[int] = []

    class Spy(UniformSampler):
        def indices(self, step: int, count: int) -> Any:
            asked.append(step)
            return super().indices(step, count)

    domain = LabeledDomain(puppet_packs["studio"])
    steps = Loader(domain, Spy(24, 0), Plan(2), seed=0, stream=0).steps(3, 9)
    next(steps)
    assert asked == [3, 4, 5, 6]
    assert len(asked) == AHEAD + 1
    assert len(list(steps)) == 5
    assert asked == list(range(3, 9))


# --- errors -------------------------------------------------------------------------------------


@pytest.fixture
def damaged(puppet_packs: dict[str, Pack], tmp_path: Path) -> Pack:
    """The stored image of sample 5 is not an image."""
    path = tmp_path / "pack"
    shutil.copytree(puppet_packs["studio"].path, path)
    file = path / "images-00000.arrow"
    images = pa.ipc.open_file(pa.memory_map(str(file))).read_all()["image"].to_pylist()
    images[5] = b"not a picture"
    column = pa.array(images, type=pa.large_binary())
    file.unlink()
    with pa.ipc.new_file(str(file), pa.schema([("image", pa.large_binary())])) as sink:
        sink.write_batch(pa.record_batch([column], names=["image"]))
    return Pack(path)


def decoding() -> list[threading.Thread]:
    return [t for t in threading.enumerate() if t.name.startswith("decode")]


def still_decoding(others: list[threading.Thread]) -> list[threading.Thread]:
    """Decoding threads that do not end by themselves, but for others."""
    for thread in decoding():
        if thread not in others:
            thread.join(timeout=5)
    return [thread for thread in decoding() if thread not in others]


def consume(steps: Iterator[Any]) -> None:
    for _ in steps:
        pass


def test_a_threads_error_is_raised_in_the_loop_with_the_sample(damaged: Pack):
    others = decoding()  # of tests before this one, kept alive by what they raised
    steps = loader(damaged).steps(0, 6)
    with pytest.raises(BadInput, match="image is damaged") as error:
        consume(steps)
    assert "sample 5" in str(error.value)
    assert str(damaged.path) in str(error.value)
    assert not still_decoding(others)


def test_leaving_early_stops_the_threads(puppet_packs: dict[str, Pack]):
    others = decoding()
    steps = loader(puppet_packs["studio"], workers=3).steps(0, 100)
    next(steps)
    assert len(decoding()) > len(others)
    steps.close()
    assert not still_decoding(others)


def test_batches_land_on_the_device_asked_for(puppet_packs: dict[str, Pack]):
    (batch,) = next(loader(puppet_packs["studio"], device="cpu", workers=0).steps(0, 1))
    assert batch.crop_BHWC.device == torch.device("cpu")
    assert batch.draws.device == torch.device("cpu")


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_batches_land_on_the_gpu(puppet_packs: dict[str, Pack]):
    here, there = (
        next(loader(puppet_packs["studio"], device=d).steps(0, 1))[0] for d in ("cpu", "cuda")
    )
    assert there.crop_BHWC.device.type == "cuda"
    assert torch.equal(there.keypoints_BK2.cpu(), here.keypoints_BK2)
    assert torch.equal(there.draws.uniform(0, 1).cpu(), here.draws.uniform(0, 1))
