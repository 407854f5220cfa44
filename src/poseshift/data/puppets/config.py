"""What a world is made of: four small tables of plain numbers, one per axis of the domain gap.

Lengths are fractions of the figure's height or of the crop's side, angles are radians, and
everything called a share or a chance lies between 0 and 1.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

AXES = ("pose", "shape", "camera", "appearance")
"""The axes two worlds can differ along, switchable one by one."""

VERSION = 1
"""Raised whenever a picture or a label of a named world changes."""


@dataclass(frozen=True)
class PoseConfig:
    """How the figures of a world stand and move.

    Attributes:
        actions: Weight of every action mode; the rare ones are the tail.
        spread: Multiplies the deviation of every hinge around its mode.
        turn: Deviation of the heading around facing the camera.
        back: Share of figures seen from behind.
    """

    actions: Mapping[str, float]
    spread: float = 1.0
    turn: float = 0.5
    back: float = 0.1


@dataclass(frozen=True)
class ShapeConfig:
    """How the figures are built: factors on the rig's own proportions.

    Attributes:
        limbs: Length of legs and arms, fingers, ...
        girth: Thickness of everything.
        head: Size of the head (of the palm, for a hand).
        variety: Deviation of each individual's factors around these, as a log ratio.
    """

    limbs: float = 1.0
    girth: float = 1.0
    head: float = 1.0
    variety: float = 0.04


@dataclass(frozen=True)
class CameraConfig:
    """Where the camera is and how the crop is cut around the figure.

    Attributes:
        pitch: Mean angle looking down.
        pitch_spread: Its deviation.
        roll_spread: Deviation of the horizon.
        distance: Distance in figure heights; small means strong perspective.
        margin: Crop side over the larger side of the box around the joints.
        zoom_spread: Deviation of that margin, as a log ratio.
        jitter: Deviation of the crop's centre, as a share of its side.
        truncated: Chance that the crop cuts part of the figure off.
    """

    pitch: float = 0.1
    pitch_spread: float = 0.05
    roll_spread: float = 0.03
    distance: float = 4.5
    margin: float = 1.34
    zoom_spread: float = 0.04
    jitter: float = 0.02
    truncated: float = 0.0


@dataclass(frozen=True)
class AppearanceConfig:
    """What the pictures look like. Pairs are (low, high) of a uniform draw.

    Attributes:
        hue: Hues of cloth and coat, turns of the colour wheel.
        saturation: Of cloth and coat.
        value: Brightness of cloth and coat.
        tone: Skin or fur, 0 lightest, 1 darkest.
        pattern: Chance that a piece of cloth is striped, dotted or checked.
        outline: Strength of the ink line around every part.
        shading: Strength of the light patch on every part.
        backdrop: Brightness of the background.
        clutter: Amount of things in the background.
        texture: Strength of grain in the background.
        occluder: Chance of something standing before the figure.
        light: Strength of the brightness ramp over the picture.
        exposure: Deviation of overall brightness, as a log ratio.
        cast: Deviation of each colour channel, as a log ratio.
        blur: Largest blur, as a share of the side.
        noise: Largest deviation of the sensor noise, in grey levels.
    """

    hue: tuple[float, float] = (0.0, 1.0)
    saturation: tuple[float, float] = (0.35, 0.7)
    value: tuple[float, float] = (0.6, 0.9)
    tone: tuple[float, float] = (0.0, 0.5)
    pattern: float = 0.0
    outline: float = 1.0
    shading: float = 1.0
    backdrop: tuple[float, float] = (0.75, 0.95)
    clutter: float = 0.0
    texture: float = 0.0
    occluder: float = 0.0
    light: float = 0.0
    exposure: float = 0.0
    cast: float = 0.0
    blur: float = 0.0
    noise: float = 0.0


@dataclass(frozen=True)
class WorldConfig:
    """Everything that decides the samples of a world.

    Attributes:
        figure: Name of the figure, which is also its skeleton: ``body16``, ``hand21``, ...
        pose: Which poses occur.
        shape: Proportions of the figures.
        camera: Viewpoint and crop.
        appearance: Clothes, background, light and lens.
        version: Raised when the drawing code changes what a config draws.
    """

    figure: str
    pose: PoseConfig
    shape: ShapeConfig = field(default_factory=ShapeConfig)
    camera: CameraConfig = field(default_factory=CameraConfig)
    appearance: AppearanceConfig = field(default_factory=AppearanceConfig)
    version: int = VERSION

    def seed(self) -> int:
        """A 64-bit number that equal configs share, on every machine.

        Example:
            >>> a = WorldConfig("body16", PoseConfig({"stand": 1.0}))
            >>> b = WorldConfig("body16", PoseConfig({"stand": 1.0}, spread=2.0))
            >>> a.seed() == WorldConfig("body16", PoseConfig({"stand": 1.0})).seed() != b.seed()
            True
        """
        text = json.dumps(asdict(self), sort_keys=True)
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")
