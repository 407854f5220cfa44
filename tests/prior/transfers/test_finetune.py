"""Fine-tuning starts as the source and may move every weight."""

import torch

from poseshift.prior.generator import FIXED
from poseshift.prior.transfers.finetune import Finetune
from tests.prior.made import alike, body_generator, brief, few


def test_every_weight_moves_and_what_was_measured_stays():
    generator = body_generator()
    start = Finetune.start(generator, brief("finetune"), torch.Generator())
    assert set(start) == set(generator.weights) - set(FIXED)
    into = Finetune.adapted(generator.weights, start)
    assert all(alike(into[name], value) for name, value in generator.weights.items())
    made = Finetune(generator, few(), brief("finetune"), 0)
    assert not any(alike(made.learned[name], value) for name, value in start.items())
