"""BVH motion capture: 3D clips seen by seeded cameras, one each if not told; poses without images.

A camera stands level with the hips, turned and tilted by an angle drawn from the clip's name, and
follows them; the same clip always looks the same. End sites are joints called ``<parent>_end``.

Half-pixel rule: there is no image. Missing: never. Units do not matter, bodies are scaled to 200
pixels; the rotation order is each joint's own; y is up unless the body is taller along z.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from poseshift.data.formats.base import (
    FORMATS,
    LEVEL,
    AnnotationSet,
    Camera,
    Doubles,
    Item,
    ReadOptions,
)
from poseshift.data.formats.files import cell_number, natural_key, read_text
from poseshift.data.formats.joints import skeleton_for
from poseshift.data.formats.poses import pose
from poseshift.errors import BadInput

HEIGHT_PX, DISTANCE = 200.0, 3.0  # body height in pixels; camera distance in body heights
_AXES = "xyz"


@FORMATS.register("bvh")
class Bvh:
    """One clip, or a folder of clips with the same skeleton."""

    describe = "BVH motion capture (a clip or a folder of clips)"

    def matches(self, path: Path) -> bool:
        """A .bvh file or a folder with some."""
        return bool(_clips(path))

    def read(self, path: Path, options: ReadOptions) -> AnnotationSet:
        """Parse every clip; joints must agree among them."""
        files = _clips(path)
        if not files:
            raise BadInput("holds no .bvh file", where=path, fix="name a clip or a folder of clips")
        clips = [parse(read_text(file), file) for file in files]
        names = clips[0].names
        for file, clip in zip(files, clips, strict=True):
            if clip.names != names:
                raise BadInput(
                    f"its joints differ from those of {files[0].name}",
                    where=file,
                    fix="prepare clips of different exporters one by one",
                )
        edges = [(names[p], names[k]) for k, p in enumerate(clips[0].parents) if p >= 0]
        camera = options.camera
        many = "one seeded camera" if camera.views == 1 else f"{camera.views} seeded cameras"

        def items() -> Iterator[Item]:
            for file, clip in zip(files, clips, strict=True):
                for view in range(camera.views):
                    track = f"{file.stem}@{view}" if view else file.stem
                    for frame, keypoints_K2 in enumerate(see(clip.positions(), track, camera)):
                        label = f"{track}-{frame:05d}"
                        yield pose(label, keypoints_K2, frame=frame, source=file.name, track=track)

        return AnnotationSet(
            name=path.resolve().stem,
            skeleton=skeleton_for(names, files[0], edges),
            items=items(),
            crop_from="keypoints",
            count=sum(len(clip.motion_FC) for clip in clips) * camera.views,
            notes=[f"3D clips seen by {many} each"],
        )


@dataclass(frozen=True, slots=True)
class Clip:
    """A hierarchy and its motion.

    Attributes:
        names: Joint names, parents before children.
        parents: Index of each joint's parent, -1 for the root.
        offsets_K3: Each joint in its parent's frame.
        channels: Per joint, words such as ``Xposition`` or ``Zrotation``, in order.
        motion_FC: One row a frame, one column a channel.
    """

    names: list[str]
    parents: list[int]
    offsets_K3: Doubles
    channels: list[list[str]]
    motion_FC: Doubles

    def positions(self) -> Doubles:
        """Joint positions (frames, joints, 3) by forward kinematics."""
        frames, joints = len(self.motion_FC), len(self.names)
        place_FK3 = np.zeros((frames, joints, 3))
        turn_FK33 = np.tile(np.eye(3), (frames, joints, 1, 1))
        column = 0
        for k, parent in enumerate(self.parents):
            local_F3 = np.tile(self.offsets_K3[k], (frames, 1))
            turn_F33 = np.tile(np.eye(3), (frames, 1, 1))
            for channel in self.channels[k]:
                axis, value_F = _AXES.index(channel[0].lower()), self.motion_FC[:, column]
                column += 1
                if channel.endswith("position"):
                    local_F3[:, axis] = value_F
                else:
                    turn_F33 = turn_F33 @ _rotation(axis, value_F)
            if parent < 0:
                place_FK3[:, k], turn_FK33[:, k] = local_F3, turn_F33
            else:
                moved_F31 = turn_FK33[:, parent] @ local_F3[..., None]
                place_FK3[:, k] = place_FK3[:, parent] + moved_F31[..., 0]
                turn_FK33[:, k] = turn_FK33[:, parent] @ turn_F33
        return place_FK3


def _rotation(axis: int, degrees_F: Doubles) -> Doubles:
    cos_F, sin_F = np.cos(np.radians(degrees_F)), np.sin(np.radians(degrees_F))
    matrix_F33 = np.tile(np.eye(3), (len(degrees_F), 1, 1))
    i, j = (axis + 1) % 3, (axis + 2) % 3
    matrix_F33[:, i, i] = matrix_F33[:, j, j] = cos_F
    matrix_F33[:, i, j], matrix_F33[:, j, i] = -sin_F, sin_F
    return matrix_F33


def see(positions_FK3: Doubles, name: str, camera: Camera = LEVEL) -> Doubles:
    """Project a clip through a seeded, hip-following camera to (frames, joints, 2)."""
    centred_FK3 = positions_FK3 - positions_FK3[:, :1]
    tall_3 = np.median(np.ptp(centred_FK3, axis=1), axis=0)
    if tall_3[2] > tall_3[1]:
        centred_FK3 = centred_FK3[..., [0, 2, 1]] * (1, 1, -1)
    height = max(float(tall_3[1:].max()), 1e-9)
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    yaw, pitch = rng.uniform(*camera.yaw), rng.uniform(*camera.pitch)
    turned_FK3 = centred_FK3 @ _rotation(1, np.array([yaw]))[0] @ _rotation(0, np.array([pitch]))[0]
    # The camera stands at +z: x goes right and y up without mirroring anybody.
    depth_FK1 = DISTANCE * height - turned_FK3[..., 2:]
    return np.asarray(HEIGHT_PX * DISTANCE * turned_FK3[..., :2] / depth_FK1 * (1, -1))


class _Words:
    """The words of a file with a place in it, so that each complaint can name a line."""

    def __init__(self, text: str, path: Path) -> None:
        lines = text.splitlines()
        self.words = [(word, n) for n, line in enumerate(lines, 1) for word in line.split()]
        self.path, self.at = path, 0

    def __bool__(self) -> bool:
        return self.at < len(self.words)

    def where(self) -> str:
        line = self.words[min(self.at, len(self.words)) - 1][1] if self.words else 1
        return f"{self.path}: line {line}"

    def wrong(self, problem: str) -> BadInput:
        return BadInput(problem, where=self.where(), fix="get the file again, or export it again")

    def next(self) -> str:
        if not self:
            raise self.wrong("ends too early")
        self.at += 1
        return self.words[self.at - 1][0]

    def expect(self, wanted: str) -> None:
        found = self.next()
        if found.lower() != wanted.lower():
            raise self.wrong(f"expected '{wanted}', found '{found}'")

    def number(self) -> float:
        return cell_number(self.next(), self.where())

    def count(self, most: int) -> int:
        word = self.next()
        if not word.isdecimal() or len(word) > 9 or int(word) > most:
            raise self.wrong(f"expected a count up to {most}, found '{word}'")
        return int(word)


def parse(text: str, path: Path) -> Clip:
    """Read a clip; raises BadInput with the line where it stops making sense."""
    words = _Words(text, path)
    words.expect("HIERARCHY")
    words.expect("ROOT")
    names, parents, offsets, channels = _hierarchy(words)
    if len(set(names)) != len(names):
        raise BadInput("two joints have the same name", where=path, fix="rename one of them")
    words.expect("Frames:")
    frames = words.count(10_000_000)
    words.expect("Frame")
    words.expect("Time:")
    words.number()
    width = sum(map(len, channels))
    rest = words.words[words.at :]
    if frames < 1 or len(rest) != frames * width:
        raise BadInput(
            f"{len(rest)} numbers of motion, {frames} frames of {width} channels need "
            f"{frames * width}",
            where=path,
            fix="the file may have been cut off: get it again",
        )
    motion = np.array([cell_number(word, f"{path}: line {line}") for word, line in rest])
    return Clip(names, parents, np.array(offsets), channels, motion.reshape(frames, width))


def _hierarchy(words: _Words) -> tuple[list[str], list[int], list[list[float]], list[list[str]]]:
    """The joints up to MOTION, without recursion: a file may nest as deep as it likes."""
    names, parents = [words.next()], [-1]
    offsets: list[list[float]] = [[0.0] * 3]
    channels: list[list[str]] = [[]]
    open_joints: list[int] = []
    last = 0
    while True:
        word = words.next()
        if word == "{":
            open_joints.append(last)
        elif word == "}" and open_joints:
            open_joints.pop()
        elif word == "OFFSET" and open_joints:
            offsets[open_joints[-1]] = [words.number() for _ in range(3)]
        elif word == "CHANNELS" and open_joints:
            channels[open_joints[-1]] = [_channel(words) for _ in range(words.count(6))]
        elif word in ("JOINT", "End") and open_joints:
            parents.append(open_joints[-1])
            name = words.next()
            names.append(name if word == "JOINT" else f"{names[open_joints[-1]]}_end")
            offsets.append([0.0] * 3)
            channels.append([])
            last = len(names) - 1
        elif word == "MOTION" and not open_joints:
            return names, parents, offsets, channels
        else:
            raise words.wrong(f"did not expect '{word}'")


def _channel(words: _Words) -> str:
    word = words.next()
    if word[:1].lower() not in _AXES or word[1:] not in ("position", "rotation"):
        raise words.wrong(f"'{word}' is no channel")
    return word


def _clips(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(path.glob("*.bvh"), key=natural_key)
    return [path] if path.suffix.lower() == ".bvh" else []
