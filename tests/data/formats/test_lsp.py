"""LSP and LSPET: two layouts, two meanings of the flag, pixels counted from 1."""

from pathlib import Path

import numpy as np
import pytest
import scipy.io

from poseshift.data.formats import ReadOptions
from poseshift.data.formats.lsp import Lsp
from poseshift.skeleton import skeleton
from tests.data import tiny


def read(path: Path):
    found = Lsp().read(path, ReadOptions())
    return found, list(found.items)


@pytest.mark.parametrize("extended", [False, True])
def test_reads_both_layouts(tmp_path: Path, extended: bool):
    path = tiny.lsp(tmp_path, extended=extended)
    raw = scipy.io.loadmat(path)["joints"]
    raw_NK3 = raw.transpose(2, 0, 1) if extended else raw.transpose(2, 1, 0)
    found, items = read(path)
    assert found.skeleton is skeleton("lsp14")
    assert found.name == ("lspet" if extended else "lsp")
    for item, raw_K3 in zip(items, raw_NK3, strict=True):
        flag = raw_K3[:, 2] > 0
        if extended:
            assert item.visibility_K.tolist() == np.where(flag, 2, 0).tolist()
            assert np.isnan(item.keypoints_K2[~flag]).all()
        else:
            assert item.visibility_K.tolist() == np.where(flag, 1, 2).tolist()
        seen = item.visibility_K > 0
        np.testing.assert_allclose(item.keypoints_K2[seen], raw_K3[seen, :2] - 1)


def test_poses_after_the_last_image_are_left_out_aloud(tmp_path: Path):
    path = tiny.lsp(tmp_path, extended=True, count=5)
    (tmp_path / "images" / "im00005.jpg").unlink()
    found, items = read(path)
    assert len(items) == found.count == 4
    assert "1 later poses unused" in found.notes[0]


def test_a_single_pose_keeps_its_shape(tmp_path: Path):
    _, items = read(tiny.lsp(tmp_path, extended=True, count=1))
    assert items[0].keypoints_K2.shape == (14, 2)


@pytest.mark.data
def test_the_real_lspet(data_folder: Path):
    found, items = read(data_folder / "body" / "lspet")
    assert (found.name, len(items)) == ("lspet", 2000)
    assert all(item.image.is_file() for item in items[::100])
    labeled = np.stack([item.visibility_K for item in items]) > 0
    assert 0.8 < labeled.mean() < 1
