from __future__ import annotations

import subprocess
import sys

import pytest

from poseshift.data.puppets import PAIRS, WORLDS, pair, world
from poseshift.data.puppets.config import AXES
from poseshift.errors import UserError


@pytest.mark.parametrize("name", list(PAIRS))
def test_every_named_pair_draws(name: str) -> None:
    found = pair(name)
    assert found.name == name
    assert found.source.skeleton == found.target.skeleton
    assert found.source.config != found.target.config
    assert found.target.sample(0, side=48).image.shape == (48, 48, 3)


@pytest.mark.parametrize("axis", AXES)
def test_a_single_axis_pair_differs_along_that_axis_only(axis: str) -> None:
    found, street = pair(f"studio->street/{axis}"), world("street")
    for other in AXES:
        expected = street if other == axis else found.source
        assert getattr(found.target.config, other) == getattr(expected.config, other)


def test_any_two_worlds_of_a_figure_pair_up() -> None:
    assert pair("gym->street").target.name == "street"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("studio->stret", "did you mean 'street'"),
        ("studio->street/poze", "did you mean 'pose'"),
        ("studio-street", "did you mean 'studio->street'"),
    ],
)
def test_unknown_names_get_a_hint(name: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        pair(name)
    assert message in str(caught.value)


def test_an_unknown_world_lists_all() -> None:
    with pytest.raises(UserError) as caught:
        world("nowhere")
    assert all(name in str(caught.value) for name in WORLDS)


def test_worlds_of_two_figures_do_not_pair_up() -> None:
    others = [name for name, config in WORLDS.items() if config.figure != "body16"]
    if not others:
        pytest.skip("only one figure is installed")
    with pytest.raises(UserError, match="draws body16"):
        pair(f"studio->{others[0]}")


def test_listing_names_is_light() -> None:
    code = (
        "import sys; from poseshift.data.puppets import PAIRS, WORLDS;"
        "sys.exit('cv2' in sys.modules or 'torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
