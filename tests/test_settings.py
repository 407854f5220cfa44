"""Settings: YAML in, typed models out, mistakes named by key, file and line."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field, ValidationError

from poseshift.errors import BadInput, UserError
from poseshift.settings import Frozen, build, dump_yaml, overlay, parse_set, read_yaml

few = settings(deadline=None, max_examples=50)


class Inner(Frozen):
    rate: float = Field(0.1, gt=0)
    steps: int = 5


class Outer(Frozen):
    name: str = "a"
    sizes: tuple[int, ...] = (1, 2)
    inner: Inner = Inner()
    several: Mapping[str, Inner] = Field(default_factory=dict)


# --- models -------------------------------------------------------------------------------------


def test_models_are_frozen_and_closed():
    with pytest.raises(ValidationError):
        Outer().name = "b"
    with pytest.raises(ValidationError):
        Outer(nome="b")


def test_defaults_are_checked_too():
    class Wrong(Frozen):
        rate: float = Field(-1, gt=0)

    with pytest.raises(ValidationError):
        Wrong()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"nome": "b"}, ["unknown key 'nome'", "did you mean 'name'?"]),
        ({"inner": {"rat": 1}}, ["unknown key 'inner.rat'", "did you mean 'rate'?"]),
        ({"several": {"x": {"rat": 1}}}, ["unknown key 'several.x.rat'"]),
        ({"inner": {"rate": -1}}, ["'inner.rate'", "greater than 0", "found -1"]),
        ({"sizes": [1, "x"]}, ["'sizes.1'", "integer", "found 'x'"]),
        ({"nome": "b", "inner": 3}, ["'nome'", "; ", "'inner'", "found 3"]),
        ({"inner": {"rate": float("nan")}}, ["'inner.rate'", "found nan"]),
        ({1: 2}, ["'1'"]),
    ],
)
def test_a_mistake_is_named_by_its_key(data: dict[Any, Any], words: list[str]):
    with pytest.raises(BadInput) as error:
        build(Outer, data, where="my.yaml")
    assert str(error.value).startswith("my.yaml: ")
    assert [word for word in words if word not in str(error.value)] == []


@few
@given(
    name=st.text(max_size=8),
    sizes=st.lists(st.integers(), max_size=4),
    rate=st.floats(1e-300, 1e300),
    steps=st.integers(-(10**9), 10**9),
)
def test_what_is_written_is_read_back(name: str, sizes: list[int], rate: float, steps: int):
    model = Outer(name=name, sizes=tuple(sizes), inner=Inner(rate=rate, steps=steps))
    assert build(Outer, yaml.safe_load(dump_yaml(model)), where="") == model


def test_yaml_is_written_in_the_order_of_the_fields():
    assert dump_yaml(Outer()).splitlines()[:2] == ["name: a", "sizes:"]


# --- files --------------------------------------------------------------------------------------


def test_a_mapping_is_read(tmp_path: Path):
    file = tmp_path / "a.yaml"
    file.write_text("inner:\n  rate: 1e-3  # as people write it\nname: ü\n", encoding="utf-8")
    assert read_yaml(str(file)) == {"inner": {"rate": "1e-3"}, "name": "ü"}
    assert build(Outer, read_yaml(file), where="").inner.rate == 0.001


def test_an_empty_file_says_nothing(tmp_path: Path):
    (tmp_path / "a.yaml").write_text("# nothing\n")
    assert read_yaml(tmp_path / "a.yaml") == {}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"a: [1, 2", ["line 1", "not valid YAML"]),
        (b"a: 1\nb: : 2\n", ["line 2", "not valid YAML"]),
        (b"- 1\n- 2\n", ["expected 'key: value' lines", "a list"]),
        (b"just words", ["expected 'key: value' lines", "a str"]),
        (b"\xff\xfe\x00", ["cannot be read"]),
        (b"a: \x00", ["not valid YAML"]),
        (b"!!python/object/apply:os.system ['true']", ["not valid YAML", "could not determine"]),
        (b"day: 2024-13-99", ["not valid YAML"]),
        (b"a: " + b"[" * 800, ["not valid YAML"]),
    ],
)
def test_a_file_that_is_no_mapping(tmp_path: Path, content: bytes, words: list[str]):
    file = tmp_path / "a.yaml"
    file.write_bytes(content)
    with pytest.raises(BadInput) as error:
        read_yaml(file)
    assert [word for word in (str(file), *words) if word not in str(error.value)] == []


def test_no_file_and_a_folder(tmp_path: Path):
    with pytest.raises(BadInput, match="no such file"):
        read_yaml(tmp_path / "a.yaml")
    with pytest.raises(BadInput, match="cannot be read"):
        read_yaml(tmp_path)


# --- words --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "data"),
    [
        ([], {}),
        (["a=1"], {"a": 1}),
        (["a.b.c=x", "a.d=2.5"], {"a": {"b": {"c": "x"}, "d": 2.5}}),
        (["a=1e-3", "b=true", "c=", "d=[1, 2]"], {"a": 0.001, "b": True, "c": None, "d": [1, 2]}),
        (["a=x=y"], {"a": "x=y"}),
        (["a=world:studio?count=3"], {"a": "world:studio?count=3"}),
        (["a=1", "a=2"], {"a": 2}),
    ],
)
def test_words_become_mappings(words: list[str], data: dict[str, Any]):
    assert parse_set(words) == data


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["a"], "expected key=value, found 'a'"),
        (["=1"], "expected key=value, found '=1'"),
        (["a..b=1"], "expected key=value, found 'a..b=1'"),
        (["a=[1"], "'[1' is not a value YAML understands"),
        (["a=2024-13-99"], "'2024-13-99' is not a value YAML understands"),
        (["a=1", "a.b=2"], "'a' is both a value and a section"),
    ],
)
def test_words_that_mean_nothing(words: list[str], message: str):
    with pytest.raises(UserError) as error:
        parse_set(words)
    assert message in str(error.value)
    assert "--set" in str(error.value)


nested = st.recursive(
    st.integers(), lambda inner: st.dictionaries(st.sampled_from("abc"), inner), max_leaves=8
)
mappings = st.dictionaries(st.sampled_from("abc"), nested)


@few
@given(first=mappings, second=mappings)
def test_the_later_layer_wins_key_by_key(first: dict[str, Any], second: dict[str, Any]):
    def expected(low: Any, high: Any) -> Any:
        if isinstance(low, dict) and isinstance(high, dict):
            return {
                key: expected(low[key], high[key])
                if key in low and key in high
                else high.get(key, low.get(key))
                for key in low.keys() | high.keys()
            }
        return high

    before = repr((first, second))
    assert overlay(first, second) == expected(first, second)
    assert repr((first, second)) == before, "layers are left alone"
    assert overlay(first) == first == overlay({}, first) == overlay(first, {})
