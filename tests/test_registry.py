"""Registries: one decorator, builtins imported late, plug-ins found when their package is there."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from poseshift.errors import UserError
from poseshift.methods.base import METHODS
from poseshift.registry import Registry

PLUGIN = """
from collections.abc import Iterator

from poseshift.data.types import LabeledBatch, UnlabeledBatch
from poseshift.methods.base import METHODS, Method, Phase


@METHODS.register("from_outside")
class FromOutside(Method[UnlabeledBatch]):
    name, target, passes = "from_outside", "unlabeled", ()

    def phases(self, source: LabeledBatch, target: UnlabeledBatch) -> Iterator[Phase]:
        yield from ()
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str, str], None]:
    """Put a package with one entry point where pip would put it."""
    monkeypatch.setattr(METHODS, "_items", dict(METHODS._items))

    def put(package: str, text: str, entry: str) -> None:
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").touch()
        (tmp_path / package / "method.py").write_text(text)
        about = tmp_path / f"{package}-1.0.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        (about / "entry_points.txt").write_text(f"[poseshift.methods]\n{entry}\n")
        monkeypatch.syspath_prepend(tmp_path)

    return put


def test_an_installed_plugin_is_found_by_name(install: Callable[[str, str, str], None]):
    assert "from_outside" not in METHODS
    install("outside_a", PLUGIN, "from_outside = outside_a.method")
    assert "from_outside" in METHODS
    assert "from_outside" in list(METHODS)
    assert "outside_a.method" not in sys.modules, "it is imported when it is asked for"
    assert METHODS["from_outside"].__module__ == "outside_a.method"
    assert METHODS["from_outside"] is METHODS["from_outside"]


def test_an_entry_point_may_name_the_class(install: Callable[[str, str, str], None]):
    install("outside_b", PLUGIN, "from_outside = outside_b.method:FromOutside [extra]")
    assert METHODS["from_outside"].target == "unlabeled"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("import a_package_nobody_has", "No module named 'a_package_nobody_has'"),
        ("", "importing it registers nothing of that name"),
    ],
)
def test_a_plugin_that_does_not_work_is_named(
    install: Callable[[str, str, str], None], text: str, reason: str
):
    package = f"outside_{len(text)}"
    install(package, text, f"from_outside = {package}.method")
    with pytest.raises(UserError, match="plug-in with the method 'from_outside'") as error:
        METHODS["from_outside"]
    assert reason in str(error.value)
    assert error.value.where == f"{package}.method"


def test_what_is_registered_is_there():
    fruits: Registry[int] = Registry("fruits")
    assert fruits.register("apple")(3) == 3
    assert fruits["apple"] == 3
    assert list(fruits) == ["apple"]
    assert "apple" in fruits
    assert "pear" not in fruits


def test_names_are_sorted_and_told_once():
    fruits: Registry[int] = Registry("fruits", {"fig": "nowhere", "apple": "nowhere"})
    fruits.register("fig")(1)
    fruits.register("cherry")(2)
    assert list(fruits) == ["apple", "cherry", "fig"]


def test_a_name_is_taken_once():
    fruits: Registry[list[int]] = Registry("fruits")
    apple = [1]
    fruits.register("apple")(apple)
    fruits.register("apple")(apple)  # a module imported twice
    with pytest.raises(UserError, match=r"two fruits are called 'apple': \[1\] and \[2\]"):
        fruits.register("apple")([2])
    assert fruits["apple"] is apple


def test_an_unknown_name_is_answered_with_the_nearest():
    fruits: Registry[int] = Registry("fruits", {"apple": "nowhere"})
    with pytest.raises(UserError) as error:
        fruits["appel"]
    assert str(error.value) == (
        "no fruit is called 'appel'\n  fix: did you mean 'apple'? known: apple"
    )


def test_builtins_are_imported_when_asked_for():
    code = (
        "import sys; from poseshift.registry import Registry\n"
        "r = Registry('x', {'decimal': 'decimal', 'heavy': 'torch'})\n"
        "assert list(r) == ['decimal', 'heavy'] and 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
