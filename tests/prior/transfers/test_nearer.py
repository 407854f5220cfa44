"""Transfers bring poses nearer to a target that is bent all over, when they may train a little."""

import pytest

from poseshift.prior.transfers.base import TRANSFERS
from poseshift.prior.yardstick import HeldOut
from tests.prior.made import bodies, body_generator

LONGER = {"steps": 100, "batch": 32, "real": 32, "lr": 3e-2}
BENT = 0.15
TRUTH = HeldOut(bodies(200, 9, turn=BENT))
TOLD = {
    "finetune": LONGER, "lora": LONGER, "adagan": LONGER,
    "freezed": {**LONGER, "critic_rate": 1.0},
    "flexpose": {**LONGER, "sparse": 0.03}, "hinge_map": {}, "coral": {}, "kde": {},
    "echo": {}, "resample": {}, "tilt": {},
}  # fmt: skip


@pytest.mark.parametrize("name", TOLD)
def test_nearer(name: str):
    kind = TRANSFERS[name]
    made = kind(body_generator(), bodies(20, 7, turn=BENT), kind.Config(**TOLD[name]), seed=0)
    source, adapted = (
        TRUTH.measure(sampler.sample(TRUTH.count, 0))["fd"] for sampler in (body_generator(), made)
    )
    assert adapted < 0.9 * source
