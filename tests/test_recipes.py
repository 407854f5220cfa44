"""Recipes load, say what the papers say, agree with the benchmarks, and run."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer.main

from benchmarks.arms import START, Arm, plan
from benchmarks.methods_compared import ARMS
from poseshift.cli import app
from poseshift.config import RunConfig, load_config
from poseshift.engine import fit
from poseshift.methods import NAMES
from poseshift.methods.base import METHODS, Course, Method
from poseshift.methods.regda import Regda, warm_lambda
from poseshift.methods.teaching import Teaching
from poseshift.nn.posenet import NetworkConfig, PoseNet
from poseshift.schedule import rate
from poseshift.skeleton import skeleton
from tests.tiny_runs import NETWORK, SOURCE, TARGET, TRAIN

FOLDER = Path(__file__).resolve().parent.parent / "recipes"
RECIPES = {str(p.relative_to(FOLDER).with_suffix("")): p for p in sorted(FOLDER.glob("*/*.yaml"))}
BUILT_IN = {"studio-street": "body", "desk-kitchen": "hand", "barn-savanna": "animal"}
SAMPLED = [
    f"{method}-{sampler}" for method in ("regda", "udape") for sampler in ("vae-cl", "vae-hm")
]
BODY = sorted(["mla", "regda", "regda-start", "source_only", "udape", *SAMPLED])
HAND = sorted(["regda", "regda-start", "source_only", "udape", *SAMPLED])
NEW_HAND = ["regda", "regda-start", "source_only", "udape"]
ANIMAL = ["mla", "source_only", "udape"]
ROWS = {
    "surreal-lsp": BODY,
    "surreal-human36m": sorted([*BODY, "oracle"]),
    "rhd-h3d": sorted([*HAND, "oracle"]),
    "freihand-rhd": NEW_HAND,
    "synthetic-tigdog": ANIMAL,
    "synthetic-animalpose": ANIMAL,
}
PUBLISHED = [name for name in RECIPES if name.split("/")[0] in ROWS]


def recipe(name: str) -> RunConfig:
    return load_config([RECIPES[name]])


def of(method: str) -> list[str]:
    return [name for name in PUBLISHED if name.endswith("/" + method)]


def test_an_oracle_is_source_only_on_the_target():
    for name in of("oracle"):
        oracle, other = recipe(name), recipe(name.replace("oracle", "source_only"))
        assert oracle.source != other.source
        assert oracle.model_copy(update={"source": other.source}) == other


def turned(name: str) -> bool:
    """Whether hands are seen, which may point anywhere."""
    return name.split("/")[0] in ("rhd-h3d", "freihand-rhd")


def built(config: RunConfig) -> Method[Any]:
    """The recipe's method on a small network, its style replaced by one that needs no file."""
    kind, settings = METHODS[config.method.name], config.method
    if hasattr(settings, "style"):
        settings = settings.model_copy(update={"style": "fourier"})
    joints = skeleton(config.skeleton or "body16")
    shape = kind.shape(NetworkConfig(widths=(8, 8)), settings)
    course = Course(config.train.steps, started=config.init is not None)
    network = PoseNet(shape, len(joints))
    return kind(network, joints, settings, config.view, config.side, course)


def test_every_row_has_its_recipe_and_no_recipe_is_beside_a_row():
    folders = [path for path in FOLDER.iterdir() if path.is_dir()]
    found = {path.name: sorted(file.stem for file in path.glob("*.yaml")) for path in folders}
    assert found == {**ROWS, **dict.fromkeys(BUILT_IN, sorted([*NAMES, "start"]))}


@pytest.mark.parametrize("name", RECIPES)
def test_commands_in_a_recipe_exist_and_lead_to_it(name: str):
    text = RECIPES[name].read_text(encoding="utf-8")
    joined = re.sub(r"\\\n# +", "", text)
    lines = re.findall(r"^#   (poseshift .*)$", joined, re.M)
    known = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    for line in lines:
        verb, *words = shlex.split(line)[1:]
        options = {option for parameter in known[verb].params for option in parameter.opts}
        assert {word for word in words if word.startswith("-")} <= options, line
    *before, last = [line for line in lines if line.startswith("poseshift adapt")]
    assert f"--config recipes/{name}.yaml --out runs/{name}" in last
    init = recipe(name).init
    assert len(before) == (init is not None)
    assert all(f"recipes/{Path(str(init)).relative_to('runs')}.yaml" in line for line in before)
    assert all(f"--out {init}" in line for line in before)


def test_the_readme_names_every_folder_and_file():
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert set(BUILT_IN) | set(ROWS) <= set(re.findall(r"`([\w-]+)`", text))
    assert all((FOLDER.parent / file).is_file() for file in re.findall(r"recipes/\S+\.yaml", text))


# --- the papers' rows -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_network_and_batch(name: str):
    config = recipe(name)
    assert (config.side, config.train.batch, config.train.warmup) == (256, 32, 0)
    if "/regda" in name and not name.endswith("start"):
        assert "network" not in config.model_fields_set  # the start's
        start = recipe(f"{name.split('/')[0]}/regda-start")
        assert (config.source, config.skeleton) == (start.source, start.skeleton)
        return
    network = config.network
    assert (network.backbone, network.pretrained, network.head) == ("resnet101", True, "deconv")
    assert network.widths == (256, 256, 256)


