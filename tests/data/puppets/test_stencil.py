from __future__ import annotations

from dataclasses import replace

from poseshift.data.puppets.figure import Joint, Part
from poseshift.data.puppets.figures import FIGURES
from poseshift.data.puppets.stencil import stencil

JOINTS = (
    Joint("a", hinges={"turn": "y"}),
    Joint("b", "a", (1, 0, 0)),
    Joint("c", "a", (0, 1, 0)),
)
PARTS = (
    Part(("a",), (1,), "ball"),
    Part(("a", "b", "c"), (1, 2, 3), "hull"),
    Part(("a", "b", "c"), (1, 1, 1), "chain", chain=True),
    Part(("b", "c"), (1, 1), "capsule", faces=("a", "b")),
    Part(("c",), (1,), "hat", style="hat"),
)
FIGURE = replace(FIGURES["body16"], joints=JOINTS, keypoints=(), modes=(), parts=PARTS)


def test_parts_become_discs_links_and_hulls() -> None:
    plan = stencil(FIGURE, "")
    assert plan.joint_M.tolist() == [0, 0, 1, 2, 0, 1, 2, 1, 2]
    assert plan.part_M.tolist() == [0, 1, 1, 1, 2, 2, 2, 3, 3]
    assert plan.link_C2.tolist() == [[0, 0], [1, 2], [4, 5], [5, 6], [7, 8]]
    assert plan.links_Q == (range(1), range(1, 2), range(2, 4), range(4, 5))
    assert plan.hull_discs.tolist() == [1, 2, 3]
    assert plan.hulls == ((1, 0, 3),)
    assert [column.tolist() for column in plan.facing] == [[3], [0], [1]]


def test_a_style_adds_its_parts() -> None:
    assert [part.paint for part in stencil(FIGURE, "hat").parts][-1] == "hat"
    assert len(stencil(FIGURE, "").parts) == 4
