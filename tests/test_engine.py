"""The loop keeps its promises: exact resume, phases, reductions, messages, atomic state."""

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from poseshift.build import build_method, build_start, open_domains
from poseshift.config import RunConfig, load_config
from poseshift.data.baked import open_pack
from poseshift.data.loader import UniformSampler
from poseshift.data.pack import Pack, PackWriter
from poseshift.data.types import Sample
from poseshift.engine import _Loop, fit
from poseshift.errors import BadInput, UserError
from poseshift.evaluation import evaluate
from poseshift.interrupt import Interrupted
from poseshift.methods.base import METHODS, Method
from poseshift.nn.posenet import PoseNet
from poseshift.run import Run
from poseshift.schedule import rate
from tests.planted import largest_file, plant_nan, toys
from tests.tiny_runs import assert_same_run, same, tiny, without_speed

TOYS = ["toy_mean_teacher", "toy_three_phases"]
EVERY = [*METHODS, *TOYS]
BLIND = [*(name for name in METHODS if METHODS[name].target != "labeled"), *TOYS]


@pytest.fixture(scope="module", autouse=True)
def plug_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with toys(tmp_path_factory.mktemp("site")):
        yield


def begun(config: RunConfig) -> Method[Any]:
    """The method at its start."""
    source, _ = open_domains(config)
    return build_method(config, source, build_start(config, source))


def stopping_at(step: int) -> Callable[[int], None]:
    """SIGTERM, as a cluster sends it, while a step is being finished."""

    def on_step(done: int) -> None:
        if done == step:
            os.kill(os.getpid(), signal.SIGTERM)

    return on_step


# --- resume ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("accumulate", [1, 2])
@pytest.mark.parametrize("method", EVERY)
def test_a_resumed_run_is_the_uninterrupted_one(method: str, accumulate: int, tmp_path: Path):
    # Stopped where pre-training ends, and while teachers teach.
    teaching = accumulate == 2 and "pretrain" in METHODS[method].Config.model_fields
    settings = {"name": method, **({"pretrain": 0.3} if teaching else {})}
    config = tiny(settings, accumulate=accumulate)
    whole = fit(config, tmp_path / "whole", progress=False)
    with pytest.raises(Interrupted, match=r"after step 4.*adapt --resume .*parts"):
        fit(config, tmp_path / "parts", progress=False, on_step=stopping_at(3))
    assert Run.open(tmp_path / "parts").last() == 4  # not at a line of the stream
    parts = fit(config, tmp_path / "parts", resume=True, progress=False)
    assert_same_run(whole, parts)


@pytest.mark.parametrize("method", ["udape", "mla"])
def test_a_released_teacher_is_resumed_too(method: str, tmp_path: Path):
    config = tiny({"name": method, "as_released": True, "pretrain": 0.3}, accumulate=2)
    whole = fit(config, tmp_path / "whole", progress=False)
    with pytest.raises(Interrupted):
        fit(config, tmp_path / "parts", progress=False, on_step=stopping_at(3))
    assert_same_run(whole, fit(config, tmp_path / "parts", resume=True, progress=False))


def test_the_comparison_notices_another_seed(tmp_path: Path):
    runs = [fit(tiny(seed=seed), tmp_path / str(seed), progress=False) for seed in (0, 1)]
    assert not same(*(run.load_state() for run in runs))
    assert without_speed(runs[0]) != without_speed(runs[1])


def test_resuming_before_the_first_state_tells_nothing_twice(tmp_path: Path):
    config = tiny(checkpoint_every=100, log_every=1)
    whole = fit(config, tmp_path / "whole", progress=False)

    def die(step: int) -> None:
        if step == 3:
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        fit(config, tmp_path / "parts", progress=False, on_step=die)
    with (tmp_path / "parts" / "metrics.jsonl").open("a") as file:
        file.write('{"step": 4, "supe')
    parts = fit(config, tmp_path / "parts", resume=True, progress=False)
    assert [line["step"] for line in parts.metrics()] == [1, 2, 3, 4, 5, 6, 7]
    assert_same_run(whole, parts)


