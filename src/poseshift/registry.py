"""A registry is a dict filled by one decorator, open to plug-ins through entry points.

A package outside poseshift joins by declaring, in its ``pyproject.toml``::

    [project.entry-points."poseshift.methods"]
    my_method = "my_package.my_module"

The module is imported the first time an unknown name is asked for; importing it runs the decorator.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.metadata import entry_points
from typing import Generic, TypeVar

from poseshift.errors import UserError, nearest

T = TypeVar("T")


class Registry(Generic[T]):
    """Names to things of one kind.

    Args:
        kind: What the things are called in messages and in the entry-point group, e.g. ``methods``.
        builtin: Names that ship with the package and the modules that register them, so that
            ``--help`` can list names without importing torch.

    Example:
        >>> fruits: Registry[str] = Registry("fruits")
        >>> fruits.register("apple")("a red thing")
        'a red thing'
        >>> fruits["apple"], list(fruits)
        ('a red thing', ['apple'])
    """

    def __init__(self, kind: str, builtin: dict[str, str] | None = None) -> None:
        self.kind = kind
        self._items: dict[str, T] = {}
        self._modules = dict(builtin or {})

    def register(self, name: str) -> Callable[[T], T]:
        """Add the decorated thing under a name; a name can be taken only once."""

        def add(item: T) -> T:
            taken = self._items.get(name)
            if taken is not None and taken is not item:
                raise UserError(
                    f"two {self.kind} are called '{name}': {taken!r} and {item!r}",
                    fix="rename one of them or uninstall one of the packages",
                )
            self._items[name] = item
            return item

        return add

    def __getitem__(self, name: str) -> T:
        if name not in self._items:
            if name in self._modules:
                import_module(self._modules[name])
            else:
                self._import_plugin(name)
        return self._items[name]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted({*self._items, *self._modules, *self._plugins()}))

    def __contains__(self, name: object) -> bool:
        return name in set(self)

    def _plugins(self) -> dict[str, str]:
        found = entry_points(group=f"poseshift.{self.kind}")
        return {point.name: point.module for point in found}

    def _import_plugin(self, name: str) -> None:
        kind, module = self.kind.rstrip("s"), self._plugins().get(name)
        if module is None:
            raise UserError(f"no {kind} is called '{name}'", fix=nearest(name, self))
        reason = "importing it registers nothing of that name"
        try:
            import_module(module)
        except ImportError as error:
            reason = str(error)
        if name not in self._items:
            raise UserError(
                f"the plug-in with the {kind} '{name}' does not work: {reason}",
                where=module,
                fix="mend or uninstall the package that brings it",
            )
