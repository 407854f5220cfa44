"""Settings: frozen typed models <-> YAML <-> ``--set a.b=c``; errors name the nearest key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from poseshift.errors import BadInput, UserError, nearest
from poseshift.files import load_yaml
from poseshift.registry import Registry


class Frozen(BaseModel):
    """Base of every settings model: typed, immutable, and closed to unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


Model = TypeVar("Model", bound=BaseModel)

# An impossible date is a ValueError to PyYAML, and brackets within brackets overflow its stack.
_NOT_YAML = (yaml.YAMLError, ValueError, RecursionError)


def read_yaml(path: str | Path) -> dict[str, Any]:
    """Read a YAML file that must hold a mapping."""
    data = load_yaml(Path(path))
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise BadInput(f"expected 'key: value' lines, found a {type(data).__name__}", where=path)
    return data


def parse_set(pairs: Iterable[str]) -> dict[str, Any]:
    """Turn ``a.b=c`` words into nested mappings; values are read as YAML.

    Example:
        >>> parse_set(["train.lr=1e-3", "train.steps=20", "method.name=udape"])
        {'train': {'lr': 0.001, 'steps': 20}, 'method': {'name': 'udape'}}
    """
    result: dict[str, Any] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals or not all(key.split(".")):
            raise UserError(f"expected key=value, found '{pair}'", where="--set")
        try:
            value = yaml.safe_load(text)
        except _NOT_YAML as error:
            raise UserError(
                f"'{text}' is not a value YAML understands", where=f"--set {key}"
            ) from error
        place = result
        *path, last = key.split(".")
        for name in path:
            place = place.setdefault(name, {})
            if not isinstance(place, dict):
                raise UserError(f"'{name}' is both a value and a section", where=f"--set {key}")
        place[last] = _number(value)
    return result


def _number(value: Any) -> Any:
    """YAML 1.1 reads ``1e-3`` as text; people mean a number."""
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    return value


def overlay(*layers: Mapping[str, Any]) -> dict[str, Any]:
    """Merge nested mappings, the later over the earlier.

    Example:
        >>> overlay({"a": {"x": 1, "y": 2}}, {"a": {"y": 3}})
        {'a': {'x': 1, 'y': 3}}
    """
    result: dict[str, Any] = {}
    for layer in layers:
        for key, value in layer.items():
            if isinstance(value, Mapping) and isinstance(result.get(key), Mapping):
                result[key] = overlay(result[key], value)
            else:
                result[key] = value
    return result


def build(model: type[Model], data: Mapping[str, Any], where: str) -> Model:
    """Validate a mapping into a model; a mistake becomes a :class:`BadInput` naming the key."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise BadInput(_explain(model, error), where=where) from error


def own_settings(value: Any, kinds: Registry[Any], default: str) -> Any:
    """Settings of one of several things, read with the model that thing brings as ``Config``.

    Args:
        value: A name, a mapping that holds it as ``name``, or settings already read.
        kinds: What there is.
        default: Its name where the mapping holds none.
    """
    data = value.model_dump() if isinstance(value, BaseModel) else value
    data = {"name": data} if isinstance(data, str) else data
    name = data.get("name", default) if isinstance(data, Mapping) else None
    kind = kinds.kind.rstrip("s")
    if not isinstance(name, str):
        raise ValueError(f"expected a {kind}'s name or its settings, one of {list(kinds)}")
    model, where = kinds[name].Config, f"settings of {kind} {name}"
    for key, field in model.model_fields.items():
        if field.is_required() and key not in data:
            said = f" ({field.description})" if field.description else ""
            raise BadInput(
                f"'{key}' is required{said}", where=where, fix=f"add --set {kind}.{key}=..."
            )
    return build(model, {**data, "name": name}, where=where)


def _explain(model: type[BaseModel], error: ValidationError) -> str:
    lines = []
    for problem in error.errors():
        place = [str(part) for part in problem["loc"]]
        key = ".".join(place)
        if problem["type"] == "extra_forbidden":
            known = _fields(model, place[:-1])
            lines.append(f"unknown key '{key}' ({nearest(place[-1], known)})")
        else:
            found = problem.get("input")
            lines.append(f"'{key}': {problem['msg']}, found {found!r}")
    return "; ".join(lines)


def _fields(model: type[BaseModel], path: list[str]) -> list[str]:
    for name in path:
        field = model.model_fields.get(name)
        inner = field.annotation if field else None
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return []
        model = inner
    return list(model.model_fields)


_BREAKS = set("\x85\u2028\u2029")  # ends of a line to YAML, which writes them bare all the same


def dump_yaml(model: BaseModel) -> str:
    """Write a model as YAML, in the order its fields are declared."""
    data = model.model_dump(mode="json")
    text = yaml.safe_dump(data, sort_keys=False, allow_unicode=True)
    if not set(text) & _BREAKS:
        return text
    return yaml.safe_dump(data, sort_keys=False)
