from pathlib import Path

import pytest

from poseshift.data.pack import Pack
from tests.gap.made import COUNT, draw


@pytest.fixture(scope="session")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Pack]:
    """``studio``, held-out ``studio/test`` and ``street``: 64 crops of 32 px each."""
    folder: Path = tmp_path_factory.mktemp("gap")
    names = ("studio", "studio/test", "street")
    return {
        name: draw(f"world:{name}?count={COUNT}", folder / name.replace("/", "-")) for name in names
    }
