"""Settings: layers, round trips, ranges, and hints at what was meant."""

from pathlib import Path

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from poseshift.config import RunConfig, TrainConfig, load_config
from poseshift.errors import BadInput, UserError
from poseshift.methods.base import METHODS
from poseshift.settings import build, dump_yaml, read_yaml


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


# --- layers ---------------------------------------------------------------------------------------


def test_defaults_need_a_source_alone():
    config = load_config(source="pack")
    assert config.method.name == "source_only"
    assert config.train == TrainConfig()
    assert config.target is None


def test_each_layer_goes_over_the_one_before(tmp_path: Path):
    first = write(tmp_path / "1.yaml", "source: a\nside: 64\ntrain: {lr: 1, batch: 1, steps: 1}\n")
    second = write(tmp_path / "2.yaml", "train: {batch: 2, steps: 2, seed: 2}\n")
    given_train = {"steps": 3, "seed": 3, "clip": 3}
    config = load_config(
        [first, second], ["train.seed=4", "train.clip=4"], train=given_train, target=None
    )
    train = config.train
    assert (config.source, config.side, config.target) == ("a", 64, None)
    assert (train.lr, train.batch, train.steps, train.seed, train.clip) == (1, 2, 3, 4, 4)


def test_what_is_not_given_leaves_the_file_alone(tmp_path: Path):
    file = write(tmp_path / "a.yaml", "source: a\ntarget: b\nmethod: supervised\n")
    config = load_config([file], source=None, target=None, method=None, train=None)
    assert (config.source, config.target, config.method.name) == ("a", "b", "supervised")


def test_a_methods_name_and_its_settings_mix(tmp_path: Path):
    file = write(tmp_path / "a.yaml", "source: a\nmethod: source_only\n")
    config = load_config([file], ["method.ema=0.5"], method="supervised")
    assert (config.method.name, config.method.ema) == ("supervised", 0.5)
    assert load_config(source="a", sets=["method.ema=0.5"]).method.ema == 0.5
    assert load_config(source="a", method={"ema": 0.5}).method.name == "source_only"


def test_an_empty_file_says_nothing(tmp_path: Path):
    assert load_config([write(tmp_path / "a.yaml", "")], source="a") == load_config(source="a")


@pytest.mark.parametrize("word", ["32", "'32'", '"32"'])
def test_a_precision_may_look_like_a_number(tmp_path: Path, word: str):
    file = write(tmp_path / "a.yaml", f"source: a\ntrain: {{precision: {word}}}\n")
    assert load_config([file]).train.precision == "32"
    assert load_config(source="a", sets=["train.precision=32"]).train.precision == "32"


# --- round trip -----------------------------------------------------------------------------------


def returned(config: RunConfig) -> RunConfig:
    return build(RunConfig, yaml.safe_load(dump_yaml(config)), where="here")


@pytest.mark.parametrize("method", list(METHODS))
def test_every_method_survives_yaml(method: str, tmp_path: Path):
    config = load_config(source="a", target="b", method=method, network={"widths": [8, 4]})
    assert returned(config) == config
    assert type(returned(config).method) is METHODS[method].Config
    file = write(tmp_path / "config.yaml", dump_yaml(config))
    assert build(RunConfig, read_yaml(file), where="here") == config


trains = st.fixed_dictionaries(
    {},
    optional={
        "steps": st.integers(1, 10**9),
        "lr": st.floats(1e-12, 10, exclude_min=True),
        "milestones": st.lists(st.floats(0, 1), max_size=3),
        "precision": st.sampled_from(["auto", "32", "bf16"]),
        "optimizer": st.sampled_from(["adam", "sgd"]),
        "channels_last": st.booleans(),
    },
)


@settings(deadline=None, max_examples=50)
@example(source="\x85", target="a\u2028b", train={})
@given(source=st.text(min_size=1), target=st.none() | st.text(), train=trains)
def test_any_settings_survive_yaml(source: str, target: str | None, train: dict[str, object]):
    config = load_config(source=source, target=target, train=train)
    assert returned(config) == config


def test_a_config_does_not_change():
    with pytest.raises(ValidationError, match="frozen"):
        load_config(source="a").side = 3


# --- mistakes -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("sorce=a", "unknown key 'sorce' (did you mean 'source'?"),
        ("train.stepz=3", "unknown key 'train.stepz' (did you mean 'steps'?"),
        ("view.rotate=3", "unknown key 'view.rotate' (did you mean 'rotation'?"),
        ("network.bakbone=x", "unknown key 'network.bakbone' (did you mean 'backbone'?"),
        (
            "method.emma=0.5",
            "settings of method source_only: unknown key 'emma' (did you mean 'ema'?",
        ),
        ("method=superviced", "did you mean 'supervised'?"),
        ("method=5", "expected a method's name"),
        ("method.name=5", "expected a method's name"),
        ("method=[a,b]", "expected a method's name"),
        ("train=5", "'train'"),
        ("train.steps.more=5", "'train.steps'"),
    ],
)
def test_the_nearest_key_is_named(word: str, hint: str):
    with pytest.raises(UserError) as caught:
        load_config(source="a", sets=[word])
    assert hint in str(caught.value)


@pytest.mark.parametrize(
    "word",
    [
        "side=31", "side=1025", "side=64.5", "train.steps=0", "train.batch=-1", "train.lr=0",
        "train.lr=.nan", "train.warmup=1", "train.clip=-1", "train.seed=-1", "train.devices=0",
        "train.workers=0", "train.schedule=linear", "train.precision=16", "train.device=gpu",
        "train.checkpoint_every=0", "train.log_every=0", "method.ema=1", "network.widths=[]",
        "view.flip=2", "train.optimizer=lion", "train.accumulate=0", "train.nodes=0",
    ],
)  # fmt: skip
def test_ranges_are_kept(word: str):
    key = word.partition("=")[0]
    with pytest.raises(BadInput) as caught:
        load_config(source="a", sets=[word])
    assert f"'{key.removeprefix('method.')}'" in str(caught.value)
    assert "found" in str(caught.value)


def test_the_file_is_named(tmp_path: Path):
    file = write(tmp_path / "mine.yaml", "source: a\ntrain: {stepz: 1}\n")
    with pytest.raises(BadInput, match=r"mine\.yaml"):
        load_config([file])
