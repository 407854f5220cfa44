"""LoRA: nothing at first, updates of low rank, a mapping network that stays."""

import pytest
import torch

from poseshift.errors import UserError
from poseshift.prior.transfers.lora import Lora
from tests.prior.made import alike, body_generator, brief, few


def test_it_starts_as_the_source():
    generator = body_generator()
    start = Lora.start(generator, brief("lora"), torch.Generator().manual_seed(0))
    into = Lora.adapted(generator.weights, start)
    assert all(alike(into[name], value) for name, value in generator.weights.items())


def test_updates_have_the_rank_they_may_have():
    generator = body_generator()
    made = Lora(generator, few(), brief("lora", rank=2), 0)
    into = Lora.adapted(generator.weights, made.learned)
    moved = {name for name, value in generator.weights.items() if not alike(into[name], value)}
    assert moved == {"O.weight", *(f"{m}.{i}.weight" for m in "AVW" for i in range(2))}
    for name in moved:
        change = (into[name] - generator.weights[name]).double()
        assert torch.linalg.matrix_rank(change, atol=1e-5) <= 2


def test_only_the_parts_asked_for_move():
    generator = body_generator()
    made = Lora(generator, few(), brief("lora", rank=1, parts=("A", "V")), 0)
    assert {name.split(".")[0] for name in made.learned} == {"A", "V"}
    with pytest.raises(UserError, match="no matrix's name begins with Q") as error:
        Lora(generator, few(), brief("lora", parts=("Q",)), 0)
    assert "A, O, V, W" in str(error.value.fix)
