from __future__ import annotations

from dataclasses import asdict

import pytest

from poseshift.data.puppets import RANGES, world_pair
from poseshift.data.puppets.figures import FIGURES
from poseshift.errors import UserError

KINDS = [FIGURES[name].kind for name in FIGURES]


def flat(config: dict[str, dict[str, object]]) -> dict[str, object]:
    axes = ("pose", "shape", "camera", "appearance")
    return {f"{axis}.{knob}": value for axis in axes for knob, value in config[axis].items()}


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_always_draws_the_same_pair(kind: str) -> None:
    first, again, other = world_pair(3, kind), world_pair(3, kind), world_pair(4, kind)
    assert first == again
    assert first.source.config != other.source.config
    assert first.target.config != first.source.config
    assert first.target.kind == kind
    assert first.target.sample(0, side=48).image.shape == (48, 48, 3)


def test_every_knob_has_a_published_range_and_keeps_to_it() -> None:
    for seed in range(20):
        drawn = world_pair(seed)
        for column, home in enumerate((drawn.source, drawn.target)):
            knobs = flat(asdict(home.config))
            assert sum(knobs.pop("pose.actions").values()) == pytest.approx(1.0)
            for name, value in knobs.items():
                if isinstance(value, tuple) and name != "appearance.hue":
                    for end, found in zip(("low", "high"), value, strict=True):
                        low, high = RANGES[f"{name}.{end}"][column]
                        assert low <= found <= high
                elif name != "appearance.hue":
                    low, high = RANGES[name][column]
                    assert low <= value <= high


def test_unknown_kinds_and_negative_seeds_are_refused() -> None:
    with pytest.raises(UserError, match="no kind 'boddy'") as caught:
        world_pair(0, "boddy")
    assert "did you mean 'body'" in str(caught.value)
    with pytest.raises(UserError, match="found -1"):
        world_pair(-1)