def test_a_run_killed_before_its_manifest_gets_one(tmp_path: Path):
    Run.create(tmp_path / "run", tiny())
    run = fit(tiny(), tmp_path / "run", resume=True, progress=False)
    assert run.skeleton.name == "body16"
    assert run.last() == 7


def test_resuming_a_finished_run_changes_nothing(tmp_path: Path):
    run = fit(tiny(), tmp_path / "run", progress=False)
    before = {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()}
    steps: list[int] = []
    fit(run.config, run.path, resume=True, progress=False, on_step=steps.append)
    assert steps == []
    assert {p: p.read_bytes() for p in run.path.rglob("*") if p.is_file()} == before


def test_a_state_of_other_settings_is_refused(tmp_path: Path):
    fit(tiny(), tmp_path / "run", progress=False)
    other = tiny().model_copy(
        update={"network": tiny().network.model_copy(update={"widths": (4,)})}
    )
    with pytest.raises(BadInput, match=r"state\.pt.*config\.yaml|does not belong"):
        fit(other, tmp_path / "run", resume=True, progress=False)


def test_a_resumed_run_needs_its_start_no_more(tmp_path: Path):
    start = fit(tiny(steps=1), tmp_path / "start", progress=False)
    config = tiny().model_copy(update={"init": str(start.path)})
    whole = fit(config, tmp_path / "whole", progress=False)
    with pytest.raises(Interrupted):
        fit(config, tmp_path / "parts", progress=False, on_step=stopping_at(3))
    shutil.rmtree(start.path)
    parts = fit(config, tmp_path / "parts", resume=True, progress=False)
    assert_same_run(whole, parts)
    assert same(parts.network(0).state_dict(), whole.network(0).state_dict())


def test_a_run_that_starts_from_another_draws_its_own_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    asked: list[Any] = []
    real = UniformSampler.indices

    def indices(self: UniformSampler, step: int, count: int) -> Any:
        asked.append(real(self, step, count))
        return asked[-1]

    start = fit(tiny(), tmp_path / "start", progress=False)
    monkeypatch.setattr(UniformSampler, "indices", indices)
    again = fit(tiny(), tmp_path / "again", progress=False)
    first = [list(batch) for batch in asked]
    asked.clear()
    assert again.checkpoints() == start.checkpoints()
    fit(tiny().model_copy(update={"init": str(start.path)}), tmp_path / "on", progress=False)
    assert len(first) == len(asked)
    assert first != [list(batch) for batch in asked]


def test_other_data_than_the_run_began_with_is_refused(tmp_path: Path):
    fit(tiny("supervised"), tmp_path / "run", progress=False)
    other = tiny("supervised").model_copy(update={"target": "world:street?count=8"})
    with pytest.raises(UserError, match="target street/train is no longer the data"):
        fit(other, tmp_path / "run", resume=True, progress=False)


# --- what a run leaves ----------------------------------------------------------------------------


def test_checkpoints_and_lines_come_when_asked_for(tmp_path: Path):
    steps: list[int] = []
    run = fit(tiny("supervised"), tmp_path / "run", progress=False, on_step=steps.append)
    assert steps == [1, 2, 3, 4, 5, 6, 7]
    assert run.checkpoints() == [2, 4, 6, 7]
    assert [line["step"] for line in run.metrics()] == [3, 6, 7]
    assert set(run.metrics()[0]) == {"step", "source", "target", "images_per_s"}
    assert {role: d["name"] for role, d in run.manifest["data"].items()} == {
        "source": "studio/train",
        "target": "street/train",
    }


def test_a_checkpoint_holds_the_network_that_predicts_and_the_one_that_learns(tmp_path: Path):
    run = fit(tiny(), tmp_path / "run", progress=False)
    state, student = run.load_state(), run.student(run.last())
    assert state is not None
    assert student is not None
    for net, name in ((run.network(), "average"), (student, "network")):
        kept = net.state_dict()
        assert same(kept, {key: state["method"][f"{name}.{key}"] for key in kept})
    assert not same(run.network().state_dict(), student.state_dict())