@pytest.mark.parametrize("name", of("udape") + of("mla"))
def test_published_mean_teacher_schedule(name: str):
    config, method = recipe(name), built(recipe(name))
    train = config.train
    assert (train.steps, train.optimizer, train.lr, train.weight_decay) == (35_000, "adam", 1e-4, 0)
    assert [round(rate(train, epoch * 500), 6) for epoch in (0, 43, 44, 58, 59, 69)] == [
        1, 1, 0.1, 0.1, 0.01, 0.01,
    ]  # fmt: skip
    assert isinstance(method, Teaching)
    assert method.pretrain_steps == 20_000
    if method.name == "mla":
        assert method.config.pose is None  # that of its form, see docs/fidelity.md
    assert method.decay == pytest.approx(0.999)
    settings = config.method.model_dump()
    same = {"keep": 0.5, "occlusion": 0.5, "sure": 0.9, "consistency": 1, "as_released": False}
    own = {"source_style": 0.5, "target_style": 0.5} if name.endswith("udape") else {
        "image": 0.5, "feature": 0.1,
    }  # fmt: skip
    assert settings.items() >= {**same, **own}.items()
    pair = name.split("/")[0].replace("animalpose", "tigdog")
    assert settings["style"] == f"styles/{pair}"


@pytest.mark.parametrize("name", of("udape") + of("mla"))
def test_published_mean_teacher_views(name: str):
    view = recipe(name).view
    assert view.rotation == (180 if turned(name) else 60)
    assert (view.shear, view.shift, view.scale, view.blur) == (30, 0.05, (0.6, 1.3), 0)
    animal = name.startswith("synthetic")
    assert view.brightness == view.contrast == view.saturation == (0 if animal else 0.25)
    assert view.flip == (0.5 if animal else 0)


@pytest.mark.parametrize("name", of("regda"))
def test_published_regda(name: str):
    config, start, method = recipe(name), recipe(f"{name}-start"), built(recipe(name))
    train, first = config.train, start.train
    assert train.steps == (5_000 if "human36m" in name else 15_000)
    for one in (train, first):
        assert (one.optimizer, one.weight_decay) == ("sgd", 1e-4)
    assert (train.lr, rate(train, 0), method.rates()) == (0.1, 1, {"features": 0.1})
    assert rate(train, 4_000) == pytest.approx(1.4**-0.75)
    assert isinstance(method, Regda)
    settings = method.config
    assert (settings.margin, settings.trade_off, settings.largest) == (4, 1, 0.1)
    span = settings.warm_up * train.steps
    assert warm_lambda(1000, span, settings.largest) == pytest.approx(0.0462, abs=5e-5)
    assert first.steps == 35_000
    assert start.method.model_dump().items() >= {"loss": "kl", "ema": 0}.items()
    assert config.init == f"runs/{name}-start"


@pytest.mark.parametrize("name", [name for name in PUBLISHED if name.split("/")[1] in SAMPLED])
def test_sampled_rows_differ_by_their_sampler_alone(name: str):
    folder, row = name.split("/")
    method, sampler = row.split("-", 1)
    config = recipe(name)
    assert config.sampler.name == sampler
    assert config.model_copy(update={"sampler": recipe(f"{folder}/{method}").sampler}) == recipe(
        f"{folder}/{method}"
    )
    assert f"poseshift bins {config.source} --score vae\n" in RECIPES[name].read_text(
        encoding="utf-8"
    )


@pytest.mark.parametrize("name", of("regda") + of("regda-start") + of("source_only"))
def test_published_views_without_a_teacher(name: str):
    view = recipe(name).view
    if name.startswith("synthetic"):
        assert view == recipe(name.replace("source_only", "udape")).view
        return
    assert view.rotation == (180 if turned(name) else 30)
    assert view.scale == pytest.approx((1, 0.6**-0.5), abs=0.002)
    assert view.blur * 256 == pytest.approx(0.8, abs=0.01)
    assert view.brightness == view.contrast == view.saturation == 0.25


@pytest.mark.parametrize("name", [n for n in of("source_only") if not n.startswith("synthetic")])
def test_published_source_only(name: str):
    config = recipe(name)
    train = config.train
    assert (train.steps, train.optimizer, train.lr) == (35_000, "adam", 1e-3)
    assert config.method.model_dump().items() >= {"loss": "mse", "ema": 0}.items()
    assert [round(rate(train, epoch * 500), 6) for epoch in (44, 45, 59, 60)] == [1, 0.1, 0.1, 0.01]


# --- the built-in pairs ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in RECIPES if name not in PUBLISHED])
def test_built_in_recipes_are_the_arms_of_the_benchmark(name: str):
    folder, method = name.split("/")
    if method == "start":
        arm, init = Arm("source_only", steps=START, checkpoints=1), None
    else:
        (arm,) = (arm for arm in ARMS.values() if arm.method == method)
        init = Path(f"runs/{folder}/start")
    assert recipe(name).model_dump() == plan(BUILT_IN[folder], arm, 0, init).model_dump()


@pytest.mark.parametrize("method", sorted({recipe(name).method.name for name in RECIPES}))
def test_methods_of_recipes_are_built(method: str):
    config = next(config for config in map(recipe, RECIPES) if config.method.name == method)
    assert built(config).name == method


def test_a_recipe_runs_from_its_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    small = {"source": SOURCE, "target": TARGET, "side": 32, "train": {**TRAIN, "steps": 2}}
    start = load_config([RECIPES["studio-street/start"]], network=NETWORK, **small)
    fit(start, "runs/studio-street/start", progress=False)
    run = fit(load_config([RECIPES["studio-street/udape"]], **small), "udape", progress=False)
    assert run.last() == 2
    assert run.config.view.rotation == 15
    assert run.checkpoints()[0] == 0  # the start, as a candidate
