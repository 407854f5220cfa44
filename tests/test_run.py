"""A run folder: started once, opened again, never half written, clear about what is missing."""

import json
import os
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from poseshift import run as module
from poseshift.errors import BadInput, UserError
from poseshift.files import write_atomic
from poseshift.nn.posenet import PoseNet
from poseshift.run import Run, hardware, package_versions, read_json, write_manifest
from poseshift.skeleton import skeleton
from tests.planted import largest_file
from tests.tiny_runs import same, tiny


@pytest.fixture
def run(tmp_path: Path) -> Run:
    made = Run.create(tmp_path / "run", tiny(seed=3))
    write_manifest(made, {"source": {"name": "here"}}, skeleton("hand21"))
    return made


def network(seed: int = 0) -> PoseNet:
    torch.manual_seed(seed)
    return PoseNet(tiny().network, 21)


# --- the folder -----------------------------------------------------------------------------------


def test_a_run_opens_as_it_was_made(run: Run):
    again = Run.open(run.path)
    assert again == run
    assert again.skeleton == skeleton("hand21")
    assert again.manifest["data"] == {"source": {"name": "here"}}
    assert again.manifest["seed"] == 3
    assert again.manifest["versions"]["torch"] == torch.__version__
    assert again.manifest["hardware"]["cores"] >= 1


def test_an_empty_folder_will_do_and_another_will_not(tmp_path: Path):
    (tmp_path / "empty").mkdir()
    Run.create(tmp_path / "empty", tiny())
    with pytest.raises(UserError, match=r"not empty(.|\n)*--resume"):
        Run.create(tmp_path / "empty", tiny())
    (tmp_path / "file").write_text("x")
    with pytest.raises(UserError, match="file: is not empty"):
        Run.create(tmp_path / "file", tiny())
    with pytest.raises(UserError, match="cannot be made"):
        Run.create(tmp_path / "file" / "run", tiny())


def test_another_folder_is_not_a_run(tmp_path: Path):
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(BadInput, match=r"not a run(.|\n)*poseshift adapt"):
            Run.open(path)


def test_a_spoilt_config_is_told_with_its_file(run: Run):
    (run.path / "config.yaml").write_text("source: a\nsides: 3\n")
    with pytest.raises(BadInput, match=r"config\.yaml: unknown key 'sides'(.|\n)*'side'"):
        Run.open(run.path)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (None, "is missing"),
        ("{", "is not JSON"),
        ("[1]", "expected an object, found a list"),
        ('{"data": {}}', "does not say 'skeleton'"),
    ],
)
def test_a_spoilt_manifest_is_told_with_its_file(run: Run, text: str | None, problem: str):
    file = run.path / "manifest.json"
    file.unlink() if text is None else file.write_text(text)
    assert run.has_manifest() == (text is not None)
    with pytest.raises(BadInput, match=rf"manifest\.json: {problem}"):
        _ = Run.open(run.path).skeleton


def test_json_comes_back(tmp_path: Path):
    (tmp_path / "a.json").write_text('{"a": [1, "\u00e9"]}', encoding="utf-8")
    assert read_json(tmp_path / "a.json") == {"a": [1, "\u00e9"]}


# --- checkpoints ----------------------------------------------------------------------------------


def test_checkpoints_are_found_in_the_order_of_steps(run: Run):
    assert run.checkpoints() == []
    with pytest.raises(UserError, match=r"no checkpoint yet(.|\n)*adapt --resume"):
        run.last()
    for step in (1_000_000, 20, 500):
        run.save_checkpoint(network(step), step)
    (run.path / "checkpoints" / "000900").mkdir()  # killed before its weights were whole
    run.weights(20).parent.with_name("best").mkdir()
    (run.path / "checkpoints" / "best" / "network.safetensors").write_text("a user's own")
    assert run.checkpoints() == [20, 500, 1_000_000]
    assert run.last() == 1_000_000


def test_the_last_is_the_choice_until_another_is_made(run: Run):
    with pytest.raises(UserError, match="no checkpoint yet"):
        run.chosen()
    for step in (0, 20, 30):
        run.save_checkpoint(network(step), step)
    assert run.chosen() == 30
    for step in (0, 20):
        (run.path / "selection.json").write_text(json.dumps({"step": step}))
        assert run.chosen() == step
    for wrong in ("{", '{"step": 25}', '{"step": "20"}', "{}"):
        (run.path / "selection.json").write_text(wrong)
        with pytest.raises(BadInput, match=r"selection\.json: "):
            run.chosen()


def test_a_checkpoint_comes_back_ready_to_predict(run: Run):
    nets = {step: network(step) for step in (1, 2)}
    for step, net in nets.items():
        run.save_checkpoint(net, step)
    for step, net in ((1, nets[1]), (2, nets[2]), (None, nets[2])):
        found = run.network(step)
        assert same(found.state_dict(), net.state_dict())
        assert not found.training
    on_disk, held = load_file(run.weights(1)), nets[1].state_dict()
    assert on_disk.keys() == held.keys()
    assert same({key: on_disk[key] for key in held}, dict(held))


def test_a_checkpoint_says_what_shape_it_has(run: Run):
    torch.manual_seed(0)
    other = PoseNet(tiny().network.model_copy(update={"widths": (4,), "output": "logits"}), 21)
    run.save_checkpoint(other, 1)
    found = run.network(1)  # whatever the settings of the run say
    assert found.config == other.config != run.config.network
    assert same(found.state_dict(), other.state_dict())


