from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from poseshift.data.puppets.figure import Figure, Joint, Paint, Part
from poseshift.data.puppets.figures import FIGURES
from poseshift.data.puppets.paint import ZOOM, Inks, Puppet, color_tables, covered, ink, place
from poseshift.data.puppets.rig import Build

SIDE = 64
JOINTS = (
    Joint("left", hinges={"turn": "y"}),
    Joint("right", "left", (0.5, 0, 0)),
    Joint("ball", "left", (0.25, 0, 0)),
)


def figure_of(*parts: Part) -> Figure:
    return replace(FIGURES["body16"], joints=JOINTS, keypoints=(), modes=(), parts=parts)


def drawn(depths: tuple[float, float, float], *parts: Part) -> tuple[Puppet, Inks, np.ndarray]:
    pixels = np.array([[16.0, 32.0], [48.0, 32.0], [32.0, 32.0]])
    puppet = place(figure_of(*parts), "", Build(), pixels, np.array(depths), 32.0, 4.0)
    return puppet, ink(puppet, SIDE, 1.0, (0.0, 0.0)), pixels


ROD = Part(("left", "right"), (0.1, 0.2), "rod")
BALL = Part(("ball",), (0.15,), "ball")


def test_a_capsule_tapers_between_its_discs() -> None:
    _, inks, _ = drawn((4, 4, 4), replace(ROD, inked=False))
    filled = inks.map_HW > 0
    assert filled[:, 16 * ZOOM].sum() / ZOOM == pytest.approx(2 * 0.1 * 32, abs=1)
    assert filled[:, 48 * ZOOM].sum() / ZOOM == pytest.approx(2 * 0.2 * 32, abs=1)
    assert filled[32 * ZOOM].sum() / ZOOM == pytest.approx(32 + 0.3 * 32, abs=1)


def test_nearer_parts_are_bigger() -> None:
    near, far = drawn((2, 2, 2), BALL)[0], drawn((8, 8, 8), BALL)[0]
    assert near.disc_M3[0, 2] == pytest.approx(4 * far.disc_M3[0, 2])


@pytest.mark.parametrize(("ball_depth", "hidden"), [(3.0, False), (5.0, True), (4.01, False)])
def test_a_joint_is_covered_by_what_is_clearly_nearer(ball_depth: float, hidden: bool) -> None:
    depths = (4.0, 4.0, ball_depth)
    puppet, inks, pixels = drawn(depths, ROD, BALL)
    found = covered(puppet, inks, pixels, np.array(depths) * 32, slack=2.0)
    assert found.tolist() == [False, False, hidden]


def test_an_occluder_covers_everything() -> None:
    puppet, inks, pixels = drawn((4, 4, 4), ROD)
    inks.map_HW[:] = inks.last + 1
    assert covered(puppet, inks, pixels, np.full(3, 4 * 32.0), slack=2.0).all()


def test_a_detail_is_seen_from_its_side_only() -> None:
    eye = Part(("ball",), (0.05,), "eye", faces=("left", "ball"))
    assert len(drawn((4, 4, 3.9), ROD, eye)[0].order) == 2
    assert len(drawn((4, 4, 4.1), ROD, eye)[0].order) == 1


def test_parts_are_drawn_far_to_near_and_lift_counts() -> None:
    assert drawn((4, 4, 5), ROD, BALL)[0].order.tolist() == [1, 0]
    assert drawn((4, 4, 5), ROD, replace(BALL, lift=2.0))[0].order.tolist() == [0, 1]


def test_three_discs_make_a_hull() -> None:
    parts = Part(("left", "right", "ball"), (0.05, 0.05, 0.2), "hull", inked=False)
    _, inks, _ = drawn((4, 4, 4), parts)
    # Above the middle of the rod only the hull with the ball reaches this high.
    assert inks.map_HW[(32 - 5) * ZOOM, 32 * ZOOM] > 0
    assert inks.map_HW[(32 - 5) * ZOOM, 17 * ZOOM] == 0


def test_a_chain_bends_where_a_hull_would_fill_in() -> None:
    corner = np.array([[16.0, 16.0], [48.0, 48.0], [16.0, 48.0]])
    filled = {}
    for chain in (False, True):
        parts = Part(("left", "ball", "right"), (0.05,) * 3, "bow", inked=False, chain=chain)
        puppet = place(figure_of(parts), "", Build(), corner, np.full(3, 4.0), 32.0, 4.0)
        filled[chain] = ink(puppet, SIDE, 1.0, (0.0, 0.0)).map_HW[36 * ZOOM, 24 * ZOOM] > 0
    assert filled == {False: True, True: False}


def test_the_box_holds_all_ink() -> None:
    _, inks, _ = drawn((4, 4, 4), ROD)
    left, top, right, bottom = (edge * ZOOM for edge in inks.box)
    inside = inks.map_HW[top:bottom, left:right]
    assert np.count_nonzero(inside) == np.count_nonzero(inks.map_HW) > 0
    assert inside.size < inks.map_HW.size


def test_color_tables_keep_lines_and_details_plain() -> None:
    puppet, inks, _ = drawn((4, 4, 4), ROD, replace(BALL, inked=False))
    wardrobe = {"rod": Paint((0.5, 0.5, 0.5), (1, 0, 0), 2), "ball": Paint((0.2, 0.4, 0.6))}
    tables = color_tables(puppet.stencil, wardrobe, outline=1.0, shading=1.0)
    assert tables.pattern[:7].tolist() == [0, 0, 3, 3, 0, 0, 0]
    line, body, light = tables.plain[1:4].mean(axis=1)
    assert line < body < light
    assert tables.plain[5].tolist() == [51, 102, 153]
    assert tables.patterned[2].tolist()[1:] == [0, 0]
    tables.extend(inks.last, np.array([[1.0, 1.0, 1.0]]))
    assert tables.plain[inks.last + 1].tolist() == [255, 255, 255]
