"""Styles at random: how often, how much, from whom."""

from typing import Any

import torch

from poseshift.data.draws import Draws
from poseshift.methods.parts.styling import Side, exchanged, restyled
from poseshift.nn.style import Style, build_style
from tests.methods.made import draws

CONTENT, LOOK = torch.zeros(3, 3, 4, 4), torch.ones(3, 3, 4, 4) * torch.tensor([1, 2, 3])[
    :, None, None, None
]  # fmt: skip


class Mix(Style):
    """Content and style mixed: shows the amount and the pairs."""

    def forward(self, content: Any, style: Any, amount: Any) -> torch.Tensor:
        return content + amount[:, None, None, None] * (style - content)

    paint = forward


def amounts(chance: float, count: int = 200) -> list[float | None]:
    """The amount at each of many steps; nothing where the content is left alone."""
    found: list[float | None] = []
    for step in range(count):
        out = restyled(Mix(), CONTENT, LOOK, draws(step), chance)
        found.append(None if out is CONTENT else float(out[0, 0, 0, 0]))
        if out is not CONTENT:
            torch.testing.assert_close(out, LOOK * found[-1])  # pairs by place, one amount
    return found


def test_styles_come_as_often_as_asked_for():
    assert amounts(0.0, 20) == [None] * 20
    assert None not in amounts(1.0, 20)
    assert 70 <= sum(amount is not None for amount in amounts(0.5)) <= 130


def test_amounts_are_uniform():
    found = torch.tensor([amount for amount in amounts(1.0) if amount is not None])
    assert 0 <= found.min() < 0.05
    assert 0.95 < found.max() < 1
    assert abs(found.mean() - 0.5) < 0.06


def test_whatever_the_coin_says_as_many_numbers_are_drawn():
    after = []
    for chance in (0.0, 1.0):
        numbers = draws(3)
        restyled(Mix(), CONTENT, LOOK, numbers, chance)
        after.append(numbers.uniform(0, 1))
    assert torch.equal(*after)


def test_micro_batches_throw_their_own_coins():
    def halves(step: int) -> list[bool]:
        rows = (slice(0, 3), slice(3, 6))
        return [
            restyled(Mix(), CONTENT, LOOK, Draws(0, step, 0, r, 6), 0.5) is CONTENT for r in rows
        ]

    coins = [halves(step) for step in range(40)]
    assert 5 < sum(one != other for one, other in coins) < 35


def test_a_real_style_changes_the_look_and_not_the_shape():
    generator = torch.Generator().manual_seed(0)
    content, look = torch.rand(2, 3, 3, 16, 16, generator=generator).unbind()
    out = restyled(build_style("colour"), content, look, draws(), 1.0)
    assert out.shape == content.shape
    assert out.isfinite().all()
    assert not torch.equal(out, content)


def test_an_exchange_is_two_stylings_of_the_plain_images():
    style, seen = build_style("colour"), set()
    one, other = torch.rand(2, 3, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    for step in range(20):
        sides = Side(one, draws(step), 0.5), Side(other, draws(step, stream=1), 0.5)
        found = exchanged(style, *sides)
        expected = (
            restyled(style, one, other, draws(step), 0.5),
            restyled(style, other, one, draws(step, stream=1), 0.5),
        )
        assert all(torch.equal(a, b) for a, b in zip(found, expected, strict=True))
        seen.add((found[0] is one, found[1] is other))
    assert len(seen) == 4  # neither, either, both