def test_without_an_average_there_is_no_student_beside(tmp_path: Path):
    config = tiny({"name": "source_only", "ema": 0}, steps=1)
    assert fit(config, tmp_path / "run", progress=False).student(1) is None


def test_a_run_that_starts_from_another_keeps_its_start(tmp_path: Path):
    start = fit(tiny(steps=1), tmp_path / "start", progress=False)
    assert start.checkpoints() == [1]
    config = tiny("regda", steps=1).model_copy(update={"init": str(start.path)})
    run = fit(config, tmp_path / "run", progress=False)
    assert run.checkpoints() == [0, 1]
    assert same(run.network(0).state_dict(), start.network().state_dict())
    assert run.student(0) is None
    assert [run.network(step).config.output for step in (0, 1)] == ["maps", "logits"]


def test_a_mistake_leaves_no_folder(tmp_path: Path):
    for wrong in ({"target": "nowhere"}, {"target": None}, {"init": "nowhere"}, {"side": 40}):
        with pytest.raises(UserError):
            fit(tiny("supervised").model_copy(update=wrong), tmp_path / "run", progress=False)
        assert not (tmp_path / "run").exists()


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UserError, match="not empty"):
        fit(tiny(), tmp_path, progress=False)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_source_only_never_opens_the_target(tmp_path: Path):
    config = tiny().model_copy(update={"target": str(tmp_path / "nowhere")})
    run = fit(config, tmp_path / "run", progress=False)
    assert set(run.manifest["data"]) == {"source"}


# --- when it goes wrong ---------------------------------------------------------------------------


def test_a_full_disk_leaves_the_state_before(tmp_path: Path):
    whole = fit(tiny(), tmp_path / "whole", progress=False)
    half = (whole.path / "state.pt").stat().st_size // 2  # room for the weights alone
    with ExitStack() as disk:

        def fill(step: int) -> None:
            if step == 2:
                disk.enter_context(largest_file(half))

        with pytest.raises(UserError, match=r"state\.pt: could not be written(.|\n)*space"):
            fit(tiny(), tmp_path / "parts", progress=False, on_step=fill)
    state = Run.open(tmp_path / "parts").load_state()
    assert state is not None
    assert state["step"] == 2
    assert not list(tmp_path.rglob("*.partial"))
    assert_same_run(whole, fit(tiny(), tmp_path / "parts", resume=True, progress=False))


