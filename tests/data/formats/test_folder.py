"""Folders of images: everything that is one, nothing that is not, in the order of counting."""

from pathlib import Path

from poseshift.data.formats import ReadOptions
from poseshift.data.formats.folder import Folder
from poseshift.skeleton import skeleton
from tests.data import tiny


def test_lists_images_of_all_subfolders_in_order(tmp_path: Path):
    for name in ("img10.png", "img9.PNG", "sub/cam1_003.jpg", "sub/deep/a.webp"):
        tiny.photo(tmp_path / name)
    for name in ("notes.txt", ".cache/img1.png", "._img2.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"?")
    found = Folder().read(tmp_path, ReadOptions(skeleton=skeleton("hand21")))
    assert [(i.id, i.track, i.frame) for i in found.items] == [
        ("img9.PNG", "", 9),
        ("img10.png", "", 10),
        ("sub/cam1_003.jpg", "sub", 3),
        ("sub/deep/a.webp", "sub/deep", -1),
    ]
    assert (found.labeled, found.upright, found.crop_from) == (False, True, "image")
