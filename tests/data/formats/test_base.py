"""Formats are found by their files, and one from outside the package joins without touching it."""

from pathlib import Path

import pytest

from poseshift.data.formats import FORMATS, Annotation, AnnotationSet, ReadOptions, detect
from poseshift.data.formats.base import unlabeled
from poseshift.data.pack import Pack
from poseshift.data.prepare import prepare
from poseshift.errors import BadInput
from poseshift.skeleton import skeleton
from tests.data import tiny


@pytest.mark.parametrize(
    ("name", "build"),
    [
        ("animalpose", tiny.animalpose),
        ("coco", tiny.coco),
        ("dlc", tiny.dlc),
        ("dlc", lambda f: tiny.dlc(f).parents[2]),
        ("facesynthetics", tiny.facesynthetics),
        ("folder", tiny.photos),
        ("handgraph", tiny.handgraph),
        ("handgraph", tiny.gestures),
        ("lsp", lambda f: tiny.lsp(f, extended=True)),
        ("lsp", lambda f: tiny.lsp(f, extended=False).parent),
    ],
)
def test_is_found_by_its_files(tmp_path: Path, name: str, build):
    assert detect(build(tmp_path / "in")) == name


def test_label_files_go_before_the_images_beside_them(tmp_path: Path):
    tiny.write_json(tmp_path / "annotations" / "person_keypoints_a.json", tiny.coco_data())
    tiny.photos(tmp_path / "a")
    assert detect(tmp_path) == "coco"
    assert detect(tmp_path / "a") == "folder"


def test_every_format_says_what_it_reads():
    for name in FORMATS:
        assert len(FORMATS[name]().describe) > 10


class Filenames:
    """A format from outside: the label is the file's name, x_y.png."""

    describe = "images called x_y.png"

    def matches(self, path: Path) -> bool:
        return path.suffix == ".points"

    def read(self, path: Path, options: ReadOptions) -> AnnotationSet:
        joints, seen = unlabeled(21)
        joints[0], seen[0] = (3, 4), 2
        photo = tiny.photo(path.with_suffix(".png"))
        items = [Annotation("a", photo, joints, seen), BadInput("row 2 is odd", where=path)]
        return AnnotationSet("outside", skeleton("hand21"), items, crop_from="image")


@pytest.fixture
def outside_format(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(FORMATS._items, "filenames", Filenames)


@pytest.mark.usefixtures("outside_format")
def test_a_format_from_outside_is_found_and_prepared(tmp_path: Path):
    path = tmp_path / "my.points"
    path.touch()
    report = prepare(path, tmp_path / "out", skip_bad=True, side=32)
    assert Pack(report.pack).poses.id_N == ["a"]
    assert report.skipped == [f"{path}: row 2 is odd"]