@pytest.mark.parametrize(
    ("batch", "fix"),
    [(2, "--set train.batch=1 --set train.accumulate=2"), (1, "--set side=")],
)
def test_out_of_memory_says_what_to_lower(
    batch: int, fix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def too_much(*_: Any) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(PoseNet, "forward", too_much)
    with pytest.raises(UserError, match=f"{batch} samples") as caught:
        fit(tiny(batch=batch), tmp_path / "run", progress=False)
    assert fix in str(caught.value)


@pytest.mark.parametrize(("every", "told"), [(100, 3), (2, 2)])
def test_a_loss_that_is_no_number_stops_the_run_and_is_not_kept(
    every: int, told: int, tmp_path: Path
):
    config = tiny(lr=1e30, warmup=0, checkpoint_every=every)
    told_so = rf"'supervised' is (nan|inf) at step {told}(.|\n)*train\.lr"
    with pytest.raises(UserError, match=told_so):
        fit(config, tmp_path / "run", progress=False)
    run = Run.open(tmp_path / "run")
    assert (run.metrics(), run.checkpoints(), run.load_state()) == ([], [], None)


def test_an_unreadable_crop_is_told_with_its_place(tmp_path: Path, puppet_packs: dict[str, Pack]):
    pack = puppet_packs["studio"]
    with PackWriter(tmp_path / "pack", pack.skeleton, pack.info.side) as writer:
        for i, name in enumerate(pack.poses.id_N[:2]):
            image = bytes(pack.crops.encoded(i)) if i else b"no picture"
            writer.add(
                Sample(name, image, pack.poses.keypoints_NK2[i], pack.poses.visibility_NK[i])
            )
    config = tiny().model_copy(update={"source": str(tmp_path / "pack")})
    with pytest.raises(BadInput, match="sample 0: its stored image is damaged"):
        fit(config, tmp_path / "run", progress=False)


# --- phases, rates, clipping ----------------------------------------------------------------------


def parameters(config: RunConfig) -> dict[str, dict[str, torch.Tensor]]:
    """Parameters of a fresh method, by group and by name in its state."""
    method = begun(config)
    names = {id(parameter): name for name, parameter in method.named_parameters()}
    return {
        group: {names[id(p)]: p.detach().clone() for p in members}
        for group, members in method.groups().items()
    }


@pytest.mark.parametrize(
    ("phases", "moved"),
    [
        ((0,), {"features", "head"}),
        ((1,), {"second"}),
        ((2,), {"features"}),
        ((0, 1, 2), {"features", "head", "second"}),
    ],
)
def test_a_phase_moves_its_groups_and_no_other(
    phases: tuple[int, ...], moved: set[str], tmp_path: Path
):
    method = {"name": "toy_three_phases", "only": phases}
    config = tiny(method, steps=2, weight_decay=0.1, accumulate=2)
    start = parameters(config)
    state = fit(config, tmp_path / "run", progress=False).load_state()
    assert state is not None
    for group, members in start.items():
        stayed = [same(value, state["method"][name]) for name, value in members.items()]
        assert not any(stayed) if group in moved else all(stayed), group


def test_every_phase_is_an_update_of_its_own(tmp_path: Path):
    run = fit(tiny("toy_three_phases", schedule="constant"), tmp_path / "run", progress=False)
    state = run.load_state()
    assert state is not None
    updates = {
        name: {int(entry["step"]) for entry in optimizer["state"].values()}
        for name, optimizer in state["optimizers"].items()
    }
    assert updates == {"features": {14}, "head": {7}, "second": {7}}
    rates = {n: o["param_groups"][0]["lr"] for n, o in state["optimizers"].items()}
    assert rates == {"features": 1e-3, "head": 1e-3, "second": 5e-4}
    assert set(run.metrics()[0]) == {"step", "supervised", "apart", "together", "images_per_s"}


def test_the_rate_follows_the_schedule(tmp_path: Path):
    config = tiny(steps=4, lr=0.01, schedule="cosine", warmup=0.25)
    state = fit(config, tmp_path / "run", progress=False).load_state()
    assert state is not None
    lr = state["optimizers"]["network"]["param_groups"][0]["lr"]
    assert lr == pytest.approx(0.01 * rate(config.train, 3))
    assert lr < 0.01


@pytest.mark.parametrize("method", ["source_only", "toy_three_phases"])
def test_clipping_bounds_a_step(method: str, tmp_path: Path):
    def distance(clip: float) -> float:
        config = tiny(method, steps=1, optimizer="sgd", lr=1.0, clip=clip, warmup=0)
        start = parameters(config)
        state = fit(config, tmp_path / str(clip), progress=False).load_state()
        assert state is not None
        group = next(iter(start.values()))
        moved = [(state["method"][n] - value).square().sum() for n, value in group.items()]
        return float(torch.stack(moved).sum().sqrt())

    # Nesterov's first step is (1 + momentum) gradients long.
    assert distance(1e-4) <= 1.9 * 1e-4 * (1 + 2 * (method != "source_only")) * 1.05
    assert distance(0) > 1e-3


def test_compiling_is_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    compiled: list[torch.nn.Module] = []
    monkeypatch.setattr(PoseNet, "compile", lambda self: compiled.append(self))
    fit(tiny(steps=1, compile=True), tmp_path / "run", progress=False)
    assert len(compiled) == 1


# --- several micro-batches ------------------------------------------------------------------------


def test_accumulating_averages_gradients_and_batch_statistics(tmp_path: Path):
    """One SGD step on two micro-batches is the mean of a step on either."""
    config = tiny(steps=1, optimizer="sgd", lr=0.1, warmup=0, accumulate=2, batch=3)
    both = fit(config, tmp_path / "both", progress=False).load_state()
    source, _ = open_domains(config)
    halves = []
    for number in range(2):
        method = begun(config).train()
        loop = _Loop(_alone(), Run(tmp_path / "x", config), method, {}, source, None)
        batch = next(loop.source.steps(0, 1))[number]
        phase = next(method.phases(batch, None))
        phase.losses["supervised"].backward()
        halves.append(method)
    start = begun(config).state_dict()
    assert both is not None
    grads = [dict(half.network.named_parameters()) for half in halves]
    for name in grads[0]:
        mean = (grads[0][name].grad + grads[1][name].grad) / 2
        expected = start[f"network.{name}"] - 0.1 * 1.9 * mean
        torch.testing.assert_close(both["method"][f"network.{name}"], expected)
    for name, buffer in halves[0].network.named_buffers():
        if buffer.is_floating_point():
            mean = (buffer + halves[1].network.get_buffer(name)) / 2
            torch.testing.assert_close(both["method"][f"network.{name}"], mean)
        else:
            assert int(both["method"][f"network.{name}"]) == 1  # a step, not a micro-batch


def _alone(world: int = 1) -> Any:
    return SimpleNamespace(
        is_global_zero=True,
        world_size=world,
        global_rank=0,
        device=torch.device("cpu"),
        all_reduce=lambda tensor, reduce_op: tensor * (10 if reduce_op == "mean" else 1),
    )


def test_tensors_cross_processes_in_one_message(tmp_path: Path):
    config = tiny()
    source, _ = open_domains(config)
    method = begun(config)
    loop = _Loop(_alone(world=2), Run(tmp_path, config), method, {}, source, None)
    tensors = [torch.ones(2, 3), torch.tensor(2.0), torch.arange(2.0)]
    loop._mean_over_processes(tensors)
    assert [t.tolist() for t in tensors] == [[[10.0] * 3] * 2, 20.0, [0.0, 10.0]]
    loop._mean_over_processes([])


# --- the target's labels --------------------------------------------------------------------------


def _trained_on(target: Path, method: str, folder: Path) -> dict[str, Any] | None:
    config = tiny(method, steps=5).model_copy(update={"target": str(target)})
    return fit(config, folder, progress=False).load_state()


@pytest.mark.parametrize("method", BLIND)
def test_labels_of_the_target_change_nothing(
    method: str, tmp_path: Path, puppet_packs: dict[str, Pack]
):
    seen = puppet_packs["street"].path
    planted = plant_nan(puppet_packs["street"], tmp_path / "planted")
    assert same(
        _trained_on(seen, method, tmp_path / "seen"),
        _trained_on(planted, method, tmp_path / "blind"),
    )


def test_planted_labels_do_reach_the_upper_bound(tmp_path: Path, puppet_packs: dict[str, Pack]):
    seen = puppet_packs["street"].path
    planted = plant_nan(puppet_packs["street"], tmp_path / "planted")
    assert not same(
        _trained_on(seen, "supervised", tmp_path / "seen"),
        _trained_on(planted, "supervised", tmp_path / "blind"),
    )


# --- it learns ------------------------------------------------------------------------------------


def test_a_few_images_are_learned_by_heart_and_labels_of_the_target_help(tmp_path: Path):
    still = {"rotation": 0, "scale": (1, 1), "shift": 0}
    still |= {"brightness": 0, "contrast": 0, "saturation": 0}
    scores = {}
    for method, steps in (("source_only", 300), ("supervised", 150)):
        config = load_config(
            source="world:studio?count=16", target="world:street?count=16", side=64, view=still,
            method={"name": method, "ema": 0.9},
            train={"steps": steps, "batch": 4, "lr": 5e-3, "device": "cpu", "precision": "32"},
        )  # fmt: skip
        run = fit(config, tmp_path / method, progress=False)
        for world in ("studio", "street"):
            [found] = evaluate(run, open_pack(f"world:{world}?count=16", 64))
            scores[method, world] = found.metrics["pck"]
    assert scores["source_only", "studio"] > 0.95
    assert scores["supervised", "street"] > scores["source_only", "street"] + 0.1
