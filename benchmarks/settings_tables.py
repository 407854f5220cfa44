"""Every setting of a run with its default, read off the models that check them."""

from __future__ import annotations

from functools import partial
from typing import Any, get_args

from pydantic.fields import FieldInfo

from benchmarks.writing import markdown
from poseshift.config import RunConfig
from poseshift.methods.base import METHODS
from poseshift.registry import Registry
from poseshift.sampling.base import SAMPLERS
from poseshift.settings import Frozen

SECTIONS = ("train", "view", "network")
_BOUNDS = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}


def run() -> str:
    """What stands beside the sections."""
    single = {
        name: field
        for name, field in RunConfig.model_fields.items()
        if name not in (*SECTIONS, "method", "sampler")
    }
    return _table(single)


def section(name: str) -> str:
    """One section."""
    model: Any = RunConfig.model_fields[name].annotation
    return _table(model.model_fields, f"{name}.")


def chosen(registry: Registry[Any], prefix: str) -> str:
    """What each method, or sampler, has of its own."""
    parts = []
    for name in registry:
        model: type[Frozen] = registry[name].Config
        own = {key: field for key, field in model.model_fields.items() if key != "name"}
        if own:
            parts.append(f"`{name}`\n\n{_table(own, prefix)}")
    return "\n".join(parts)


def _table(fields: dict[str, FieldInfo], prefix: str = "") -> str:
    rows = [[f"`{prefix}{name}`", _default(field), _said(field)] for name, field in fields.items()]
    return markdown(["setting", "default", "what it is"], rows)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "must be given"
    value = field.get_default(call_default_factory=True)
    if value is None or isinstance(value, Frozen):
        return "-"
    return f"`{value:.4g}`" if isinstance(value, float) else f"`{value}`"


def _said(field: FieldInfo) -> str:
    """Its description, its choices and its bounds."""
    choices = [f"`{value}`" for value in _words(field.annotation)]
    bounds = [
        f"{words} {getattr(limit, name):g}"
        for limit in field.metadata
        for name, words in _BOUNDS.items()
        if hasattr(limit, name)
    ]
    said = [field.description or "", " or ".join(choices), *bounds]
    return "; ".join(part for part in said if part)


def _words(annotation: Any) -> list[str]:
    """What a setting may be called, if it is one of a few names.

    Example:
        >>> from typing import Literal
        >>> _words(Literal["live", "released"] | None), _words(float | None)
        (['live', 'released'], [])
    """
    told = get_args(annotation)
    return [word for item in told for word in ([item] if isinstance(item, str) else _words(item))]


TABLES = {
    "settings-run": run,
    **{f"settings-{name}": partial(section, name) for name in SECTIONS},
    "settings-method": partial(chosen, METHODS, "method."),
    "settings-sampler": partial(chosen, SAMPLERS, "sampler."),
}
