"""What the tests of Operational's dialect stand on."""

import pytest

from tests.dialects.conftest import api
from tests.dialects.edge import Edge
from tests.dialects.operational.sender import Sender

__all__ = ["api", "log"]


@pytest.fixture
def log(api: Edge) -> Sender:
    """A sender with a key that may do everything in the project `default`."""
    return Sender(api)