def test_the_student_is_kept_where_another_predicts(run: Run):
    teacher, student = network(1), network(2)
    run.save_checkpoint(teacher, 5, student)
    run.save_checkpoint(teacher, 6, teacher)
    found = run.student(5)
    assert found is not None
    assert not found.training
    assert same(found.state_dict(), student.state_dict())
    assert same(run.network(5).state_dict(), teacher.state_dict())
    assert run.student(6) is None
    assert not (run.weights(6).parent / "student.safetensors").exists()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (None, "is missing"),
        ("{", "is not JSON"),
        ("{}", "does not describe a network"),
        ('{"network": {}, "joints": 21, "backbone": {}}', "does not describe a backbone"),
    ],
)
def test_a_spoilt_shape_is_told_with_its_file(run: Run, text: str | None, problem: str):
    run.save_checkpoint(network(), 3)
    shape = run.weights(3).with_name("network.json")
    shape.unlink() if text is None else shape.write_text(text)
    with pytest.raises(BadInput, match=rf"000003/network\.json: {problem}"):
        run.network(3)


def test_a_network_of_other_joints_than_the_run_is_told(run: Run):
    run.save_checkpoint(PoseNet(tiny().network, 5), 3)
    with pytest.raises(BadInput, match=r"network\.safetensors: has 5 joints(.|\n)*skeleton has 21"):
        run.network(3)


def test_a_pretrained_run_opens_without_the_hub(run: Run):
    config = run.config.model_copy(
        update={"network": run.config.network.model_copy(update={"pretrained": True})}
    )
    run.save_checkpoint(network(), 1)
    assert same(Run(run.path, config).network().state_dict(), network().state_dict())


def test_damaged_weights_are_told_with_their_file(run: Run):
    run.save_checkpoint(network(), 7)
    whole = run.weights(7).read_bytes()
    run.weights(7).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadInput, match=r"000007/network\.safetensors: is not a safetensors"):
        run.network()


# --- state ----------------------------------------------------------------------------------------


def test_a_state_comes_back(run: Run):
    assert run.load_state() is None
    state = {"step": 3, "method": {"a": torch.arange(3)}, "meter": {"sums": {}, "steps": 0}}
    run.save_state(state)
    assert same(run.load_state(), state)


def test_half_a_state_never_takes_the_place_of_a_whole_one(run: Run):
    run.save_state({"step": 1})
    with (
        largest_file(10_000),
        pytest.raises(UserError, match=r"state\.pt: could not be written(.|\n)*space"),
    ):
        run.save_state({"step": 2, "method": torch.zeros(10_000)})
    assert run.load_state() == {"step": 1}
    assert sorted(p.name for p in run.path.iterdir()) == [
        "config.yaml", "manifest.json", "state.pt",
    ]  # fmt: skip


@pytest.mark.parametrize("stop", [KeyboardInterrupt, RuntimeError])
def test_an_interrupted_write_leaves_nothing(tmp_path: Path, stop: type[BaseException]):
    def half(path: Path) -> None:
        path.write_text("half")
        raise stop

    (tmp_path / "a").write_text("old")
    with pytest.raises(stop):
        write_atomic(tmp_path / "a", half)
    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == {"a": "old"}


def test_a_state_is_data_and_not_a_program(run: Run, tmp_path: Path):
    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.mkdir, (str(tmp_path / "owned"),)

    torch.save({"step": 1, "evil": Evil()}, run.path / "state.pt")
    with pytest.raises(BadInput, match=r"state\.pt: is damaged"):
        run.load_state()
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize("text", [b"", b"hello", b"PK\x03\x04 cut"])
def test_a_damaged_state_is_told(run: Run, text: bytes):
    (run.path / "state.pt").write_bytes(text)
    with pytest.raises(BadInput, match=r"state\.pt: is damaged(.|\n)*--init"):
        run.load_state()


def test_a_state_of_something_else_is_told(run: Run):
    torch.save([1, 2], run.path / "state.pt")
    with pytest.raises(BadInput, match=r"state\.pt: is damaged"):
        run.load_state()


# --- the stream -----------------------------------------------------------------------------------


def test_the_stream_forgets_what_comes_after_a_step_and_torn_lines(run: Run):
    assert run.metrics() == []
    for step in (1, 2, 3):
        run.log({"step": step, "loss": 0.1 * step})
    with (run.path / "metrics.jsonl").open("a") as file:
        file.write('{"step": 4, "lo')
    assert [line["step"] for line in run.metrics()] == [1, 2, 3]
    run.rewind_log(2)
    run.log({"step": 3, "loss": 7.0})
    assert run.metrics() == [
        {"step": 1, "loss": 0.1}, {"step": 2, "loss": 0.2}, {"step": 3, "loss": 7.0},
    ]  # fmt: skip
    assert len((run.path / "metrics.jsonl").read_text().splitlines()) == 3


# --- provenance -----------------------------------------------------------------------------------


def test_a_package_that_is_not_there_is_not_listed(monkeypatch: pytest.MonkeyPatch):
    def version(name: str) -> str:
        if name == "torch":
            raise PackageNotFoundError
        return "1.0"

    monkeypatch.setattr(module, "version", version)
    assert "torch" not in package_versions()
    assert package_versions()["numpy"] == "1.0"


def test_hardware_is_counted_on_every_system(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda i: f"GPU {i}")
    assert hardware()["gpus"] == ["GPU 0"]
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert hardware()["cores"] == os.cpu_count()
    assert json.loads(json.dumps(hardware())) == hardware()
