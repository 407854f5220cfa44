from tests.gap.conftest import worlds  # noqa: F401
