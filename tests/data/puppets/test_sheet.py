from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from poseshift.data.puppets import world
from poseshift.data.puppets.sheet import contact_sheet

SAMPLES = [world("studio").sample(index, side=48) for index in range(5)]


def test_pictures_stand_in_rows_on_white() -> None:
    sheet = contact_sheet(SAMPLES, columns=3)
    assert sheet.shape == (2 * 52 + 4, 3 * 52 + 4, 3)
    assert (sheet[4:52, 56:104] == SAMPLES[1].image).all()
    assert (sheet[56:, 108:] == 255).all()


def test_labels_are_drawn_and_missing_joints_are_not() -> None:
    first = SAMPLES[0]
    plain, labelled = (contact_sheet([first], 1, edges, zoom=2) for edges in (None, [(0, 1)]))
    x, y = (4 + 2 * first.keypoints_K2[0]).round().astype(int)
    assert plain.shape == labelled.shape == (104, 104, 3)
    assert (plain[y - 2 : y + 3, x - 2 : x + 3] != labelled[y - 2 : y + 3, x - 2 : x + 3]).any()
    blind = replace(first, keypoints_K2=np.full_like(first.keypoints_K2, np.nan))
    assert (contact_sheet([blind], 1, [(0, 1)], zoom=2) == plain).all()


def test_encoded_samples_are_refused() -> None:
    with pytest.raises(TypeError, match="no RGB array"):
        contact_sheet([replace(SAMPLES[0], image=b"jpeg")], 1)
