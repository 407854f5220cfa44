from __future__ import annotations

from dataclasses import replace

from poseshift.data.puppets import WORLDS
from poseshift.data.puppets.config import PoseConfig, WorldConfig


def test_seeds_are_the_same_on_every_machine() -> None:
    assert (
        WorldConfig("body16", PoseConfig({"stand": 1.0}), version=1).seed() == 3821469264986293443
    )


def test_every_knob_changes_the_seed() -> None:
    home = WORLDS["studio"]
    changed = [
        replace(home, version=home.version + 1),
        replace(home, shape=replace(home.shape, limbs=1.01)),
        replace(home, appearance=replace(home.appearance, noise=1.0)),
        replace(home, pose=replace(home.pose, actions={**home.pose.actions, "curl": 0.16})),
    ]
    assert len({config.seed() for config in [home, *changed]}) == 1 + len(changed)
