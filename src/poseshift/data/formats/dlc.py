"""DeepLabCut and Lightning-Pose labels: ``CollectedData*.csv``, one or several animals.

Half-pixel rule: clicks are image coordinates with pixel centres at integers, taken as they are.
Missing: a blank cell. An animal with no point at all in a frame is taken not to be there.
The twin ``.h5`` file is never opened: it can carry pickled objects.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from poseshift.data.formats.base import (
    FORMATS,
    Annotation,
    AnnotationSet,
    Item,
    ReadOptions,
    Skipped,
)
from poseshift.data.formats.files import (
    cell_number,
    find_root,
    frame_number,
    image_path,
    load_table,
    read_text,
)
from poseshift.data.formats.joints import skeleton_for
from poseshift.data.types import UNLABELED, VISIBLE
from poseshift.errors import BadInput
from poseshift.files import load_yaml

_HEADER = ("scorer", "individuals", "bodyparts", "coords")
_UNIQUE = "single"  # the individual under which DeepLabCut files points that belong to no animal


@FORMATS.register("dlc")
class Dlc:
    """A label file, or a project folder with ``labeled-data`` in it."""

    describe = "DeepLabCut / Lightning-Pose labels (CollectedData*.csv or the project folder)"

    def matches(self, path: Path) -> bool:
        """A CSV that starts with ``scorer``, or a folder with such files where DLC puts them."""
        if path.is_dir():
            return bool(_label_files(path))
        if path.suffix.lower() != ".csv" or not path.is_file():
            return False
        return read_text(path).startswith("scorer")

    def read(self, path: Path, options: ReadOptions) -> AnnotationSet:
        """Open one label file, or all of a project."""
        files = _label_files(path) if path.is_dir() else [path]
        if not files:
            raise BadInput("holds no CollectedData*.csv", where=path, fix="name the label file")
        tables = [_Table.open(file, options.images) for file in files]
        first = tables[0]
        for table in tables[1:]:
            if table.bodyparts != first.bodyparts:
                raise BadInput(
                    f"its bodyparts {', '.join(table.bodyparts)} differ from those of {first.path}",
                    where=table.path,
                    fix="prepare the two label files one by one",
                )
        notes = sorted({note for table in tables for note in table.notes})
        edges = _config_edges(files[0], list(first.bodyparts))
        return AnnotationSet(
            name=path.resolve().name if path.is_dir() else path.resolve().parent.name,
            skeleton=skeleton_for(first.bodyparts, first.path, edges),
            items=(item for table in tables for item in table.items()),
            crop_from="keypoints" if len(first.individuals) > 1 else "image",
            count=sum(len(table.rows) * len(table.individuals) for table in tables),
            notes=notes,
        )


@dataclass(frozen=True, slots=True)
class _Table:
    """One label file: where its points are, and its rows."""

    path: Path
    root: Path
    bodyparts: tuple[str, ...]
    individuals: tuple[str, ...]
    columns: dict[tuple[str, str, str], int]
    index: int
    width: int
    first_line: int
    rows: list[list[str]]
    notes: list[str]

    @classmethod
    def open(cls, path: Path, images: Path | None) -> _Table:
        table = load_table(path)
        header = _header(table, path)
        coords = header["coords"]
        index = next((i for i, cell in enumerate(coords) if cell in ("x", "y")), len(coords))
        if "likelihood" in coords:
            raise BadInput(
                "is a file of predictions (it has likelihood columns), not of labels",
                where=path,
                fix="use the CollectedData*.csv of the project",
            )
        columns, bodyparts, individuals, notes = _columns(header, index, path)
        rows = table[len(header) :]
        if not rows:
            raise BadInput("labels no frame", where=path, fix="label some frames first")
        name = _image_name(rows[0], index)
        here = path.parent
        above = [here, *list(here.parents)[:2]]
        root = find_root([images] if images else above, name, path)
        return cls(
            path=path,
            root=root,
            bodyparts=bodyparts,
            individuals=individuals,
            columns=columns,
            index=index,
            width=len(coords),
            first_line=len(header),
            rows=rows,
            notes=notes,
        )

    def items(self) -> Iterator[Item]:
        for number, row in enumerate(self.rows, self.first_line + 1):
            for individual in self.individuals:
                where = f"{self.path}: line {number}" + (f", {individual}" if individual else "")
                try:
                    yield self._item(row, individual, where)
                except BadInput as error:
                    yield error

    def _item(self, row: list[str], individual: str, where: str) -> Item:
        if len(row) != self.width:
            raise BadInput(f"{len(row)} cells, the header has {self.width}", where=where)
        name = _image_name(row, self.index)
        values = [
            [
                cell_number(row[self.columns[individual, part, axis]], f"{where}, {part}")
                for axis in "xy"
            ]
            for part in self.bodyparts
        ]
        keypoints_K2 = np.array(values)
        label = f"{Path(name).with_suffix('').as_posix()}{individual and ':' + individual}"
        if individual and np.isnan(keypoints_K2).all():
            return Skipped(label, "this animal is not in this frame")
        half = np.isnan(keypoints_K2).sum(axis=1) == 1
        if half.any():
            part = self.bodyparts[int(np.argmax(half))]
            raise BadInput(f"{part} has one coordinate but not the other", where=where)
        missing = np.isnan(keypoints_K2[:, 0])
        return Annotation(
            id=label,
            image=image_path(self.root, name, where),
            keypoints_K2=keypoints_K2,
            visibility_K=np.where(missing, UNLABELED, VISIBLE).astype(np.uint8),
            source=name,
            track=":".join(filter(None, (Path(name).parent.as_posix(), individual))),
            frame=frame_number(name),
        )


def _header(table: list[list[str]], path: Path) -> dict[str, list[str]]:
    header = {}
    for row in table[: len(_HEADER)]:
        if row[0].strip() in _HEADER:
            header[row[0].strip()] = [cell.strip() for cell in row]
    missing = [name for name in ("bodyparts", "coords") if name not in header]
    if missing:
        raise BadInput(
            f"its header has no row '{missing[0]}'",
            where=path,
            fix="a label file starts with scorer, (individuals,) bodyparts, coords",
        )
    if len({len(row) for row in header.values()}) != 1:
        raise BadInput("its header rows differ in length", where=path, fix="export it again")
    return header


def _columns(
    header: dict[str, list[str]], index: int, path: Path
) -> tuple[dict[tuple[str, str, str], int], tuple[str, ...], tuple[str, ...], list[str]]:
    """Column of every (individual, bodypart, axis), the names in order, and what to say aloud."""
    owners = header.get("individuals") or [""] * len(header["coords"])
    columns: dict[tuple[str, str, str], int] = {}
    dropped = set()
    for i in range(index, len(header["coords"])):
        key = owners[i], header["bodyparts"][i], header["coords"][i]
        if key in columns:
            raise BadInput(
                f"column {i + 1} repeats {' '.join(filter(None, key))}", where=path, fix="rename it"
            )
        if key[0] == _UNIQUE and set(owners[index:]) != {_UNIQUE}:
            dropped.add(key[1])
        else:
            columns[key] = i
    individuals = tuple(dict.fromkeys(owner for owner, _, _ in columns))
    bodyparts = tuple(dict.fromkeys(part for _, part, _ in columns))
    for owner in individuals:
        for part in bodyparts:
            for axis in "xy":
                if (owner, part, axis) not in columns:
                    what = " ".join(filter(None, (owner, part, axis)))
                    raise BadInput(f"its header has no column {what}", where=path, fix="add it")
    if not bodyparts:
        raise BadInput("its header names no bodypart", where=path, fix="export it again")
    notes = [f"points of no animal dropped: {', '.join(sorted(dropped))}"] if dropped else []
    return columns, bodyparts, individuals, notes


def _image_name(row: list[str], index: int) -> str:
    """One column, or DeepLabCut's later three: labeled-data, folder, image."""
    return "/".join(cell.strip().replace("\\", "/") for cell in row[:index] if cell.strip())


def _label_files(folder: Path) -> list[Path]:
    inside = sorted((folder / "labeled-data").glob("*/CollectedData*.csv"))
    return inside or sorted(folder.glob("CollectedData*.csv"))


def _config_edges(path: Path, names: list[str]) -> list[tuple[str, str]]:
    """The skeleton a project's config.yaml draws, as far as its points are in the file."""
    for folder in list(path.resolve().parents)[:3]:
        config = folder / "config.yaml"
        if config.is_file():
            return [edge for edge in _config_pairs(config) if set(edge) <= set(names)]
    return []


def _config_pairs(config: Path) -> list[tuple[str, str]]:
    data = load_yaml(config)
    pairs = data.get("skeleton") if isinstance(data, dict) else None
    return [
        (str(pair[0]), str(pair[1]))
        for pair in (pairs if isinstance(pairs, list) else [])
        if isinstance(pair, list) and len(pair) == 2
    ]
