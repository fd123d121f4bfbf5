"""What the tests of SuprSend's dialect stand on."""

import pytest

from tests.dialects.edge import Edge
from tests.dialects.suprsend.client import Workspace, workspace


@pytest.fixture
async def hub(api: Edge) -> Workspace:
    """A workspace of a fresh house."""
    return await workspace(api)
