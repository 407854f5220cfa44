"""FreezeD: the critic's head alone is trained, the mapping network hardly moves."""

import pytest
import torch

from poseshift.errors import BadInput
from poseshift.prior.critic import HEAD
from poseshift.prior.generator import Generator
from poseshift.prior.transfers.freezed import Freezed
from tests.prior.made import alike, body_generator, brief, few


def test_it_starts_as_the_source_beside_the_head_of_its_critic():
    generator = body_generator()
    start = Freezed.start(generator, brief("freezed"), torch.Generator())
    critic = {name for name in start if name.startswith("D.")}
    assert critic == {name for name in generator.critic if name.startswith(HEAD)}
    assert len(critic) == 4
    into = Freezed.adapted(generator.weights, start)
    assert all(alike(into[name], value) for name, value in generator.weights.items())


def test_the_mapping_network_is_a_hundred_times_slower():
    generator = body_generator()
    made = Freezed(generator, few(), brief("freezed"), 0)
    assert not any(name.startswith("D.") for name in made.learned)
    into = Freezed.adapted(generator.weights, made.learned)
    moved = {
        name: float((into[name] - generator.weights[name]).abs().max()) for name in made.learned
    }
    assert 0 < moved["f.0.weight"] < 0.02 * moved["A.0.weight"]


def test_without_a_critic_there_is_nothing_to_freeze():
    own = body_generator()
    blind = Generator(own.hinge, own.weights, {}, own.config)
    with pytest.raises(BadInput, match="fitted without a critic"):
        Freezed(blind, few(), brief("freezed"), 0)
