"""What all tests share: one thread, no network, no user's cache, two tiny worlds, the real data."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

# Read when torch and the hub's client are imported, so set before any test module imports them;
# processes that tests start inherit both.
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["HF_HUB_OFFLINE"] = "1"

from poseshift.data.baked import open_pack
from poseshift.data.pack import Pack

PUPPETS, PUPPET_SIDE = 24, 64


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """``POSESHIFT_CACHE``: a folder that is empty when the session starts."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setenv("POSESHIFT_CACHE", str(folder))
        yield folder


@pytest.fixture(scope="session")
def puppet_packs(cache: Path) -> dict[str, Pack]:
    """Labelled Packs ``studio`` and ``street``: 24 body16 crops of 64 px each, not to be changed.

    ``world:studio?count=24`` with ``side=64`` opens the same folder.
    """
    return {
        name: open_pack(f"world:{name}?count={PUPPETS}", PUPPET_SIDE)
        for name in ("studio", "street")
    }


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The real data; a test that asks for it is skipped where there is none."""
    if not os.environ.get("POSESHIFT_DATA"):
        pytest.skip("POSESHIFT_DATA does not point to the real data")
    return Path(os.environ["POSESHIFT_DATA"])
