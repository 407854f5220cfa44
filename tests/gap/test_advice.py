"""What is advised follows from what was found, and can be typed as it stands."""

import shlex

import pytest
import typer.main

from poseshift.cli import app
from poseshift.config import load_config
from poseshift.gap.advice import Advice, Found, advise
from poseshift.gap.distance import Distance
from poseshift.gap.pose import Support

EVEN = Support([0.1] * 10, beyond=0.0)
RARE = Support([0.0] * 7 + [0.2, 0.3, 0.5], beyond=0.12)


def far(name: str, source: float = 0.7, target: float = 0.35) -> Distance:
    return Distance(name, 0.9, 0.1, 0.3, "share", source, target)


def advice(
    *distances: Distance, support: Support | None = None, run: str | None = None, **reach: float
) -> Advice:
    told = {name.replace("_", " "): value for name, value in reach.items()}
    return advise("a pack", "b", Found({d.name: d for d in distances}, support, told), run)


def words(command: str | None) -> list[str]:
    assert command is not None
    return shlex.split(command)


def test_pictures_that_differ_ask_for_styles_and_a_run_is_taken_up():
    found = advice(far("noise"), far("features, probe"), run="runs/a")
    assert words(found.command) == [
        "poseshift", "adapt", "a pack", "b", "--method", "lodestar", "--init", "runs/a",
    ]  # fmt: skip
    assert found.reasons == [
        "the pictures differ (noise, features): a method that exchanges styles"
    ]


def test_rare_poses_ask_for_hard_samples_and_poses_beyond_for_labels():
    found = advice(far("rarity"), support=RARE)
    assert "--sampler vae-hm" in found.command
    assert "--method mean_teacher" in found.command
    assert any("100% of the target's poses" in reason for reason in found.reasons)
    assert any("12%" in reason and "--target-labels" in reason for reason in found.reasons)


def test_poses_that_are_not_rare_ask_for_no_sampler():
    assert "--sampler" not in advice(far("rarity"), support=EVEN).command
    assert "--sampler" not in advice(far("noise"), support=RARE).command  # poses do not differ


@pytest.mark.parametrize(
    ("fill", "scale"), [((0.7, 0.35), "[0.4,1.25]"), ((0.3, 0.6), "[0.8,2.5]")]
)
def test_other_sizes_ask_for_a_zoom_that_reaches_them(fill: tuple[float, float], scale: str):
    assert f"view.scale={scale}" in words(advice(far("fill", *fill)).command)


def test_bodies_off_centre_and_turned_ask_for_views_that_reach_them():
    found = advice(far("off centre"), far("turned"), off_centre=0.213, turned=84.0)
    assert "view.shift=0.22" in found.command
    assert "view.rotation=90" in found.command
    near = advice(far("off centre"), far("turned"), off_centre=0.04, turned=20.0)
    assert "view." not in near.command


def test_nothing_found_asks_for_nothing_new():
    same = Distance("noise", 0.1, 0.2, 0.3)
    found = advice(same, support=EVEN)
    assert found.command.endswith("--method source_only")
    assert "measure the source alone first" in found.reasons[0]


def test_nothing_compared_asks_for_nothing():
    for found in (advice(), advice(Distance("resolution", 0.0, 0.1, 0.3))):
        assert found.command is None
        assert "nothing could be compared" in found.reasons[0]


def test_pictures_that_were_not_compared_are_not_called_alike():
    assert "look alike" not in advice(far("rarity")).reasons[0]
    assert "look alike" in advice(far("rarity"), Distance("noise", 0.1, 0.2, 0.3)).reasons[0]


def test_all_of_it_can_be_typed():
    found = advice(
        far("noise"), far("rarity"), far("fill"), far("off centre"), far("turned"),
        support=RARE, run="runs/a b", off_centre=0.5, turned=179.0,
    )  # fmt: skip
    _, verb, *rest = words(found.command)
    command = typer.main.get_command(app).commands[verb]  # type: ignore[attr-defined]
    given = command.make_context(verb, rest).params
    config = load_config(
        sets=given["settings"], source=given["source"], target=given["target"],
        method=given["method"], sampler=given["sampler"], init=given["init"],
    )  # fmt: skip
    assert (config.method.name, config.sampler.name) == ("lodestar", "vae-hm")
    assert (config.view.scale, config.view.shift) == ((0.4, 1.25), 0.5)
    assert (config.view.rotation, config.init) == (180, "runs/a b")
