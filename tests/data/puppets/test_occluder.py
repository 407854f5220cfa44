from __future__ import annotations

import numpy as np

from poseshift.data.puppets.occluder import occlude


def test_occluders_use_the_inks_after_the_last_and_cover_a_part() -> None:
    shares = []
    for seed in range(60):
        map_HW = np.zeros((192, 192), np.uint8)
        colors = occlude(np.random.default_rng(seed), map_HW, 100, 72.0)
        used = set(np.unique(map_HW).tolist()) - {0}
        assert used <= set(range(101, 101 + len(colors)))
        assert colors.min() >= 0
        assert colors.max() <= 1
        shares.append((map_HW > 0).mean())
    assert min(shares) > 0.005
    assert max(shares) < 0.3
