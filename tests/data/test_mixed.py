"""A few target frames join the source's batches: the right share, the right pixels, exactly."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poseshift.config import RunConfig
from poseshift.data.baked import open_pack
from poseshift.data.domain import LabeledDomain, UnlabeledDomain
from poseshift.data.draws import Draws
from poseshift.data.frames import (
    Frames,
    TargetLabels,
    TeacherPredictions,
    match_frames,
    write_frames,
)
from poseshift.data.loader import Loader, Plan, UniformSampler
from poseshift.data.mixed import Extra, MixedDomain, MixedSampler, mix_frames, spread
from poseshift.data.pack import Pack
from poseshift.data.types import LabeledBatch
from poseshift.engine import fit
from poseshift.errors import UserError
from poseshift.evaluation import evaluate
from poseshift.interrupt import Interrupted
from poseshift.run import Run
from tests.data.framed import target
from tests.planted import plant_nan
from tests.tiny_runs import assert_same_run, same, tiny

few = settings(deadline=None, max_examples=50)


def sampler(share: float, count: int = 3, length: int = 100, parts: int = 1) -> MixedSampler:
    extras = [Extra(count, UniformSampler(count, n), lambda step: share) for n in range(parts)]
    return MixedSampler(UniformSampler(length, 9), length, extras)


# --- the sampler ----------------------------------------------------------------------------------


@few
@given(part=st.integers(0, 40), more=st.integers(0, 40))
def test_places_are_spread_evenly(part: int, more: int):
    count = part + more
    places = spread(part, count)
    assert len(places) == part
    assert len(set(places.tolist())) == part
    counts = np.searchsorted(places, np.arange(count + 1))
    assert (np.abs(counts - np.arange(count + 1) * part / max(count, 1)) <= 1).all()


@few
@given(share=st.floats(0.01, 0.5), count=st.integers(1, 40), steps=st.integers(1, 60))
def test_shares_are_exact_over_the_steps(share: float, count: int, steps: int):
    mixed = sampler(share)
    taken = sum((mixed.indices(step, count) >= 100).sum() for step in range(steps))
    assert abs(taken - share * count * steps) <= 0.5 + 1e-6


def test_every_micro_batch_has_its_share():
    index = sampler(0.25).indices(3, 32)
    assert [(index[i : i + 8] >= 100).sum() for i in range(0, 32, 8)] == [2, 2, 2, 2]


def test_the_other_places_keep_their_samples():
    base, mixed = UniformSampler(100, 9).indices(5, 16), sampler(0.25).indices(5, 16)
    own = mixed < 100
    assert own.sum() == 12
    np.testing.assert_array_equal(mixed[own], base[own])


def test_all_frames_take_turns():
    mixed = sampler(0.25, count=3)
    drawn = np.concatenate([mixed.indices(step, 12) for step in range(4)])
    drawn = drawn[drawn >= 100]
    for epoch in range(4):
        assert sorted(drawn[3 * epoch : 3 * epoch + 3]) == [100, 101, 102]


def test_two_kinds_take_no_place_of_each_other():
    index = sampler(0.5, count=2, parts=2).indices(0, 16)
    assert sorted({int(i) for i in index}) == [100, 101, 102, 103]
    assert ((index < 102).sum(), (index >= 102).sum()) == (8, 8)


def test_a_step_of_one_sample_has_room_for_one_kind():
    mixed = sampler(0.5, parts=2)
    assert [len(mixed.indices(step, 1)) for step in range(4)] == [1] * 4


@few
@given(step=st.integers(0, 200), count=st.integers(1, 20))
def test_a_step_is_the_same_however_it_is_reached(step: int, count: int):
    walked = sampler(0.3)
    before = [walked.indices(s, count) for s in range(step + 1)]
    np.testing.assert_array_equal(sampler(0.3).indices(step, count), before[-1])
    np.testing.assert_array_equal(walked.indices(step // 2, count), before[step // 2])


def test_shares_of_either_kind():
    assert {TargetLabels.share_at(step, 8, 0.25) for step in range(8)} == {0.25}
    falling = [TeacherPredictions.share_at(step, 8, 0.4) for step in range(8)]
    np.testing.assert_allclose(falling, [0.4, 0.3, 0.2, 0.1, 0, 0, 0, 0])


# --- the domain -----------------------------------------------------------------------------------


@pytest.fixture
def frames(puppet_packs: dict[str, Pack], tmp_path: Path) -> TargetLabels:
    street = puppet_packs["street"]
    file = write_frames(street, [4, 1, 7], tmp_path / "few.json")
    return match_frames(TargetLabels, file, street, street.skeleton)


def batches(
    source: LabeledDomain, extras: list[Frames], plan: Plan, start: int = 0
) -> list[list[LabeledBatch]]:
    base = UniformSampler(len(source), 0)
    domain, mixed = mix_frames(source, base, extras, share=0.25, steps=8, seed=0)
    return list(Loader(domain, mixed, plan, seed=0, stream=0).steps(start, 4))


def content(batch: LabeledBatch) -> list[Any]:
    tensors = (batch.index_B, batch.crop_BHWC, batch.keypoints_BK2, batch.visibility_BK)
    return [tensor.numpy().tobytes() for tensor in tensors]


def test_batches_hold_both(puppet_packs: dict[str, Pack], frames: TargetLabels):
    studio, street = puppet_packs["studio"], puppet_packs["street"]
    for (batch,) in batches(LabeledDomain(studio), [frames], Plan(8)):
        assert isinstance(batch, LabeledBatch)
        assert (batch.index_B >= 24).sum() == 2
        for i, index in enumerate(batch.index_B.tolist()):
            pack, row = (studio, index) if index < 24 else (street, [1, 4, 7][index - 24])
            np.testing.assert_array_equal(batch.crop_BHWC[i], pack.crops.image(row))
            np.testing.assert_allclose(
                batch.keypoints_BK2[i], pack.poses.keypoints_NK2[row], atol=1e-3
            )
            np.testing.assert_array_equal(batch.visibility_BK[i], pack.poses.visibility_NK[row])


def test_without_frames_nothing_changes(puppet_packs: dict[str, Pack]):
    source, base = LabeledDomain(puppet_packs["studio"]), UniformSampler(24, 0)
    assert mix_frames(source, base, [], share=0.25, steps=8, seed=0) == (source, base)


def test_crops_of_another_side_are_resized_with_their_joints(
    puppet_packs: dict[str, Pack], tmp_path: Path
):
    source = LabeledDomain(puppet_packs["studio"])
    for side in (32, 128):
        pack = target(tmp_path / str(side), side=side)
        file = write_frames(pack, [2], tmp_path / f"{side}.json")
        domain = MixedDomain(source, [match_frames(TargetLabels, file, pack, source.skeleton)])
        image = domain.crops.image(24)
        assert image.shape == (64, 64, 3)
        index = np.array([24])
        batch = domain.batch(index, image[None], Draws(0, 0, 0, slice(0, 1), 1))
        wanted = (pack.poses.keypoints_NK2[2] + 0.5) * 64 / side - 0.5
        np.testing.assert_allclose(batch.keypoints_BK2[0], wanted, atol=1e-3)
        assert abs(image.mean() - pack.crops.image(2).mean()) < 3


def test_resuming_at_a_step_is_never_having_stopped(
    puppet_packs: dict[str, Pack], frames: TargetLabels
):
    source = LabeledDomain(puppet_packs["studio"])
    whole = [[content(b) for b in step] for step in batches(source, [frames], Plan(4))]
    rest = [[content(b) for b in step] for step in batches(source, [frames], Plan(4), start=2)]
    assert rest == whole[2:]


def test_processes_see_what_one_process_accumulating_sees(
    puppet_packs: dict[str, Pack], frames: TargetLabels
):
    source = LabeledDomain(puppet_packs["studio"])
    alone = batches(source, [frames], Plan(4, accumulate=2))
    ranks = [batches(source, [frames], Plan(4, world=2, rank=rank)) for rank in (0, 1)]
    for step, both in enumerate(alone):
        assert [content(b) for b in both] == [content(ranks[rank][step][0]) for rank in (0, 1)]


# --- runs -----------------------------------------------------------------------------------------

LABELS, TEACHER = "target_labels", "teacher_predictions"


@pytest.fixture
def few_labels(tmp_path: Path) -> Path:
    return write_frames(open_pack("world:street?count=24", 32), [3, 8], tmp_path / "few.json")


def config(role: str, file: Path, method: str = "source_only", **more: Any) -> RunConfig:
    return tiny(method).model_copy(update={role: str(file), **more})


def test_a_resumed_run_is_the_uninterrupted_one(few_labels: Path, tmp_path: Path):
    told = config(LABELS, few_labels, teacher_predictions=str(few_labels))
    whole = fit(told, tmp_path / "whole", progress=False)

    def stop(step: int) -> None:
        if step == 3:
            raise KeyboardInterrupt

    with pytest.raises((Interrupted, KeyboardInterrupt)):
        fit(told, tmp_path / "parts", progress=False, on_step=stop)
    assert_same_run(whole, fit(told, tmp_path / "parts", resume=True, progress=False))
    assert whole.manifest["data"][LABELS]["count"] == 2
    assert "2 of 2 poses matched" in whole.manifest["data"][TEACHER]["mapping"]
    few_labels.unlink()
    write_frames(open_pack("world:street?count=24", 32), [3], few_labels)
    with pytest.raises(UserError, match="is no longer the data this run began with"):
        fit(told, tmp_path / "parts", resume=True, progress=False)


def test_frames_reach_training_and_the_targets_own_labels_do_not(few_labels: Path, tmp_path: Path):
    seen = open_pack("world:street?count=24", 32)
    planted = plant_nan(seen, tmp_path / "planted")
    plain = fit(tiny(), tmp_path / "plain", progress=False).load_state()
    states = [
        fit(config(LABELS, few_labels, target=str(path)), tmp_path / name, progress=False)
        for name, path in (("seen", seen.path), ("blind", planted))
    ]
    assert same(*(run.load_state() for run in states))
    assert not same(states[0].load_state(), plain)


def test_frames_with_labels_are_never_measured(few_labels: Path, tmp_path: Path):
    run = fit(config(LABELS, few_labels), tmp_path / "run", progress=False)
    street, more = (open_pack(f"world:street?count={n}", 32) for n in (24, 30))
    for pack in (street, more):
        [found] = evaluate(run, pack)
        assert found.metrics["left_out"] == 2
        assert found.metrics["images"] == len(pack) - 2
    [held_out] = evaluate(run, open_pack("world:street/test?count=24", 32))
    assert (held_out.metrics["left_out"], held_out.metrics["images"]) == (0, 24)
    further = tiny(steps=1).model_copy(update={"init": str(run.path)})
    after = fit(further, tmp_path / "after", progress=False)
    assert evaluate(Run.open(after.path), street, step=1)[0].metrics["left_out"] == 2


def test_what_a_tool_predicts_is_no_label(few_labels: Path, tmp_path: Path):
    run = fit(config(TEACHER, few_labels), tmp_path / "run", progress=False)
    [found] = evaluate(run, open_pack("world:street?count=24", 32))
    assert (found.metrics["left_out"], found.metrics["images"]) == (0, 24)


def test_the_target_of_a_method_stays_unlabelled(few_labels: Path):
    from poseshift.build import open_domains, open_frames

    told = config(LABELS, few_labels)
    source, _ = open_domains(told)
    [frames] = open_frames(told, source)
    assert isinstance(frames, TargetLabels)
    assert not isinstance(frames, LabeledDomain | UnlabeledDomain)
    with pytest.raises(UserError, match="there is none"):
        open_frames(told.model_copy(update={"target": None}), source)
