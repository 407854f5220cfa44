"""Things planted for a test: labels that must not be read, and a plug-in from outside."""

import resource
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from poseshift.data.pack import Pack
from poseshift.methods.base import METHODS


def plant_nan(pack: Pack, path: Path) -> Path:
    """The same Pack, every keypoint NaN and still called visible."""
    shutil.copytree(pack.path, path)
    with pa.ipc.open_file(str(pack.path / "poses.arrow")) as file:
        table = file.read_all()
    column = table.schema.get_field_index("keypoints")
    width = table["keypoints"].type.list_size
    nothing = pa.array(np.full(len(pack) * width, np.nan, np.float32))
    planted = pa.FixedSizeListArray.from_arrays(nothing, width)
    table = table.set_column(column, "keypoints", planted)
    with pa.ipc.new_file(str(path / "poses.arrow"), table.schema) as sink:
        sink.write_table(table)
    return path


@contextmanager
def toys(site: Path) -> Iterator[None]:
    """Install ``tests.toy_methods`` as a package with entry points would be."""
    about = site / "toys-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: toys\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(
        "[poseshift.methods]\n"
        "toy_mean_teacher = tests.toy_methods\n"
        "toy_three_phases = tests.toy_methods:ToyThreePhases\n"
    )
    before = dict(METHODS._items)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(site)
        yield
    sys.modules.pop("tests.toy_methods", None)
    METHODS._items.clear()
    METHODS._items.update(before)


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """The system lets no file grow over ``size`` bytes: writing one fails half way."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
