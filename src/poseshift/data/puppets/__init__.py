"""The built-in synthetic worlds: articulated puppets with exact labels, drawn offline and fast.

>>> from poseshift.data.puppets import pair
>>> studio_to_street = pair("studio->street")
>>> studio_to_street.source.sample(0).category
'stand'
"""

from __future__ import annotations

from poseshift.data.puppets.catalog import PAIRS, WORLDS, pair, world
from poseshift.data.puppets.lottery import RANGES, world_pair

__all__ = ["PAIRS", "RANGES", "WORLDS", "pair", "world", "world_pair"]
